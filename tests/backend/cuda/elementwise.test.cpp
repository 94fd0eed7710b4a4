// The kernels of backend/cuda/elementwise.hpp, run by simulated threads, against the tests that every backend must
// pass.
#include <ctp/backend/cuda/elementwise.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/elementwise.test.cpp"
