// The kernels of backend/cuda/rows.hpp, run by simulated threads, against the tests that every backend must pass.
#include <ctp/backend/cuda/rows.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/rows.test.cpp"
