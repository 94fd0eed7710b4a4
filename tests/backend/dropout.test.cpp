#include <ctp/backend/dropout.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::backend::Dropout;

namespace {
template <class Real>
std::vector<double> row_of(const Dropout& layer, std::ptrdiff_t entry, std::uint32_t row, std::ptrdiff_t columns) {
  std::vector<Real> factors(static_cast<std::size_t>(columns) + 1, Real(-1));
  ctp::backend::dropout_row(layer, entry, row, columns, factors.data());
  CHECK(factors.back() == Real(-1));  // nothing is written beyond the row
  factors.pop_back();
  return {factors.begin(), factors.end()};
}
const std::vector<std::uint32_t> samples = {5, 1'000'000};
}  // namespace

TEST_CASE("dropout: a row has the documented words of Philox, for every length of the last chunk") {
  const Dropout layer{0.3F, {0x12345678, 0x9ABCDEF0}, 3, 4, samples.data(), 17};
  for (const std::ptrdiff_t columns : {1, 5, 16, 63, 64, 65, 127, 128, 129, 192, 193, 256, 300})
    for (const std::uint32_t row : {0U, 1U, 77U})
      for (const std::ptrdiff_t entry : {0, 1}) {
        const auto expected = reference::dropout_factors(layer, samples[static_cast<std::size_t>(entry)], row, columns);
        CHECK(reference::off(row_of<float>(layer, entry, row, columns), expected) < 1e-7);
        CHECK(reference::off(row_of<double>(layer, entry, row, columns), expected) < 1e-7);
      }
}

TEST_CASE("dropout: the mask depends on key, task, epoch, sample, dropout_id and row only") {
  const Dropout layer{0.5F, {1, 2}, 3, 4, samples.data(), 5};
  const auto mask = row_of<float>(layer, 0, 6, 200);
  Dropout other = layer;
  other.key.low = 9;
  CHECK(row_of<float>(other, 0, 6, 200) != mask);
  other = layer;
  other.key.high = 9;
  CHECK(row_of<float>(other, 0, 6, 200) != mask);
  other = layer;
  other.task = 9;
  CHECK(row_of<float>(other, 0, 6, 200) != mask);
  other = layer;
  other.epoch = 9;
  CHECK(row_of<float>(other, 0, 6, 200) != mask);
  other = layer;
  other.dropout_id = 9;
  CHECK(row_of<float>(other, 0, 6, 200) != mask);
  CHECK(row_of<float>(layer, 1, 6, 200) != mask);
  CHECK(row_of<float>(layer, 0, 7, 200) != mask);
  // The same sample at another place of another batch.
  const std::vector<std::uint32_t> elsewhere = {8, 9, samples[0]};
  other = layer;
  other.sample = elsewhere.data();
  CHECK(row_of<float>(other, 2, 6, 200) == mask);
}

TEST_CASE("dropout: the dropped share is the probability, and the mean is preserved") {
  for (const float probability : {0.1F, 0.5F, 0.9F}) {
    const Dropout layer{probability, {1, 2}, 0, 0, samples.data(), 0};
    double dropped = 0, total = 0;
    constexpr int rows = 200, columns = 512, n = rows * columns;
    for (std::uint32_t row = 0; row < rows; ++row)
      for (const double f : row_of<float>(layer, 0, row, columns)) {
        dropped += f == 0;
        total += f;
      }
    const double p = layer.threshold() / 65536.0, deviation = std::sqrt(p * (1 - p) / n);
    CHECK(std::abs(p - static_cast<double>(probability)) <= 0.5 / 65536 + 1e-7);
    CHECK(std::abs(dropped / n - p) < 5 * deviation);
    CHECK(std::abs(total / n - 1) < 5 * deviation / (1 - p));
  }
}

TEST_CASE("dropout: no element of a row shares its sixteen bits with another") {
  // With probability 1/2 two elements that shared their bits would be dropped together in every row.
  const Dropout layer{0.5F, {3, 4}, 0, 0, samples.data(), 0};
  constexpr std::size_t columns = 260, rows = 64;
  std::vector<std::vector<double>> mask;
  for (std::uint32_t row = 0; row < rows; ++row) mask.push_back(row_of<float>(layer, 0, row, columns));
  for (std::size_t a = 0; a < columns; ++a)
    for (std::size_t b = 0; b < a; ++b) {
      std::size_t same = 0;
      for (std::size_t row = 0; row < rows; ++row) same += mask[row][a] == mask[row][b];
      REQUIRE(same < rows);
    }
}

TEST_CASE("dropout: a layer without probability is inactive") {
  CHECK_FALSE(Dropout{}.active());
  CHECK(Dropout{}.scale() == 1);
  CHECK(Dropout{0.1F}.active());
  CHECK(Dropout{0.1F}.threshold() == 6554);
}
