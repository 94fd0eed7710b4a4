// The kernels of backend/cuda/embedding.hpp, run by simulated threads, against the tests that every backend must pass.
#include <ctp/backend/cuda/embedding.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/embedding.test.cpp"
