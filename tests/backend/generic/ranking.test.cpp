#include <ctp/backend/generic/ranking.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <support/ranking.hpp>

using ctp::Index;
using ctp::backend::generic::for_each_score_tile;
using ctp::backend::generic::ScoreTile;
using reference::at;
using reference::Ids;
using reference::Matrix;

static_assert(ctp::backend::RanksRows<ctp::backend::generic::Ranking<float>>);
static_assert(!ctp::backend::Backend<ctp::backend::generic::Ranking<float>>);

namespace {

template <class Real>
Matrix<Real> all_scores(const Matrix<Real>& a, const Matrix<Real>& b, Index width, std::vector<int>* visits = nullptr) {
  const Index rows = static_cast<Index>(a.size()) / width, columns = static_cast<Index>(b.size()) / width;
  Matrix<Real> out(at(rows * columns));
  for_each_score_tile(rows, columns, width, a.data(), b.data(), [&](const ScoreTile<Real>& t) {
    for (Index r = 0; r < t.rows; ++r) {
      for (Index c = 0; c < t.columns; ++c) {
        const Index place = (t.row + r) * columns + t.column + c;
        out.at(at(place)) = t.line(r)[c];
        if (visits != nullptr) ++visits->at(at(place));
      }
    }
  });
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("score tiles: cover every pair once and hold its inner product", Real, float, double) {
  for (const Index rows : {1, 5, 12, 13, 40}) {
    for (const Index columns : {1, 31, 33, 131}) {
      for (const Index width : {1, 7, 3000}) {  // 3000: several blocks of columns
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(width);
        const auto a = reference::with_copies<Real>(rows, width, 1),
                   b = reference::with_copies<Real>(columns, width, 2);
        std::vector<int> visits(at(rows * columns));

        const auto scores = all_scores<Real>(a, b, width, &visits);

        std::size_t missed = 0;
        double worst = 0.0;
        for (Index i = 0; i < rows; ++i) {
          for (Index j = 0; j < columns; ++j) {
            double sum = 0.0;
            for (Index k = 0; k < width; ++k)
              sum += static_cast<double>(a[at(i * width + k)]) * static_cast<double>(b[at(j * width + k)]);
            worst = std::max(worst, std::abs(sum - static_cast<double>(scores[at(i * columns + j)])));
            missed += visits[at(i * columns + j)] != 1 ? 1U : 0U;
          }
        }
        CHECK(missed == 0);
        CHECK(worst < 600.0 * static_cast<double>(std::numeric_limits<Real>::epsilon()) *
                          std::sqrt(static_cast<double>(width)));
      }
    }
  }
}

TEST_CASE_TEMPLATE("score tiles: equal rows have equal scores to the last bit, wherever they stand", Real, float,
                   double) {
  constexpr Index width = 77, copies = 150;
  const auto row = reference::with_copies<Real>(1, width, 3), other = reference::with_copies<Real>(5, width, 4);
  Matrix<Real> repeated;
  for (Index i = 0; i < copies; ++i) repeated.insert(repeated.end(), row.begin(), row.end());

  const auto scores = all_scores<Real>(other, repeated, width);
  const auto alone = all_scores<Real>(other, row, width);

  std::size_t different = 0;
  for (Index i = 0; i < 5; ++i) {
    for (Index j = 0; j < copies; ++j) different += scores[at(i * copies + j)] == alone[at(i)] ? 0U : 1U;
  }
  CHECK(different == 0);
}

TEST_CASE("score tiles: finite_line detects a score that is not finite") {
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    const float values[] = {1.0F, 2.0F, odd, 3.0F};
    const ScoreTile<float> tile{0, 0, 2, 2, 2, values};
    CHECK(tile.finite_line(0));
    CHECK_FALSE(tile.finite_line(1));
  }
}

TEST_CASE_TEMPLATE("ranking: ranks equal the places after sorting exact scores, in both directions", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index n : {1, 63, 65, 130, 257})
    for (const Index width : {1, 7, 256}) {
      CAPTURE(n);
      CAPTURE(width);
      const auto left = reference::few_values<Real>(n, width, 1), right = reference::few_values<Real>(n, width, 2);

      CHECK(reference::ranks<B>(left, right, n, width) == reference::sorted_ranks(left, right, n, width));
    }
}

TEST_CASE_TEMPLATE("ranking: the ten best equal those after sorting exact scores", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index queries : {1, 65, 130})
    for (const Index gallery : {1, 9, 10, 63, 131, 300})
      for (const Index width : {1, 7, 256}) {
        CAPTURE(queries);
        CAPTURE(gallery);
        CAPTURE(width);
        const auto query = reference::few_values<Real>(queries, width, 1);
        const auto items = reference::few_values<Real>(gallery, width, 2);

        CHECK(reference::top_ten<B>(query, items, queries, width) ==
              reference::sorted_ten(query, items, queries, width));
      }
}

TEST_CASE_TEMPLATE("ranking: the ten best of a long gallery, best last and best first", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index gallery = 128 * 70 + 5;  // on a device: 71 tiles for 32 lanes
  Matrix<Real> rising;
  for (Index j = 0; j < gallery; ++j) rising.push_back(static_cast<Real>(j / 3));  // each score three times
  const Matrix<Real> query{Real(1), Real(-1), Real(0)};

  CHECK(reference::top_ten<B>(query, rising, 3, 1) == reference::sorted_ten(query, rising, 3, 1));
}

TEST_CASE_TEMPLATE("ranking: any number of threads gives the same result", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const auto left = reference::with_copies<Real>(200, 20, 1), right = reference::with_copies<Real>(200, 20, 2);
  CHECK(reference::same_bits_for_any_thread_count([&] { return reference::ranks<B>(left, right, 200, 20); }));
  CHECK(reference::same_bits_for_any_thread_count([&] { return reference::top_ten<B>(left, right, 200, 20); }));
}

TEST_CASE_TEMPLATE("ranking: equal rows tie wherever they stand", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index n = 300, width = 77;
  const auto row = reference::with_copies<Real>(1, width, 3);
  Matrix<Real> copies;
  for (Index i = 0; i < n; ++i) copies.insert(copies.end(), row.begin(), row.end());
  Ids expected(at(2 * n));
  std::iota(expected.begin(), expected.begin() + n, 0);
  std::iota(expected.begin() + n, expected.end(), 0);
  Ids first(at(ctp::backend::top_items));
  std::iota(first.begin(), first.end(), 0);

  CHECK(reference::ranks<B>(copies, copies, n, width) == expected);
  CHECK(reference::top_ten<B>(row, copies, 1, width) == first);
}

TEST_CASE_TEMPLATE("ranking: exactly the rows with a score that is not finite are marked", B, CTP_TEST_BACKENDS) {
  using ctp::backend::not_finite;
  using Real = typename B::Real;
  constexpr Index n = 150, width = 5, ten = ctp::backend::top_items;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  for (const Real bad :
       {std::numeric_limits<Real>::quiet_NaN(), infinity, -infinity, std::numeric_limits<Real>::max()}) {
    auto left = reference::few_values<Real>(n, width, 1);
    const auto right = reference::few_values<Real>(n, width, 2);
    const Ids whole = reference::top_ten<B>(left, right, n, width);
    left[at(140 * width + 4)] = bad;
    const Ids found = reference::ranks<B>(left, right, n, width);
    CHECK(found[140] == not_finite);
    CHECK(found[0] >= 0);  // in another tile
    const Ids items = reference::top_ten<B>(left, right, n, width);
    for (Index i = 0; i < n; ++i)
      for (Index s = 0; s < ten; ++s) CHECK(items[at(i * ten + s)] == (i == 140 ? not_finite : whole[at(i * ten + s)]));

    if (bad == std::numeric_limits<Real>::max()) continue;  // the scores of other queries stay finite
    for (const Index item : {3, 40, 149}) {
      auto gallery = right;
      gallery[at(item * width)] = bad;
      const Ids everywhere = reference::top_ten<B>(reference::with_copies<Real>(3, width, 4), gallery, 3, width);
      CHECK(std::count(everywhere.begin(), everywhere.end(), not_finite) == 3 * ten);
    }
  }
}

TEST_CASE_TEMPLATE("ranking: counts at a pair's score find the pair, whatever the rounding", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index rows : {1, 64, 131})
    for (const Index columns : {1, 63, 129, 260})
      for (const Index width : {1, 7, 256}) {
        CAPTURE(rows);
        CAPTURE(columns);
        CAPTURE(width);
        const auto left = reference::with_copies<Real>(rows, width, 1),
                   right = reference::with_copies<Real>(columns, width, 2);
        Ids left_row, right_row;
        for (Index i = 0; i < rows; ++i) {
          left_row.push_back(static_cast<std::int32_t>(i));
          right_row.push_back(static_cast<std::int32_t>((7 * i + 3) % columns));
        }
        const auto bar = reference::pair_scores<B>(left, left_row, right, right_row, width);

        const Ids counts = reference::rank_counts<B>(left, right, bar, width);

        std::size_t wrong = 0;
        for (Index i = 0; i < rows; ++i) {
          Ids every(at(columns)), mine(at(columns), static_cast<std::int32_t>(i));
          std::iota(every.begin(), every.end(), 0);
          const auto scores = reference::pair_scores<B>(left, mine, right, every, width);
          const auto above = std::count_if(scores.begin(), scores.end(), [&](Real x) { return x > bar[at(i)]; });
          const auto equal = std::count(scores.begin(), scores.end(), bar[at(i)]);
          wrong += equal >= 1 && counts[at(i)] == above && counts[at(rows + i)] == equal ? 0U : 1U;
        }
        CHECK(wrong == 0);
      }
}

TEST_CASE_TEMPLATE("ranking: counts equal those of exact scores, and mark rows that are not finite", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index rows = 140, columns = 270, width = 5;
  auto left = reference::few_values<Real>(rows, width, 1);
  const auto right = reference::few_values<Real>(columns, width, 2);
  Matrix<Real> bar;
  for (Index i = 0; i < rows; ++i) bar.push_back(static_cast<Real>(i % 7 - 3));
  Ids above, equal;
  for (Index i = 0; i < rows; ++i) {
    std::int32_t greater = 0, same = 0;
    for (Index j = 0; j < columns; ++j) {
      const Real x = reference::score(left, i, right, j, width);
      greater += x > bar[at(i)] ? 1 : 0;
      same += x == bar[at(i)] ? 1 : 0;
    }
    above.push_back(greater);
    equal.push_back(same);
  }
  above.insert(above.end(), equal.begin(), equal.end());
  CHECK(reference::rank_counts<B>(left, right, bar, width) == above);

  for (const Real bad : {std::numeric_limits<Real>::quiet_NaN(), std::numeric_limits<Real>::infinity()}) {
    left[at(133 * width)] = bad;
    const Ids counts = reference::rank_counts<B>(left, right, bar, width);
    CHECK(counts[133] == ctp::backend::not_finite);
    CHECK(std::count(counts.begin(), counts.begin() + rows, ctp::backend::not_finite) == 1);
  }
  CHECK(reference::same_bits_for_any_thread_count(
      [&] { return reference::rank_counts<B>(right, right, Matrix<Real>(at(columns)), width); }));
}
