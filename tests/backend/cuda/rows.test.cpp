// The tests of every backend, on the kernels of backend/cuda/rows.hpp with simulated threads.
#include <ctp/backend/cuda/rows.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/rows.test.cpp"
