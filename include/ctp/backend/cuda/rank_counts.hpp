/// @file   ctp/backend/cuda/rank_counts.hpp
/// @brief  Counts of scores above and at a bar, as kernels that compute scores and count in one pass.
/// @layer  backend
///
/// As in cuda/ranking.hpp: no score in global memory, scores in the backend's Real, no atomics, the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/cuda/ranking.hpp>
#include <ctp/config.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// score[i] = the score of row left_row[i] with row right_row[i], with the bits that ScoreBlock gives.
template <class Real>
struct PairScores {
  Index width;
  const Real* left;
  const std::int32_t* left_row;
  const Real* right;
  const std::int32_t* right_row;
  Real* score;
  CTP_HD void operator()(Index i) const {
    const Real *a = left + left_row[i] * width, *b = right + right_row[i] * width;
    Real sum = 0;
    for (Index k = 0; k < width; ++k) sum = std::fma(a[k], b[k], sum);
    score[i] = sum;
  }
};

/// @brief Counts, for each row of a tile, the columns that score above the row's bar and those that score the bar. A
/// block for each tile of 128 x 128 scores. A count is at most 128.
template <class Real>
struct CountBeside {
  using Scores = ScoreBlock<Real>;
  static constexpr bool cooperative = true;
  static constexpr int threads = Scores::threads, least_blocks = 2;
  static constexpr std::uint8_t not_counted = 255;  ///< a score is not finite

  Index rows, columns, column_tiles;
  int width;
  const Real *left, *right, *bar;
  std::uint8_t *above, *equal;  ///< [column_tiles, rows]

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const Index row_tile = t.block() / column_tiles, column_tile = t.block() % column_tiles;
    const Index first_row = row_tile * Scores::side, first_column = column_tile * Scores::side;
    Scores scores;
    scores.compute(t, width, left + first_row * width, static_cast<int>(rows - first_row), right + first_column * width,
                   static_cast<int>(columns - first_column));
    int greater[Scores::each], same[Scores::each];
    CTP_UNROLL
    for (int r = 0; r < Scores::each; ++r) {
      const Index i = first_row + Scores::row(t, r);
      const Real bar_of_row = i < rows ? bar[i] : Real(0);
      bool finite = true;
      greater[r] = same[r] = 0;
      CTP_UNROLL
      for (int c = 0; c < Scores::each; ++c) {
        if (i >= rows || first_column + Scores::column(t, c) >= columns) continue;
        const Real x = scores.score(r, c);
        finite = finite && x - x == Real(0);
        greater[r] += x > bar_of_row ? 1 : 0;
        same[r] += x == bar_of_row ? 1 : 0;
      }
      if (!finite) greater[r] = not_counted;
    }

    t.sync();                                          // all threads have used the operands
    auto* counts = t.template shared<std::uint8_t>();  // [lanes, side] above, then equal
    CTP_UNROLL
    for (int r = 0; r < Scores::each; ++r) {
      const int lane = t.id() % Scores::lanes, row = Scores::row(t, r);
      counts[lane * Scores::side + row] = static_cast<std::uint8_t>(greater[r]);
      counts[(Scores::lanes + lane) * Scores::side + row] = static_cast<std::uint8_t>(same[r]);
    }
    t.sync();
    const bool of_above = t.id() < Scores::side;
    const int at = t.id() % Scores::side;
    if (first_row + at >= rows) return;
    int sum = 0;
    bool counted = true;
    for (int lane = 0; lane < Scores::lanes; ++lane) {
      const std::uint8_t count = counts[((of_above ? 0 : Scores::lanes) + lane) * Scores::side + at];
      sum += count;
      counted = counted && count != not_counted;
    }
    (of_above ? above : equal)[column_tile * rows + first_row + at] =
        counted ? static_cast<std::uint8_t>(sum) : not_counted;
  }
};

}  // namespace kernel

/// @brief Scores of listed pairs and counts at a bar. backend::RanksRows documents each operation.
template <class Runtime, class Real>
struct RankCounts {
  static void pair_scores(Index pairs, Index width, const Real* left, const std::int32_t* left_row, const Real* right,
                          const std::int32_t* right_row, Real* score) {
    launch_each<Runtime>(pairs, kernel::PairScores<Real>{width, left, left_row, right, right_row, score});
  }

  static void rank_counts(Index rows, Index columns, Index width, const Real* left, const Real* right, const Real* bar,
                          std::int32_t* above, std::int32_t* equal) {
    using Count = kernel::CountBeside<Real>;
    if (rows <= 0) return;
    constexpr Index side = Count::Scores::side;
    const Index row_tiles = (rows + side - 1) / side, column_tiles = (columns + side - 1) / side;
    auto* tile_above = static_cast<std::uint8_t*>(Runtime::scratch(static_cast<std::size_t>(2 * column_tiles * rows)));
    std::uint8_t* tile_equal = tile_above + column_tiles * rows;
    if (column_tiles > 0)
      Runtime::launch(
          row_tiles * column_tiles, Count::threads, Count::Scores::shared_bytes,
          Count{rows, columns, column_tiles, static_cast<int>(width), left, right, bar, tile_above, tile_equal});
    launch_each<Runtime>(rows, kernel::AddAhead{rows, column_tiles, tile_above, Count::not_counted, above});
    launch_each<Runtime>(rows, kernel::AddAhead{rows, column_tiles, tile_equal, Count::not_counted, equal});
  }
};

}  // namespace ctp::backend::cuda
