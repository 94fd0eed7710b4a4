// The tests of every backend, on the kernels of backend/cuda/parameters.hpp with simulated threads.
#include <ctp/backend/cuda/parameters.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/parameters.test.cpp"
