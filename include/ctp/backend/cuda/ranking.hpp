/// @file   ctp/backend/cuda/ranking.hpp
/// @brief  Retrieval by inner product, as kernels that compute scores and select in one pass.
/// @layer  backend
///
/// No score is written to global memory. Scores are computed in the backend's Real for every precision of matrix
/// products, so that evaluation does not depend on the precision. Blocks write partial results to scratch memory, and a
/// second kernel adds or merges the partial results in a fixed order. No atomics. generic/ranking.hpp is the host
/// version.
#pragma once

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/ranking.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// Less than every finite score. A constant, so that device code can use it.
template <class Real>
inline constexpr Real no_score = -std::numeric_limits<Real>::infinity();

/// @brief The inner products of up to 128 rows of one list with up to 128 rows of another, 8 x 8 in the registers of
/// each of a block's threads.
///
/// A score is one chain of fused multiply-adds over the width, in rising order. So a score's bits depend neither on its
/// tile nor on its place in the tile, and stay if the lists are exchanged. Operands pass through shared memory in slabs
/// of 8 columns; while one slab is used, the next is fetched.
template <class Real>
class ScoreBlock {
 public:
  static constexpr int side = 128;               ///< rows of either list
  static constexpr int lanes = 16, each = 8;     ///< side = lanes * each
  static constexpr int threads = lanes * lanes;  ///< of a block
  static constexpr std::size_t shared_bytes = 2 * 2 * 8 * (side + 4) * sizeof(Real);

  /// Row of a thread's r-th score, and column of its c-th: runs of four, so that a warp's words access all banks.
  template <class Thread>
  CTP_HD static int row(const Thread& t, int r) {
    return place(t.id() / lanes, r);
  }
  template <class Thread>
  CTP_HD static int column(const Thread& t, int c) {
    return place(t.id() % lanes, c);
  }
  [[nodiscard]] CTP_HD Real score(int r, int c) const { return sums_[r][c]; }

  /// @brief Computes the scores; scores beyond the end of a list are unspecified. Uses the front of the shared memory,
  /// which no thread may read until the next barrier.
  ///
  /// **Shapes.** left [rows, width], right [columns, width], of which the first 128 rows are used.
  template <class Thread>
  CTP_HD void compute(const Thread& t, int width, const Real* left, int rows, const Real* right, int columns) {
    CTP_UNROLL
    for (int r = 0; r < each; ++r) {
      CTP_UNROLL
      for (int c = 0; c < each; ++c) sums_[r][c] = 0;
    }
    Real* memory = t.template shared<Real>();
    Real next_left[fetches], next_right[fetches];
    fetch(t, left, rows, width, 0, next_left);
    fetch(t, right, columns, width, 0, next_right);
    t.sync();  // all threads have read the previous content of the shared memory
    for (int first = 0; first < width; first += depth) {
      Real *of_left = memory + first / depth % 2 * 2 * slab, *of_right = of_left + slab;
      store(t, next_left, of_left);
      store(t, next_right, of_right);
      t.sync();
      if (first + depth < width) {
        fetch(t, left, rows, width, first + depth, next_left);
        fetch(t, right, columns, width, first + depth, next_right);
      }
      multiply(of_left + t.id() / lanes * run, of_right + t.id() % lanes * run);
    }
  }

 private:
  static constexpr int depth = 8, run = 4;
  static constexpr int stride = side + 4;  ///< between columns of a slab [depth, side] in shared memory
  static constexpr int slab = depth * stride, fetches = depth * side / threads;
  static_assert(shared_bytes == 2 * 2 * slab * sizeof(Real));

  CTP_HD static constexpr int place(int lane, int i) { return i / run * (side / 2) + lane * run + i % run; }

  /// A thread's part of a slab that begins at column `first`; zeros beyond the end of the list.
  template <class Thread>
  CTP_HD static void fetch(const Thread& t, const Real* x, int rows, int width, int first, Real (&values)[fetches]) {
    const int k = first + t.id() % depth;
    CTP_UNROLL
    for (int i = 0; i < fetches; ++i) {
      const int row = t.id() / depth + i * (threads / depth);
      values[i] = row < rows && k < width ? x[row * width + k] : Real(0);
    }
  }
  template <class Thread>
  CTP_HD static void store(const Thread& t, const Real (&values)[fetches], Real* to) {
    CTP_UNROLL
    for (int i = 0; i < fetches; ++i) to[t.id() % depth * stride + t.id() / depth + i * (threads / depth)] = values[i];
  }
  CTP_HD void multiply(const Real* left, const Real* right) {
    CTP_UNROLL
    for (int k = 0; k < depth; ++k) {
      Real a[each], b[each];
      CTP_UNROLL
      for (int i = 0; i < each; ++i) {
        a[i] = left[k * stride + place(0, i)];
        b[i] = right[k * stride + place(0, i)];
      }
      CTP_UNROLL
      for (int r = 0; r < each; ++r) {
        CTP_UNROLL
        for (int c = 0; c < each; ++c) sums_[r][c] = std::fma(a[r], b[c], sums_[r][c]);
      }
    }
  }

  Real sums_[each][each];
};

/// matched[i] = the score of the matched rows i, with the bits that ScoreBlock gives.
template <class Real>
struct MatchedScores {
  Index width;
  const Real *left, *right;
  Real* matched;
  CTP_HD void operator()(Index i) const {
    Real sum = 0;
    for (Index k = 0; k < width; ++k) sum = std::fma(left[i * width + k], right[i * width + k], sum);
    matched[i] = sum;
  }
};

/// 1 if score `x` of row `at` ranks before score `matched` of row `matched_at`: greater, or equal and earlier.
template <class Real>
CTP_HD int is_ahead(Real x, Index at, Real matched, Index matched_at) {
  return x > matched || (x == matched && at < matched_at) ? 1 : 0;
}

/// @brief Counts, for each row of a tile, the columns that rank before the row's match, and for each column the rows
/// that rank before the column's match. A block for each tile of 128 x 128 scores. A count is at most 128.
template <class Real>
struct CountAhead {
  using Scores = ScoreBlock<Real>;
  static constexpr bool cooperative = true;
  static constexpr int threads = Scores::threads, least_blocks = 2;
  static constexpr std::uint8_t not_counted = 255;  ///< a score is not finite

  Index n, tiles;
  int width;
  const Real *left, *right, *matched;
  std::uint8_t *left_ahead, *right_ahead;  ///< [tiles, n]

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Index row_tile = t.block() / tiles, column_tile = t.block() % tiles;
    const Index first_row = row_tile * Scores::side, first_column = column_tile * Scores::side;
    Scores scores;
    scores.compute(t, width, left + first_row * width, static_cast<int>(n - first_row), right + first_column * width,
                   static_cast<int>(n - first_column));

    Real matched_of_column[Scores::each];
    int by_row[Scores::each], by_column[Scores::each];
    CTP_UNROLL
    for (int c = 0; c < Scores::each; ++c) {
      const Index j = first_column + Scores::column(t, c);
      matched_of_column[c] = j < n ? matched[j] : Real(0);
      by_row[c] = by_column[c] = 0;
    }
    bool finite = true;
    CTP_UNROLL
    for (int r = 0; r < Scores::each; ++r) {
      const Index i = first_row + Scores::row(t, r);
      const Real matched_of_row = i < n ? matched[i] : Real(0);
      CTP_UNROLL
      for (int c = 0; c < Scores::each; ++c) {
        const Index j = first_column + Scores::column(t, c);
        if (i >= n || j >= n) continue;
        const Real x = scores.score(r, c);
        finite = finite && x - x == Real(0);
        by_row[r] += is_ahead(x, j, matched_of_row, i);
        by_column[c] += is_ahead(x, i, matched_of_column[c], j);
      }
    }

    t.sync();                                          // all threads have used the operands
    auto* counts = t.template shared<std::uint8_t>();  // [lanes, side] of the rows, then of the columns
    CTP_UNROLL
    for (int i = 0; i < Scores::each; ++i) {
      const int of_row = t.id() % Scores::lanes, of_column = Scores::lanes + t.id() / Scores::lanes;
      counts[of_row * Scores::side + Scores::row(t, i)] = finite ? static_cast<std::uint8_t>(by_row[i]) : not_counted;
      counts[of_column * Scores::side + Scores::column(t, i)] = static_cast<std::uint8_t>(by_column[i]);
    }
    t.sync();
    const bool of_rows = t.id() < Scores::side;
    const int at = t.id() % Scores::side;
    const Index place = (of_rows ? first_row : first_column) + at;
    if (place >= n) return;
    int ahead = 0;
    bool counted = true;
    for (int lane = 0; lane < Scores::lanes; ++lane) {
      const std::uint8_t count = counts[((of_rows ? 0 : Scores::lanes) + lane) * Scores::side + at];
      ahead += count;
      counted = counted && count != not_counted;
    }
    (of_rows ? left_ahead + column_tile * n : right_ahead + row_tile * n)[place] =
        counted ? static_cast<std::uint8_t>(ahead) : not_counted;
  }
};

/// rank[i] = the sum of the tiles' counts.
struct AddAhead {
  Index n, tiles;
  const std::uint8_t* ahead;
  std::uint8_t not_counted;
  std::int32_t* rank;
  CTP_HD void operator()(Index i) const {
    std::int32_t sum = 0;
    bool counted = true;
    for (Index tile = 0; tile < tiles; ++tile) {
      const std::uint8_t count = ahead[tile * n + i];
      sum += count;
      counted = counted && count != not_counted;
    }
    rank[i] = counted ? sum : not_finite;
  }
};

/// @brief The ten best items of a chunk of the gallery, for 128 queries in one block.
///
/// Each tile of scores goes to shared memory, 64 columns at a time. Two threads for each query scan half of the columns
/// each and keep their ten best scores; at the end the two lists are merged.
template <class Real>
struct TopOfChunk {
  using Scores = ScoreBlock<Real>;
  static constexpr bool cooperative = true;
  static constexpr int threads = Scores::threads, least_blocks = 2;
  static constexpr int shown = 64, shown_stride = shown + 1, looked_at = shown / 2;
  static constexpr std::size_t shown_bytes =
      std::max(Scores::shared_bytes, std::size_t{Scores::side} * shown_stride * sizeof(Real));
  static constexpr std::size_t shared_bytes =
      shown_bytes + std::size_t{top_items} * threads * (sizeof(Real) + sizeof(std::int32_t));

  Index queries, gallery, row_tiles, of_chunk;  ///< of_chunk: items, whole tiles
  int width;
  const Real *query, *items;
  Real* best;               ///< [chunks, ten, queries]
  std::int32_t* best_item;  ///< [chunks, ten, queries]

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Index chunk = t.block() / row_tiles, first_row = t.block() % row_tiles * Scores::side;
    const Index begin = chunk * of_chunk, rest = gallery - begin;
    const Real* chunk_items = items + begin * width;
    const int rows = static_cast<int>(queries - first_row),
              columns = static_cast<int>(rest < of_chunk ? rest : of_chunk);
    Real* shown_scores = t.template shared<Real>();
    Real* lists = shown_scores + shown_bytes / sizeof(Real);  // [ten, threads]
    auto* list_items = reinterpret_cast<std::int32_t*>(lists + top_items * threads);
    Real* mine = lists + t.id();
    std::int32_t* my_items = list_items + t.id();
    for (int s = 0; s < top_items; ++s) {
      mine[s * threads] = no_score<Real>;
      my_items[s * threads] = no_item;
    }

    const int row = t.id() % Scores::side, part = t.id() / Scores::side;
    bool finite = true;
    for (int first = 0; first < columns; first += Scores::side) {
      Scores scores;
      scores.compute(t, width, query + first_row * width, rows, chunk_items + Index{first} * width, columns - first);
      CTP_UNROLL
      for (int half = 0; half < 2; ++half) {
        t.sync();  // all threads have used the operands or scanned the other half
        CTP_UNROLL
        for (int r = 0; r < Scores::each; ++r) {
          CTP_UNROLL
          for (int c = 0; c < Scores::each / 2; ++c)
            shown_scores[Scores::row(t, r) * shown_stride + Scores::column(t, c)] =
                scores.score(r, half * (Scores::each / 2) + c);
        }
        t.sync();
        if (row >= rows) continue;
        const Real* seen = shown_scores + row * shown_stride + part * looked_at;
        const int column = first + half * shown + part * looked_at;
        for (int c = 0; c < looked_at && column + c < columns; ++c) {
          const Real x = seen[c];
          finite = finite && x - x == Real(0);
          if (x > mine[(top_items - 1) * threads])
            insert(x, static_cast<std::int32_t>(begin) + column + c, mine, my_items);
        }
      }
    }
    if (!finite) my_items[0] = not_finite;
    t.sync();
    if (part == 0 && row < rows) merge(chunk, first_row + row, mine, my_items);
  }

 private:
  /// Inserts a score that is among a list's ten best; its item comes after all items of the list.
  CTP_HD static void insert(Real x, std::int32_t item, Real* list, std::int32_t* list_items) {
    int at = top_items - 1;
    for (; at > 0 && x > list[(at - 1) * threads]; --at) {
      list[at * threads] = list[(at - 1) * threads];
      list_items[at * threads] = list_items[(at - 1) * threads];
    }
    list[at * threads] = x;
    list_items[at * threads] = item;
  }
  /// Merges a list with the list of the thread `side` further on, and writes the ten best.
  CTP_HD void merge(Index chunk, Index row, const Real* list, const std::int32_t* list_items) const {
    const Real* other = list + Scores::side;
    const std::int32_t* other_items = list_items + Scores::side;
    const bool finite = list_items[0] != not_finite && other_items[0] != not_finite;
    for (int s = 0; s < top_items; ++s) {
      const bool take = *list > *other || (*list == *other && *list_items < *other_items);
      const Index to = (chunk * top_items + s) * queries + row;
      best[to] = take ? *list : *other;
      best_item[to] = !finite ? not_finite : take ? *list_items : *other_items;
      (take ? list : other) += threads;
      (take ? list_items : other_items) += threads;
    }
  }
};

/// Merges a query's lists, one for each chunk, into its ten best: a warp for each query, a lane for each list.
template <class Real>
struct MergeTop {
  Index queries, chunks;
  const Real* best;
  const std::int32_t* best_item;
  std::int32_t* item;  ///< [queries, ten]

  template <class Thread>
  CTP_HD void operator()(const Warp<Thread>& warp, Index row) const {
    const bool has_list = warp.lane() < chunks;
    const auto at = [&](int place) { return (warp.lane() * Index{top_items} + place) * queries + row; };
    const bool finite = warp.max(has_list && best_item[at(0)] == not_finite ? 1 : 0) == 0;
    for (int s = 0, place = 0; s < top_items; ++s) {
      const bool has = has_list && place < top_items;
      const Real x = has ? best[at(place)] : no_score<Real>;
      const int candidate = has ? best_item[at(place)] : no_item;
      const Real top = warp.max(x);
      const int first = -warp.max(x == top ? -candidate : INT_MIN);  // the lowest item wins ties
      if (candidate == first) ++place;
      if (warp.lane() == 0) item[row * top_items + s] = finite ? first : not_finite;
    }
  }
};

}  // namespace kernel

/// @brief Ranks and best items by inner product. backend::RanksRows documents each operation.
template <class Runtime, class Real>
struct Ranking {
  static void retrieval_ranks(Index n, Index width, const Real* left, const Real* right, std::int32_t* left_rank,
                              std::int32_t* right_rank) {
    using Count = kernel::CountAhead<Real>;
    if (n <= 0) return;
    const Index tiles = tiles_of(n);
    auto* matched = static_cast<Real*>(
        Runtime::scratch(static_cast<std::size_t>(n) * (sizeof(Real) + 2 * static_cast<std::size_t>(tiles))));
    auto *left_ahead = reinterpret_cast<std::uint8_t*>(matched + n), *right_ahead = left_ahead + tiles * n;
    launch_each<Runtime>(n, kernel::MatchedScores<Real>{width, left, right, matched});
    Runtime::launch(tiles * tiles, Count::threads, Count::Scores::shared_bytes,
                    Count{n, tiles, static_cast<int>(width), left, right, matched, left_ahead, right_ahead});
    launch_each<Runtime>(n, kernel::AddAhead{n, tiles, left_ahead, Count::not_counted, left_rank});
    launch_each<Runtime>(n, kernel::AddAhead{n, tiles, right_ahead, Count::not_counted, right_rank});
  }

  static void top_ten(Index queries, Index gallery, Index width, const Real* query, const Real* items,
                      std::int32_t* item) {
    using Top = kernel::TopOfChunk<Real>;
    if (queries <= 0) return;
    // Enough blocks for the largest devices, so that the last blocks leave little idle; a lane of a warp for each
    // chunk.
    constexpr Index enough_blocks = 132 * 16;
    const Index row_tiles = tiles_of(queries), tiles = std::max<Index>(1, tiles_of(gallery));
    const Index wanted = std::clamp<Index>(enough_blocks / row_tiles, 1, std::min<Index>(warp_size, tiles));
    const Index tiles_of_chunk = (tiles + wanted - 1) / wanted, chunks = (tiles + tiles_of_chunk - 1) / tiles_of_chunk;
    const Index results = chunks * top_items * queries;
    auto* best =
        static_cast<Real*>(Runtime::scratch(static_cast<std::size_t>(results) * (sizeof(Real) + sizeof(std::int32_t))));
    auto* best_item = reinterpret_cast<std::int32_t*>(best + results);
    Runtime::launch(row_tiles * chunks, Top::threads, Top::shared_bytes,
                    Top{queries, gallery, row_tiles, tiles_of_chunk * kernel::ScoreBlock<Real>::side,
                        static_cast<int>(width), query, items, best, best_item});
    launch_rows_by_warp<Runtime>(queries, kernel::MergeTop<Real>{queries, chunks, best, best_item, item});
  }

 private:
  static Index tiles_of(Index rows) {
    constexpr Index side = kernel::ScoreBlock<Real>::side;
    return (rows + side - 1) / side;
  }
};

}  // namespace ctp::backend::cuda
