// The tests of every backend, on the kernels of backend/cuda/ranking.hpp, and a comparison with the host's ranking:
// with simulated threads, or on the device that CTP_TEST_BACKENDS names.
#include <ctp/backend/cuda/ranking.hpp>

#ifndef CTP_TEST_BACKENDS
#include <support/simulated_cuda.hpp>
#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>
#endif

#include "../generic/ranking.test.cpp"

TEST_CASE_TEMPLATE("ranking: rounded scores are one chain of fused multiply-adds", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index n : {1, 63, 65, 130, 257})
    for (const Index width : {1, 7, 256}) {
      CAPTURE(n);
      CAPTURE(width);
      const auto left = reference::with_copies<Real>(n, width, 1), right = reference::with_copies<Real>(n, width, 2);

      CHECK(reference::ranks<B>(left, right, n, width) == reference::sorted_ranks(left, right, n, width));
      CHECK(reference::top_ten<B>(left, right, n, width) == reference::sorted_ten(left, right, n, width));
    }
}

TEST_CASE_TEMPLATE("ranking: the device ranks exact scores like the host", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  using Host = ctp::backend::generic::Ranking<Real>;
  for (const Index n : {1, 12, 140, 259}) {
    CAPTURE(n);
    constexpr Index width = 9;
    const auto left = reference::few_values<Real>(n, width, 1), right = reference::few_values<Real>(n, width, 2);

    CHECK(reference::ranks<B>(left, right, n, width) == reference::ranks<Host>(left, right, n, width));
    CHECK(reference::top_ten<B>(left, right, n, width) == reference::top_ten<Host>(left, right, n, width));
  }
}
