// Reference ranking by sorting all scores, and helpers to run retrieval on any backend.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include <ctp/backend/ranking.hpp>

#include <support/reference.hpp>

namespace reference {

/// Rows of a common width, without gaps.
template <class Real>
using Matrix = std::vector<Real>;

/// Numbers from -2 to 2: every score is exact and many are equal.
template <class Real>
Matrix<Real> few_values(Index n, Index width, std::uint32_t lane) {
  Matrix<Real> x;
  for (const std::int32_t v : random_ids(n * width, 5, lane)) x.push_back(static_cast<Real>(v - 2));
  return x;
}
/// Normal numbers; every seventh row repeats the row three before it.
template <class Real>
Matrix<Real> with_copies(Index n, Index width, std::uint32_t lane) {
  Matrix<Real> x;
  for (const double v : random(n * width, lane)) x.push_back(static_cast<Real>(v));
  for (Index i = 7; i < n; i += 7) std::copy_n(x.begin() + (i - 3) * width, width, x.begin() + i * width);
  return x;
}

/// One chain of fused multiply-adds: the bits of a CUDA kernel's score.
template <class Real>
Real score(const Matrix<Real>& a, Index i, const Matrix<Real>& b, Index j, Index width) {
  Real sum = 0;
  for (Index k = 0; k < width; ++k) sum = std::fma(a[at(i * width + k)], b[at(j * width + k)], sum);
  return sum;
}

/// Indices of all rows of b, ranked by their score with row i of a.
template <class Real>
Ids sorted(const Matrix<Real>& a, Index i, const Matrix<Real>& b, Index width) {
  const Index n = static_cast<Index>(b.size()) / width;
  Matrix<Real> scores;
  for (Index j = 0; j < n; ++j) scores.push_back(score(a, i, b, j, width));
  Ids order(at(n));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::int32_t x, std::int32_t y) {
    return scores[at(x)] != scores[at(y)] ? scores[at(x)] > scores[at(y)] : x < y;
  });
  return order;
}

/// The place of row i of `right` for each row i of `left`, then the same with the lists exchanged.
template <class Real>
Ids sorted_ranks(const Matrix<Real>& left, const Matrix<Real>& right, Index n, Index width) {
  Ids ranks;
  for (const bool exchanged : {false, true})
    for (Index i = 0; i < n; ++i) {
      const Ids order = exchanged ? sorted(right, i, left, width) : sorted(left, i, right, width);
      ranks.push_back(static_cast<std::int32_t>(std::find(order.begin(), order.end(), i) - order.begin()));
    }
  return ranks;
}
template <class Real>
Ids sorted_ten(const Matrix<Real>& query, const Matrix<Real>& gallery, Index queries, Index width) {
  Ids items;
  for (Index i = 0; i < queries; ++i) {
    Ids order = sorted(query, i, gallery, width);
    order.resize(at(ctp::backend::top_items), ctp::backend::no_item);
    items.insert(items.end(), order.begin(), order.end());
  }
  return items;
}

/// B's left_rank, then its right_rank.
template <class B>
Ids ranks(const Matrix<typename B::Real>& left, const Matrix<typename B::Real>& right, Index n, Index width) {
  const auto a = put_as_is<B>(left), b = put_as_is<B>(right);
  ctp::Buffer<std::int32_t, B> left_rank(n), right_rank(n);
  B::retrieval_ranks(n, width, a.data(), b.data(), left_rank.data(), right_rank.data());
  Ids both = left_rank.to_host();
  const Ids other = right_rank.to_host();
  both.insert(both.end(), other.begin(), other.end());
  return both;
}
template <class B>
Ids top_ten(const Matrix<typename B::Real>& query, const Matrix<typename B::Real>& gallery, Index queries,
            Index width) {
  const auto a = put_as_is<B>(query), b = put_as_is<B>(gallery);
  ctp::Buffer<std::int32_t, B> items(queries * ctp::backend::top_items);
  B::top_ten(queries, static_cast<Index>(gallery.size()) / width, width, a.data(), b.data(), items.data());
  return items.to_host();
}
/// B's pair_scores of (rows of left, rows of right).
template <class B>
Matrix<typename B::Real> pair_scores(const Matrix<typename B::Real>& left, const Ids& left_row,
                                     const Matrix<typename B::Real>& right, const Ids& right_row, Index width) {
  const auto a = put_as_is<B>(left), b = put_as_is<B>(right);
  const auto n = static_cast<Index>(left_row.size());
  ctp::Buffer<std::int32_t, B> rows(n), columns(n);
  rows.assign(left_row);
  columns.assign(right_row);
  ctp::Buffer<typename B::Real, B> score(n);
  B::pair_scores(n, width, a.data(), rows.data(), b.data(), columns.data(), score.data());
  return score.to_host();
}
/// B's counts above the bars, then its counts at the bars.
template <class B>
Ids rank_counts(const Matrix<typename B::Real>& left, const Matrix<typename B::Real>& right,
                const Matrix<typename B::Real>& bar, Index width) {
  const auto a = put_as_is<B>(left), b = put_as_is<B>(right), c = put_as_is<B>(bar);
  const auto rows = static_cast<Index>(bar.size()), columns = static_cast<Index>(right.size()) / width;
  ctp::Buffer<std::int32_t, B> above(rows), equal(rows);
  B::rank_counts(rows, columns, width, a.data(), b.data(), c.data(), above.data(), equal.data());
  Ids both = above.to_host();
  const Ids other = equal.to_host();
  both.insert(both.end(), other.begin(), other.end());
  return both;
}

}  // namespace reference
