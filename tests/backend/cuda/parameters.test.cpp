// The kernels of backend/cuda/parameters.hpp, run by simulated threads, against the tests that every backend must pass.
#include <ctp/backend/cuda/parameters.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/parameters.test.cpp"
