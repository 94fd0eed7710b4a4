// The tests of every backend, on the kernels of backend/cuda/linear.hpp with simulated threads.
#include <ctp/backend/cuda/linear.hpp>

#include <algorithm>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include "../generic/linear.test.cpp"

// Not for a device, whose products need the alignment of an allocation.
TEST_CASE_TEMPLATE("linear: results may begin at any number of an array", B, CTP_TEST_BACKENDS) {
  constexpr Index rows = 8, out = 5, in = 3;
  const Values x = random(rows * in, 1), w = random(out * in, 2), bias = random(out, 3);
  Values plain = reference::product(false, true, rows, out, in, 1, x, in, w, in), gelu;
  for (Index i = 0; i < rows * out; ++i) gelu.push_back(reference::gelu(plain[at(i)] += bias[at(i % out)]));
  auto bx = put<B>(x), bw = put<B>(w), bb = put<B>(bias);
  for (const Index y_begin : {0, 1, 2})
    for (const Index activated_begin : {0, 1, 2}) {
      Values expected_y(at(rows * out + 3), 9), expected_activated = expected_y;
      auto y = put<B>(expected_y), activated = put<B>(expected_y);
      std::copy(plain.begin(), plain.end(), expected_y.begin() + y_begin);
      std::copy(gelu.begin(), gelu.end(), expected_activated.begin() + activated_begin);
      B::linear(rows, in, out, bx.data(), bw.data(), bb.data(), nullptr, y.data() + y_begin,
                activated.data() + activated_begin);
      CHECK(off<B>(y, expected_y) < rounding<B>);
      CHECK(off<B>(activated, expected_activated) < rounding<B>);
    }
}
