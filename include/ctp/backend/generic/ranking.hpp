/// @file   ctp/backend/generic/ranking.hpp
/// @brief  Retrieval by inner product on host memory: ranks and best items from tiles of scores.
/// @layer  backend
///
/// No matrix of scores is kept. This file has a kernel of its own, beside that of cpu/kernel.hpp, for one reason: here
/// a score's bits depend on nothing but its two rows, so equal rows tie exactly wherever they stand. The kernel of
/// cpu/kernel.hpp does not promise this: there the last columns of a product take another path.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <ctp/backend/generic/memory.hpp>
#include <ctp/backend/ranking.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::generic {

/// @brief A block of the score matrix: rows row .. row + rows, columns column .. column + columns.
template <class Real>
struct ScoreTile {
  Index row = 0, column = 0;    ///< of the block's first score
  Index rows = 0, columns = 0;  ///< at least 1 each
  Index stride = 0;             ///< between rows of `values`
  const Real* values = nullptr;

  [[nodiscard]] const Real* line(Index r) const { return values + r * stride; }
  /// True if every score of row r is a finite number.
  [[nodiscard]] bool finite_line(Index r) const {
    const Real* x = line(r);
    int bad = 0;
    for (Index c = 0; c < columns; ++c) bad |= static_cast<int>(!(x[c] - x[c] == Real(0)));
    return bad == 0;
  }
};

namespace detail {

// Bytes of the widest registers that the compiler may use. The kernel below keeps rows x 2 registers of sums. A device
// compiler's host pass uses scalars, as it may lack the host compiler's vector types.
#if defined(__CUDACC__) || !(defined(__GNUC__) || defined(__clang__))
inline constexpr std::size_t vector_bytes = 0;
#elif defined(__AVX512F__)
inline constexpr std::size_t vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t vector_bytes = 32;
#else
inline constexpr std::size_t vector_bytes = 16;
#endif

/// A register of `Bytes` bytes and its number of values.
template <class Real, std::size_t Bytes>
struct SimdVector {
#if !defined(__CUDACC__) && (defined(__GNUC__) || defined(__clang__))
  typedef Real Type __attribute__((vector_size(Bytes)));
#endif
  static constexpr Index count = static_cast<Index>(Bytes / sizeof(Real));
};
template <class Real>
struct SimdVector<Real, 0> {
  using Type = Real;
  static constexpr Index count = 1;
};

/// Multiplies `rows` packed rows with 2 * lanes packed columns. Every score is one chain of sums over the width,
/// independent of its place in the tile: equal rows have equal scores, to the last bit.
template <class Real, std::size_t Bytes = vector_bytes>
struct ScoreKernel {
  static constexpr Index lanes = SimdVector<Real, Bytes>::count;
  static constexpr Index rows = Bytes == 64 ? 12 : 6;  // 2 * rows sums and three operands fit the registers
  static constexpr Index columns = 2 * lanes;

  /// **Shapes.** a: [width, rows], b: [width, columns], out: [rows, columns].
  static void run(const Real* a, const Real* b, Index width, Real* out) {
    using Vector = typename SimdVector<Real, Bytes>::Type;
    [&]<std::size_t... R>(std::index_sequence<R...>) {
      // The pack expansion unrolls the loop at any optimisation level: only then do the sums stay in registers.
      Vector sums[rows][2] = {};
      for (Index k = 0; k < width; ++k, a += rows, b += columns) {
        Vector left, right;
        std::memcpy(&left, b, sizeof(Vector));
        std::memcpy(&right, b + lanes, sizeof(Vector));
        ((sums[R][0] += a[R] * left, sums[R][1] += a[R] * right), ...);
      }
      (std::memcpy(out + static_cast<Index>(R) * columns, &sums[R][0], sizeof(Vector)), ...);
      (std::memcpy(out + static_cast<Index>(R) * columns + lanes, &sums[R][1], sizeof(Vector)), ...);
    }(std::make_index_sequence<static_cast<std::size_t>(rows)>{});
  }
};

/// Packs rows [count, width] as panels [panels, width, Panel], with zeros behind the last row.
template <Index Panel, class Real>
void pack_panels(const Real* x, Index count, Index width, std::vector<Real>& out) {
  const Index panels = (count + Panel - 1) / Panel;
  out.resize(static_cast<std::size_t>(panels * Panel * width));
  for (Index p = 0; p < panels; ++p) {
    Real* panel = out.data() + p * Panel * width;
    for (Index r = 0; r < Panel; ++r) {
      const Index row = p * Panel + r;
      for (Index k = 0; k < width; ++k) panel[k * Panel + r] = row < count ? x[row * width + k] : Real(0);
    }
  }
}

/// The ten best scores of one query, best first; of equal scores the lower index first.
template <class Real>
class TenBest {
 public:
  /// The score that a further item must exceed.
  [[nodiscard]] Real bar() const { return size_ < most ? -std::numeric_limits<Real>::infinity() : scores_[most - 1]; }
  /// Inserts an item with a higher index than all earlier items. Requires score > bar().
  void add(Real score, std::int32_t index) {
    std::size_t at = std::min(size_, most - 1);
    size_ = std::min(size_ + 1, most);
    for (; at > 0 && score > scores_[at - 1]; --at) {
      scores_[at] = scores_[at - 1];
      items_[at] = items_[at - 1];
    }
    scores_[at] = score;
    items_[at] = index;
  }
  /// Records that a score of the query is not finite.
  void mark_not_finite() { finite_ = false; }
  /// Writes the items, then no_item; or all not_finite. **Shapes.** item [top_items].
  void write(std::int32_t* item) const {
    std::fill_n(item, most, finite_ ? no_item : not_finite);
    if (finite_) std::copy_n(items_.begin(), size_, item);
  }

 private:
  static constexpr std::size_t most = top_items;
  std::array<Real, most> scores_{};
  std::array<std::int32_t, most> items_{};
  std::size_t size_ = 0;
  bool finite_ = true;
};

}  // namespace detail

/// @brief Calls `visit(ScoreTile)` for tiles that together cover left * right^T once.
///
/// For each row, columns come in rising order. A score's value does not depend on its tile or on the number of rows and
/// columns. Allocates one packed copy of `left` and a small part of `right`.
/// **Shapes.** left: [rows, width], right: [columns, width], row-major.
template <class Real, class Visit, class Kernel = detail::ScoreKernel<Real>>
void for_each_score_tile(Index rows, Index columns, Index width, const Real* left, const Real* right, Visit&& visit) {
  constexpr Index cache_bytes = 256 << 10;  // of packed columns, so that a block stays in the nearest caches
  const Index panel_bytes = Kernel::columns * std::max<Index>(1, width) * static_cast<Index>(sizeof(Real));
  const Index block = std::max<Index>(1, cache_bytes / panel_bytes) * Kernel::columns;
  std::vector<Real> packed_left, packed_right;
  detail::pack_panels<Kernel::rows>(left, rows, width, packed_left);
  alignas(64) Real values[Kernel::rows * Kernel::columns];

  for (Index first = 0; first < columns; first += block) {
    const Index count = std::min(block, columns - first);
    detail::pack_panels<Kernel::columns>(right + first * width, count, width, packed_right);
    for (Index row = 0; row < rows; row += Kernel::rows) {
      for (Index c = 0; c < count; c += Kernel::columns) {
        Kernel::run(packed_left.data() + row * width, packed_right.data() + c * width, width, values);
        visit(ScoreTile<Real>{row, first + c, std::min(Kernel::rows, rows - row), std::min(Kernel::columns, count - c),
                              Kernel::columns, values});
      }
    }
  }
}

/// @brief Ranks and best items by inner product. backend::RanksRows documents each operation.
///
/// Includes Memory, so that evaluation can use this class alone as its backend for features in host memory.
template <class RealType>
struct Ranking : Memory {
  using Real = RealType;

  static void retrieval_ranks(Index n, Index width, const Real* left, const Real* right, std::int32_t* left_rank,
                              std::int32_t* right_rank) {
    const std::vector<Real> matched = matched_scores(n, width, left, right);
    std::vector<char> finite(matched.size(), 1);
    std::fill_n(left_rank, n, 0);
    std::fill_n(right_rank, n, 0);
    const Real* own = matched.data();
    for_each_score_tile(n, n, width, left, right, [&](const ScoreTile<Real>& t) {
      for (Index r = 0; r < t.rows; ++r) {
        const Index i = t.row + r;
        const Real* s = t.line(r);
        if (!t.finite_line(r)) finite[static_cast<std::size_t>(i)] = 0;
        std::int32_t ahead = 0;
        for (Index c = 0; c < t.columns; ++c) {
          const Index j = t.column + c;
          ahead += static_cast<std::int32_t>(s[c] > own[i]) + static_cast<std::int32_t>((s[c] == own[i]) & (j < i));
          right_rank[j] +=
              static_cast<std::int32_t>(s[c] > own[j]) + static_cast<std::int32_t>((s[c] == own[j]) & (i < j));
        }
        left_rank[i] += ahead;
      }
    });
    for (Index i = 0; i < n; ++i)
      if (finite[static_cast<std::size_t>(i)] == 0) left_rank[i] = not_finite;
  }

  static void pair_scores(Index pairs, Index width, const Real* left, const std::int32_t* left_row, const Real* right,
                          const std::int32_t* right_row, Real* score) {
    // The kernel of whole tiles computes a block whose diagonal holds the pairs: a loop of its own could round
    // otherwise.
    constexpr Index part = detail::ScoreKernel<Real>::columns;
    std::vector<Real> a, b;
    for (Index first = 0; first < pairs; first += part) {
      const Index count = std::min(part, pairs - first);
      a.clear();
      b.clear();
      for (Index i = first; i < first + count; ++i) {
        a.insert(a.end(), left + left_row[i] * width, left + (left_row[i] + Index{1}) * width);
        b.insert(b.end(), right + right_row[i] * width, right + (right_row[i] + Index{1}) * width);
      }
      for_each_score_tile(count, count, width, a.data(), b.data(), [&](const ScoreTile<Real>& t) {
        for (Index r = 0; r < t.rows; ++r) {
          const Index i = t.row + r;
          if (i >= t.column && i < t.column + t.columns) score[first + i] = t.line(r)[i - t.column];
        }
      });
    }
  }

  static void rank_counts(Index rows, Index columns, Index width, const Real* left, const Real* right, const Real* bar,
                          std::int32_t* above, std::int32_t* equal) {
    std::vector<char> finite(static_cast<std::size_t>(rows), 1);
    std::fill_n(above, rows, 0);
    std::fill_n(equal, rows, 0);
    for_each_score_tile(rows, columns, width, left, right, [&](const ScoreTile<Real>& t) {
      for (Index r = 0; r < t.rows; ++r) {
        const Index i = t.row + r;
        const Real* s = t.line(r);
        if (!t.finite_line(r)) finite[static_cast<std::size_t>(i)] = 0;
        std::int32_t greater = 0, same = 0;
        for (Index c = 0; c < t.columns; ++c) {
          greater += static_cast<std::int32_t>(s[c] > bar[i]);
          same += static_cast<std::int32_t>(s[c] == bar[i]);
        }
        above[i] += greater;
        equal[i] += same;
      }
    });
    for (Index i = 0; i < rows; ++i)
      if (finite[static_cast<std::size_t>(i)] == 0) above[i] = not_finite;
  }

  static void top_ten(Index queries, Index gallery, Index width, const Real* query, const Real* items,
                      std::int32_t* item) {
    std::vector<detail::TenBest<Real>> best(static_cast<std::size_t>(queries));
    for_each_score_tile(queries, gallery, width, query, items, [&](const ScoreTile<Real>& t) {
      for (Index r = 0; r < t.rows; ++r) {
        detail::TenBest<Real>& list = best[static_cast<std::size_t>(t.row + r)];
        if (!t.finite_line(r)) list.mark_not_finite();
        const Real* s = t.line(r);
        const Real bar = list.bar();
        int above = 0;
        for (Index c = 0; c < t.columns; ++c) above |= static_cast<int>(s[c] > bar);
        if (above == 0) continue;  // nearly always, after the first thousand columns
        for (Index c = 0; c < t.columns; ++c) {
          if (s[c] > list.bar()) list.add(s[c], static_cast<std::int32_t>(t.column + c));
        }
      }
    });
    for (Index i = 0; i < queries; ++i) best[static_cast<std::size_t>(i)].write(item + i * top_items);
  }

 private:
  /// Scores of matched rows, with the same bits as in the whole matrix.
  static std::vector<Real> matched_scores(Index n, Index width, const Real* left, const Real* right) {
    constexpr Index part = detail::ScoreKernel<Real>::columns;
    std::vector<Real> matched(static_cast<std::size_t>(n));
    for (Index first = 0; first < n; first += part) {
      const Index count = std::min(part, n - first);
      for_each_score_tile(count, count, width, left + first * width, right + first * width,
                          [&](const ScoreTile<Real>& t) {
                            for (Index r = 0; r < t.rows; ++r) {
                              const Index i = t.row + r;
                              if (i >= t.column && i < t.column + t.columns)
                                matched[static_cast<std::size_t>(first + i)] = t.line(r)[i - t.column];
                            }
                          });
    }
    return matched;
  }
};

}  // namespace ctp::backend::generic
