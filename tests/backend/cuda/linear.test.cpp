// The kernels of backend/cuda/linear.hpp, run by simulated threads, against the tests that every backend must pass.
#include <ctp/backend/cuda/linear.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/linear.test.cpp"
