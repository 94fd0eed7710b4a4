// The tests of every backend, on the kernels of backend/cuda/layer_norm.hpp with simulated threads.
#include <ctp/backend/cuda/layer_norm.hpp>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/layer_norm.test.cpp"
