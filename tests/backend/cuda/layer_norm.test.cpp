// The kernels of backend/cuda/layer_norm.hpp, run by simulated threads, against the tests that every backend must pass.
#include <ctp/backend/cuda/layer_norm.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/layer_norm.test.cpp"
