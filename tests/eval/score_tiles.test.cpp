#include <ctp/eval/score_tiles.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/philox.hpp>

using ctp::eval::for_each_score_tile;
using ctp::eval::ScoreTile;

namespace {

template <class Real>
std::vector<Real> random_features(std::size_t count, std::uint32_t seed) {
  ctp::RandomSubstream random({seed, "features"}, {});
  std::vector<Real> x(count);
  for (Real& v : x) v = static_cast<Real>(random.uniform(-1.0, 1.0));
  return x;
}

template <class Real>
std::vector<Real> all_scores(const std::vector<Real>& a, const std::vector<Real>& b, std::size_t width,
                             std::vector<int>* visits = nullptr) {
  const std::size_t columns = b.size() / width;
  std::vector<Real> out(a.size() / width * columns);
  for_each_score_tile<Real>(a, b, width, [&](const ScoreTile<Real>& t) {
    for (std::size_t r = 0; r < t.rows; ++r) {
      for (std::size_t c = 0; c < t.columns; ++c) {
        const std::size_t at = (t.row + r) * columns + t.column + c;
        out.at(at) = t.line(r)[c];
        if (visits != nullptr) ++visits->at(at);
      }
    }
  });
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("score tiles: cover every pair once and hold its inner product", Real, float, double) {
  for (const std::size_t rows : {1U, 5U, 12U, 13U, 40U}) {
    for (const std::size_t columns : {1U, 31U, 33U, 131U}) {
      for (const std::size_t width : {1U, 7U, 3000U}) {  // 3000: several blocks of columns
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(width);
        const auto a = random_features<Real>(rows * width, 1), b = random_features<Real>(columns * width, 2);
        std::vector<int> visits(rows * columns);

        const auto scores = all_scores<Real>(a, b, width, &visits);

        std::size_t missed = 0;
        double worst = 0.0;
        for (std::size_t i = 0; i < rows; ++i) {
          for (std::size_t j = 0; j < columns; ++j) {
            double sum = 0.0;
            for (std::size_t k = 0; k < width; ++k)
              sum += static_cast<double>(a[i * width + k]) * static_cast<double>(b[j * width + k]);
            worst = std::max(worst, std::abs(sum - static_cast<double>(scores[i * columns + j])));
            missed += visits[i * columns + j] != 1 ? 1U : 0U;
          }
        }
        CHECK(missed == 0);
        CHECK(worst < 200.0 * static_cast<double>(std::numeric_limits<Real>::epsilon()) *
                          std::sqrt(static_cast<double>(width)));
      }
    }
  }
}

TEST_CASE_TEMPLATE("score tiles: equal rows have equal scores to the last bit, wherever they stand", Real, float,
                   double) {
  constexpr std::size_t width = 77, copies = 150;
  const auto row = random_features<Real>(width, 3), other = random_features<Real>(5 * width, 4);
  std::vector<Real> repeated;
  for (std::size_t i = 0; i < copies; ++i) repeated.insert(repeated.end(), row.begin(), row.end());

  const auto scores = all_scores<Real>(other, repeated, width);
  const auto alone = all_scores<Real>(other, row, width);

  std::size_t different = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    for (std::size_t j = 0; j < copies; ++j) different += scores[i * copies + j] == alone[i] ? 0U : 1U;
  }
  CHECK(different == 0);
}

TEST_CASE("score tiles: numbers that are no whole rows are refused") {
  const std::vector<float> a(6), b(7);
  const auto nothing = [](const ScoreTile<float>&) {};
  CHECK_THROWS_AS(for_each_score_tile<float>(a, b, 3, nothing), ctp::ShapeError);
  CHECK_THROWS_AS(for_each_score_tile<float>(a, a, 0, nothing), ctp::ShapeError);
}

TEST_CASE("score tiles: a tile says whether its scores are finite") {
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    const float values[] = {1.0F, 2.0F, odd, 3.0F};
    CHECK_FALSE(ScoreTile<float>{0, 0, 2, 2, 2, values}.finite());
    CHECK(ScoreTile<float>{0, 0, 1, 2, 2, values}.finite());
  }
}
