// The operations as kernels, with simulated threads.
#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../broadcast.test.cpp"
