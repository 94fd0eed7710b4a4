#include <ctp/data/loader/masking.hpp>

#include <array>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

using ctp::RandomPlace;
using ctp::RandomStream;
using ctp::data::ignore_label;
using ctp::data::mask_tokens;
using ctp::data::Masking;

namespace {

constexpr Masking rule{.pad = 0, .cls = 2, .mask = 4, .vocabulary = 50};

struct Masked {
  std::vector<std::int32_t> ids, masked, labels;
};

Masked masked(std::vector<std::int32_t> ids, std::uint32_t sample, std::uint32_t epoch = 0) {
  Masked out{std::move(ids), {}, {}};
  out.masked.resize(out.ids.size());
  out.labels.resize(out.ids.size());
  mask_tokens(rule, RandomStream(11, "mask"), RandomPlace{1, epoch, sample}, out.ids, out.masked, out.labels);
  return out;
}

double chi_square(const std::vector<double>& counts, const std::vector<double>& shares, double total) {
  double sum = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double expected = shares[i] * total;
    sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return sum;
}

}  // namespace

TEST_CASE(
    "masking: 85 % stay, 12 % become [MASK], 1.5 % any token, 1.5 % are masked but unchanged (chi-square, 99.9 %)") {
  double untouched = 0, hidden = 0, changed = 0, kept = 0, total = 0;
  std::vector<double> random_ids(50);
  for (std::uint32_t sample = 0; sample < 20000; ++sample) {
    const Masked m = masked(std::vector<std::int32_t>(20, 7), sample);
    for (std::size_t i = 0; i < m.ids.size(); ++i) {
      ++total;
      if (m.labels[i] == ignore_label) {
        REQUIRE(m.masked[i] == 7);
        ++untouched;
        continue;
      }
      REQUIRE(m.labels[i] == 7);
      if (m.masked[i] == 4)
        ++hidden;
      else if (m.masked[i] == 7)
        ++kept;
      else
        ++changed;
      ++random_ids[static_cast<std::size_t>(m.masked[i])];
    }
  }

  // A random token is [MASK] or the token itself once in 50 times each.
  const double random = 0.15 * 0.2 * 0.5, fiftieth = random / 50;
  CHECK(chi_square({untouched, hidden, changed, kept},
                   {0.85, 0.12 + fiftieth, random - 2 * fiftieth, random + fiftieth},
                   total) < 16.27);  // 3 degrees of freedom

  std::vector<double> other_ids;
  for (std::size_t id = 0; id < 50; ++id) {
    if (id != 4 && id != 7) other_ids.push_back(random_ids[id]);
  }
  CHECK(chi_square(other_ids, std::vector<double>(48, 1.0 / 48), changed) < 84.04);  // 47 degrees of freedom
}

TEST_CASE("masking: [PAD] and [CLS] are never masked, [SEP] is") {
  int separators = 0;
  for (std::uint32_t sample = 0; sample < 2000; ++sample) {
    const Masked m = masked({2, 9, 3, 0, 0}, sample);
    REQUIRE(m.labels[0] == ignore_label);
    REQUIRE(m.masked[0] == 2);
    REQUIRE(m.labels[3] == ignore_label);
    REQUIRE(m.masked[3] == 0);
    separators += m.labels[2] == 3 ? 1 : 0;
  }
  CHECK(separators > 200);
  CHECK(separators < 400);
}

TEST_CASE("masking: neighbouring positions are chosen independently (chi-square, 99.9 %)") {
  std::vector<double> counts(4);
  for (std::uint32_t sample = 0; sample < 50000; ++sample) {
    const Masked m = masked({8, 9}, sample);
    ++counts[(m.labels[0] == ignore_label ? 0U : 1U) + (m.labels[1] == ignore_label ? 0U : 2U)];
  }
  CHECK(chi_square(counts, {0.7225, 0.1275, 0.1275, 0.0225}, 50000) < 16.27);
}

TEST_CASE("masking: padding after a caption does not change its masking") {
  for (std::uint32_t sample = 0; sample < 100; ++sample) {
    const Masked brief = masked({2, 9, 10, 11, 3}, sample), padded = masked({2, 9, 10, 11, 3, 0, 0, 0}, sample);
    REQUIRE(std::equal(brief.masked.begin(), brief.masked.end(), padded.masked.begin()));
    REQUIRE(std::equal(brief.labels.begin(), brief.labels.end(), padded.labels.begin()));
  }
}

TEST_CASE("masking: masking depends on sample and epoch, and is reproducible") {
  const std::vector<std::int32_t> ids(200, 9);

  CHECK(masked(ids, 1, 1).labels == masked(ids, 1, 1).labels);
  CHECK(masked(ids, 1, 1).labels != masked(ids, 2, 1).labels);
  CHECK(masked(ids, 1, 1).labels != masked(ids, 1, 2).labels);
}
