// Reductions over warps and blocks, and errors of kernels that the simulation must detect.
#include <ctp/backend/cuda/kernel/thread.hpp>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

namespace {

using ctp::Index;
using ctp::backend::cuda::most_threads;
using Runtime = ctp::test::SimulatedRuntime<float>;

/// Block sums and maxima in every thread, twice, so that the second reduction uses written memory.
template <class Real>
struct TeamSums {
  static constexpr bool cooperative = true;
  Real *sum, *max;

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const ctp::backend::cuda::Block<Thread> team(t);
    for (int round = 0; round < 2; ++round) {
      const Real mine = static_cast<Real>((team.lane() * 7 + round) % 64);
      sum[round * team.size() + team.lane()] = team.sum(mine);
      max[round * team.size() + team.lane()] = team.max(mine);
    }
  }
};

/// Matrices in the first half of shared memory, rows of 8 numbers; the words of each lane behind them.
struct LoadMatrices {
  static constexpr bool cooperative = true;
  std::uint32_t *words, *transposed;
  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    auto* const rows = t.template shared<std::uint16_t>();
    for (int i = t.id(); i < 4 * 64; i += t.threads()) rows[i] = static_cast<std::uint16_t>(i);
    t.sync();
    std::uint32_t found[4];
    t.load_matrices(rows, t.id() * 8, found);
    for (int m = 0; m < 4; ++m) words[m * 32 + t.id()] = found[m];
    t.load_transposed(rows, t.id() * 8, found);
    for (int m = 0; m < 4; ++m) transposed[m * 32 + t.id()] = found[m];
  }
};

/// Reads a matrix from an address that is not aligned.
struct LoadUnaligned {
  static constexpr bool cooperative = true;
  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    std::uint32_t found[4];
    t.load_matrices(t.template shared<std::uint16_t>(), t.id() * 8 + 1, found);
  }
};

/// Some threads leave before the barrier.
struct LeavesEarly {
  static constexpr bool cooperative = true;
  int from;
  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    if (t.id() >= from) return;
    t.sync();
  }
};

/// The first lane of each warp misses a shuffle.
struct ShufflesAlone {
  static constexpr bool cooperative = true;
  int* result;
  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    if (t.id() % 32 != 0) result[t.id()] = t.shuffle_xor(t.id(), 1);
  }
};

/// Half of the block waits at one barrier more.
struct OneBarrierMore {
  static constexpr bool cooperative = true;
  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    t.sync();
    if (t.id() < t.threads() / 2) t.sync();
  }
};

/// A copy of each thread, for which it waits or does not wait.
struct Copy {
  static constexpr bool cooperative = true;
  const std::uint16_t* from;
  bool waits;
  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    t.start_copy(t.template shared<std::uint16_t>() + t.id() * 8, from, true);
    t.commit_copies();
    if (waits) t.template wait_copies<0>();
  }
};

}  // namespace

TEST_CASE_TEMPLATE("thread: every thread of a block gets the same sum and maximum", Real, float, double) {
  for (const int threads : {32, 64, 256, most_threads}) {
    CAPTURE(threads);
    std::vector<Real> sum(static_cast<std::size_t>(2 * threads)), max = sum, expected_sum, expected_max;
    for (int round = 0; round < 2; ++round) {
      Real total = 0, top = 0;
      for (int i = 0; i < threads; ++i) {
        total += static_cast<Real>((i * 7 + round) % 64);
        top = std::max(top, static_cast<Real>((i * 7 + round) % 64));
      }
      expected_sum.insert(expected_sum.end(), static_cast<std::size_t>(threads), total);
      expected_max.insert(expected_max.end(), static_cast<std::size_t>(threads), top);
    }
    Runtime::launch(1, threads, ctp::backend::cuda::block_team_bytes, TeamSums<Real>{sum.data(), max.data()});
    CHECK(sum == expected_sum);
    CHECK(max == expected_max);
  }
}

TEST_CASE("simulated threads: a barrier that not all threads of a block reach is an error") {
  CHECK_NOTHROW(Runtime::launch(1, 64, 0, LeavesEarly{64}));
  CHECK_THROWS_AS(Runtime::launch(1, 64, 0, LeavesEarly{32}),
                  std::logic_error);  // one whole warp does not reach the barrier
  CHECK_THROWS_AS(Runtime::launch(1, 64, 0, LeavesEarly{63}), std::logic_error);  // one thread does not
  CHECK_THROWS_AS(Runtime::launch(1, 64, 0, OneBarrierMore{}), std::logic_error);
  CHECK_NOTHROW(Runtime::launch(1, 64, 0, LeavesEarly{64}));  // the next launch is not affected
}

TEST_CASE("simulated threads: a shuffle that not all threads of a warp reach is an error") {
  std::vector<int> result(64);
  CHECK_THROWS_AS(Runtime::launch(1, 64, 0, ShufflesAlone{result.data()}), std::logic_error);
}

TEST_CASE("simulated threads: partial warps, too many threads and too much shared memory are errors") {
  CHECK_THROWS_AS(Runtime::launch(1, 48, 0, OneBarrierMore{}), std::logic_error);
  CHECK_THROWS_AS(Runtime::launch(1, most_threads + 32, 0, OneBarrierMore{}), std::logic_error);
  CHECK_THROWS_AS(Runtime::launch(1, 32, Runtime::shared_limit() + 1, OneBarrierMore{}), std::logic_error);
}

// Element [row, column] of matrix m is 64 m + 8 row + column.
TEST_CASE("thread: a lane gets two neighbours of a row, or of a column, of each of four matrices") {
  std::vector<std::uint32_t> words(4 * 32), transposed(4 * 32);
  Runtime::launch(1, 32, 4 * 64 * sizeof(std::uint16_t), LoadMatrices{words.data(), transposed.data()});
  int wrong = 0;
  for (std::uint32_t m = 0; m < 4; ++m)
    for (std::uint32_t lane = 0; lane < 32; ++lane) {
      const std::uint32_t first = 64 * m + 8 * (lane / 4) + lane % 4 * 2,
                          below = 64 * m + 8 * (lane % 4 * 2) + lane / 4;
      if (words[m * 32 + lane] != (first | (first + 1) << 16U)) ++wrong;
      if (transposed[m * 32 + lane] != (below | (below + 8) << 16U)) ++wrong;
    }
  CHECK(wrong == 0);
  CHECK_THROWS_WITH_AS(Runtime::launch(1, 32, 4 * 64 * sizeof(std::uint16_t) + 16, LoadUnaligned{}),
                       doctest::Contains("not aligned"), std::logic_error);
}

TEST_CASE("simulated threads: copies that are not aligned, or that no thread waits for, are errors") {
  alignas(16) std::uint16_t numbers[16] = {};
  CHECK_NOTHROW(Runtime::launch(1, 32, 512, Copy{numbers, true}));
  CHECK_THROWS_AS(Runtime::launch(1, 32, 512, Copy{numbers, false}), std::logic_error);
  CHECK_THROWS_AS(Runtime::launch(1, 32, 512, Copy{numbers + 1, true}), std::logic_error);
}
