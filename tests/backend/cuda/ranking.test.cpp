// Ranks and best items by kernels that select while they multiply, against sorting all scores: on simulated threads,
// and on a device where CTP_TEST_BACKENDS names it.
#include <ctp/backend/cuda/ranking.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#ifndef CTP_TEST_BACKENDS
#include <support/simulated_cuda.hpp>
#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>
#endif
#include <ctp/eval/multimodal_map.hpp>
#include <ctp/eval/retrieval.hpp>
#include <support/reference.hpp>

using ctp::Index;
using ctp::backend::no_item;
using ctp::backend::not_finite;
using reference::at;
using reference::Ids;

namespace {

constexpr Index ten = ctp::backend::top_items;

template <class Real>
using Rows = std::vector<Real>;

/// Numbers from -2 to 2: every score is exact and many are equal.
template <class Real>
Rows<Real> few_values(Index n, Index width, std::uint32_t substream) {
  Rows<Real> x;
  for (const std::int32_t v : reference::random_ids(n * width, 5, substream)) x.push_back(static_cast<Real>(v - 2));
  return x;
}
/// Normal numbers; every seventh row repeats the one three before it.
template <class Real>
Rows<Real> with_copies(Index n, Index width, std::uint32_t substream) {
  Rows<Real> x;
  for (const double v : reference::random(n * width, substream)) x.push_back(static_cast<Real>(v));
  for (Index i = 7; i < n; i += 7) std::copy_n(x.begin() + (i - 3) * width, width, x.begin() + i * width);
  return x;
}

/// The score that every backend must give: one chain of fused multiply-adds.
template <class Real>
Real score(const Rows<Real>& a, Index i, const Rows<Real>& b, Index j, Index width) {
  Real sum = 0;
  for (Index k = 0; k < width; ++k) sum = std::fma(a[at(i * width + k)], b[at(j * width + k)], sum);
  return sum;
}

/// All rows of b, in the order in which they answer row i of a.
template <class Real>
Ids sorted(const Rows<Real>& a, Index i, const Rows<Real>& b, Index width) {
  const Index n = static_cast<Index>(b.size()) / width;
  Rows<Real> scores;
  for (Index j = 0; j < n; ++j) scores.push_back(score(a, i, b, j, width));
  Ids order(at(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::int32_t x, std::int32_t y) {
    return scores[at(x)] != scores[at(y)] ? scores[at(x)] > scores[at(y)] : x < y;
  });
  return order;
}

template <class Real>
Ids sorted_ranks(const Rows<Real>& a, const Rows<Real>& b, Index n, Index width) {
  Ids ranks;
  for (Index i = 0; i < n; ++i) {
    const Ids order = sorted(a, i, b, width);
    ranks.push_back(static_cast<std::int32_t>(std::find(order.begin(), order.end(), i) - order.begin()));
  }
  return ranks;
}
template <class Real>
Ids sorted_ten(const Rows<Real>& query, const Rows<Real>& gallery, Index queries, Index width) {
  Ids items;
  for (Index i = 0; i < queries; ++i) {
    Ids order = sorted(query, i, gallery, width);
    order.resize(at(ten), no_item);
    items.insert(items.end(), order.begin(), order.end());
  }
  return items;
}

/// left_rank, then right_rank.
template <class B>
Ids ranks(const Rows<typename B::Real>& left, const Rows<typename B::Real>& right, Index n, Index width) {
  const auto a = reference::put_as_is<B>(left), b = reference::put_as_is<B>(right);
  ctp::Buffer<std::int32_t, B> left_rank(n), right_rank(n);
  B::retrieval_ranks(n, width, a.data(), b.data(), left_rank.data(), right_rank.data());
  Ids both = left_rank.to_host();
  const Ids other = right_rank.to_host();
  both.insert(both.end(), other.begin(), other.end());
  return both;
}
template <class B>
Ids top_ten(const Rows<typename B::Real>& query, const Rows<typename B::Real>& gallery, Index queries, Index width) {
  const auto a = reference::put_as_is<B>(query), b = reference::put_as_is<B>(gallery);
  ctp::Buffer<std::int32_t, B> found(queries * ten);
  B::top_ten(queries, static_cast<Index>(gallery.size()) / width, width, a.data(), b.data(), found.data());
  return found.to_host();
}

}  // namespace

TEST_CASE_TEMPLATE("ranking: ranks equal the places after sorting all scores, in both directions", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index n : {1, 63, 65, 130, 257})
    for (const Index width : {1, 7, 256}) {
      CAPTURE(n);
      CAPTURE(width);
      for (const bool ties : {true, false}) {
        const auto left = ties ? few_values<Real>(n, width, 1) : with_copies<Real>(n, width, 1);
        const auto right = ties ? few_values<Real>(n, width, 2) : with_copies<Real>(n, width, 2);
        const Ids to_right = sorted_ranks(left, right, n, width), to_left = sorted_ranks(right, left, n, width);
        Ids expected = to_right;
        expected.insert(expected.end(), to_left.begin(), to_left.end());
        CHECK(ranks<B>(left, right, n, width) == expected);
      }
    }
}

TEST_CASE_TEMPLATE("ranking: the ten best equal those after sorting all scores", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index queries : {1, 65, 130})
    for (const Index gallery : {1, 9, 10, 63, 131, 300})
      for (const Index width : {1, 7, 256}) {
        CAPTURE(queries);
        CAPTURE(gallery);
        CAPTURE(width);
        for (const bool ties : {true, false}) {
          const auto query = ties ? few_values<Real>(queries, width, 1) : with_copies<Real>(queries, width, 1);
          const auto items = ties ? few_values<Real>(gallery, width, 2) : with_copies<Real>(gallery, width, 2);
          CHECK(top_ten<B>(query, items, queries, width) == sorted_ten(query, items, queries, width));
        }
      }
}

TEST_CASE_TEMPLATE("ranking: the ten best of a gallery of many chunks of several tiles, best last and best first", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index gallery = 128 * 70 + 5;  // 71 tiles for 32 lanes
  Rows<Real> rising;
  for (Index j = 0; j < gallery; ++j) rising.push_back(static_cast<Real>(j / 3));  // each score three times
  const Rows<Real> query{Real(1), Real(-1), Real(0)};
  CHECK(top_ten<B>(query, rising, 3, 1) == sorted_ten(query, rising, 3, 1));
}

TEST_CASE_TEMPLATE("ranking: the order in which threads run changes nothing", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const auto left = with_copies<Real>(200, 20, 1), right = with_copies<Real>(200, 20, 2);
  CHECK(reference::same_bits_for_any_thread_count([&] { return ranks<B>(left, right, 200, 20); }));
  CHECK(reference::same_bits_for_any_thread_count([&] { return top_ten<B>(left, right, 200, 20); }));
}

TEST_CASE_TEMPLATE("ranking: equal rows tie wherever they stand", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index n = 300, width = 77;
  const auto row = with_copies<Real>(1, width, 3);
  Rows<Real> copies;
  for (Index i = 0; i < n; ++i) copies.insert(copies.end(), row.begin(), row.end());
  Ids expected(at(2 * n));
  std::iota(expected.begin(), expected.begin() + n, 0);
  std::iota(expected.begin() + n, expected.end(), 0);
  CHECK(ranks<B>(copies, copies, n, width) == expected);
  Ids first(at(ten));
  std::iota(first.begin(), first.end(), 0);
  CHECK(top_ten<B>(row, copies, 1, width) == first);
}

TEST_CASE_TEMPLATE("ranking: rows with a score that is not finite are named, and no others", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index n = 150, width = 5;
  constexpr Real infinity = std::numeric_limits<Real>::infinity();
  for (const Real bad :
       {std::numeric_limits<Real>::quiet_NaN(), infinity, -infinity, std::numeric_limits<Real>::max()}) {
    auto left = few_values<Real>(n, width, 1);
    const auto right = few_values<Real>(n, width, 2);
    const Ids whole = top_ten<B>(left, right, n, width);
    left[at(140 * width + 4)] = bad;
    const Ids found = ranks<B>(left, right, n, width);
    CHECK(found[140] == not_finite);
    CHECK(found[0] >= 0);  // in another tile
    const Ids items = top_ten<B>(left, right, n, width);
    for (Index i = 0; i < n; ++i)
      for (Index s = 0; s < ten; ++s) CHECK(items[at(i * ten + s)] == (i == 140 ? not_finite : whole[at(i * ten + s)]));

    if (bad == std::numeric_limits<Real>::max()) continue;  // not every query makes more of it
    for (const Index item : {3, 40, 149}) {
      auto gallery = right;
      gallery[at(item * width)] = bad;
      const Ids everywhere = top_ten<B>(with_copies<Real>(3, width, 4), gallery, 3, width);
      CHECK(std::count(everywhere.begin(), everywhere.end(), not_finite) == 3 * ten);
    }
  }
}

TEST_CASE_TEMPLATE("ranking: evaluation on the backend says what it says on the host", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index n = 140, width = 9;
  const auto image = few_values<Real>(n, width, 1), text = few_values<Real>(n, width, 2);
  const std::span<const Real> images(image), texts(text);
  const auto there = ctp::eval::retrieval<B>(images, texts, at(n), at(width));
  const auto here = ctp::eval::retrieval(images, texts, at(n), at(width));
  CHECK(there.txt_r10 == here.txt_r10);
  CHECK(there.img_r10 == here.img_r10);
  CHECK(there.r_mean == here.r_mean);
  CHECK(there.r_mean > 0);
  CHECK(there.r_mean < 100);

  std::vector<ctp::eval::CategoryItem> items;
  constexpr const char* labels[] = {"a", "b", "c"};
  for (std::size_t i = 0; i < at(n); ++i) items.push_back({labels[i / 47], labels[i % 3]});
  const auto map_there = ctp::eval::multimodal_map<B>(images, items, texts, items, items, at(width));
  const auto map_here = ctp::eval::multimodal_map(images, items, texts, items, items, at(width));
  CHECK(map_there.map1 == map_here.map1);
  CHECK(map_there.map5 == map_here.map5);
  CHECK(map_there.map10 == map_here.map10);
  CHECK(map_there.map10 > 0);
}
