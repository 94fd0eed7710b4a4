#include <ctp/backend/cuda/kernel/launch.hpp>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

namespace {

using ctp::Index;
using Runtime = ctp::test::SimulatedRuntime<double>;

struct Count {
  int* times;
  CTP_HD void operator()(Index i) const { ++times[i]; }
};

/// A body that reads before it writes.
struct Double {
  int* x;
  [[nodiscard]] CTP_HD int read(Index i) const { return x[i]; }
  CTP_HD void use(int loaded, Index i) const { x[i] = 2 * loaded; }
};

/// Sum and maximum of a row of `width` numbers, written by every thread of the team.
struct RowSums {
  Index width;
  const double* x;
  double *sum, *max;
  int* teams;  ///< number of threads of each team

  template <class Team>
  CTP_HD void operator()(const Team& team, Index row) const {
    double total = 0, top = x[row * width];
    for (Index j = team.lane(); j < width; j += team.size()) {
      const double one = x[row * width + j];
      total += one;
      top = one > top ? one : top;
    }
    sum[row] = team.sum(total);
    max[row] = team.max(top);
    teams[row] = team.size();
  }
};

/// A body with a bound of one warp and no other constant.
struct OneWarp {
  static constexpr bool cooperative = false;
  static constexpr int threads = 32;
  int* count;
  template <class Thread>
  CTP_HD void operator()(const Thread&) const {
    ++*count;
  }
};

struct SaysNothing {};

}  // namespace

TEST_CASE("launch: the body runs once for each element, also for more elements than threads") {
  for (const Index n : {0, 1, 255, 256, 257, 600'000}) {
    CAPTURE(n);
    std::vector<int> times(static_cast<std::size_t>(n) + 1, 0);
    ctp::backend::cuda::launch_each<Runtime>(n, Count{times.data()});
    const std::vector<int> expected(static_cast<std::size_t>(n), 1);
    CHECK(times.back() == 0);
    times.pop_back();
    CHECK(times == expected);
  }
}

TEST_CASE("launch: a body that reads ahead is used once for each element") {
  constexpr Index all = Index{132} * 16 * 256;  // threads of the largest launch
  for (const Index n : {Index{0}, Index{1}, Index{257}, all + 7, 4 * all + 5, 5 * all}) {
    CAPTURE(n);
    std::vector<int> x(static_cast<std::size_t>(n) + 1), expected(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = static_cast<int>(i) + 1;
      expected[i] = i + 1 < x.size() ? 2 * x[i] : x[i];
    }
    ctp::backend::cuda::launch_each<Runtime>(n, Double{x.data()});
    CHECK((x == expected));
  }
}

TEST_CASE(
    "launch: a warp computes a short row, a block a row of over 2048 elements; all threads of a team get the sum") {
  constexpr Index rows = 5;
  for (const Index width : {1, 31, 33, 2048, 2049, 5000}) {
    CAPTURE(width);
    std::vector<double> x(static_cast<std::size_t>(rows * width)), sum(rows), max(rows), expected(rows), top(rows);
    std::vector<int> teams(rows);
    for (Index row = 0; row < rows; ++row)
      for (Index j = 0; j < width; ++j) {
        const double one = static_cast<double>((row * 37 + j * 53) % 997 - 600);
        x[static_cast<std::size_t>(row * width + j)] = one;
        expected[static_cast<std::size_t>(row)] += one;
        top[static_cast<std::size_t>(row)] = j == 0 ? one : std::max(one, top[static_cast<std::size_t>(row)]);
      }
    ctp::backend::cuda::launch_rows<Runtime>(rows, width,
                                             RowSums{width, x.data(), sum.data(), max.data(), teams.data()});
    CHECK(sum == expected);
    CHECK(max == top);
    CHECK(teams == std::vector<int>(rows, width <= 2048 ? 32 : ctp::backend::cuda::most_threads));
  }
}

TEST_CASE("launch: without rows nothing is launched") {
  ctp::backend::cuda::launch_rows<Runtime>(0, 10, RowSums{});
  ctp::backend::cuda::launch_rows<Runtime>(0, 5000, RowSums{});
}

TEST_CASE("launch: a body's own bounds, and the defaults") {
  namespace cuda = ctp::backend::cuda;
  static_assert(cuda::threads_of<OneWarp>() == 32 && cuda::least_blocks_of<OneWarp>() == 0);
  static_assert(cuda::threads_of<SaysNothing>() == cuda::most_threads);
  static_assert(cuda::threads_of<cuda::detail::ForEachKernel<Count>>() == 256);
  int count = 0;
  Runtime::launch(3, 32, 0, OneWarp{&count});
  CHECK(count == 96);
  CHECK_THROWS_AS(Runtime::launch(1, 64, 0, OneWarp{&count}), std::logic_error);
}
