// The tests of every backend, on the kernels of backend/cuda/linear.hpp with simulated threads.
#include <ctp/backend/cuda/linear.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

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

namespace {

using Rounding = ctp::test::SimulatedCuda<float, 7>;
using ctp::backend::cuda::Packed;
using Rounded = std::vector<std::uint16_t>;

/// Numbers in bfloat16, from element `begin` of their memory on.
struct PackedValues {
  PackedValues(const Values& x, Index begin = 0) : memory(x.size() + at(begin)), first(begin) {
    for (std::size_t i = 0; i < x.size(); ++i)
      memory[at(begin) + i] =
          static_cast<std::uint16_t>(ctp::backend::cuda::kernel::bfloat16_bits(static_cast<float>(x[i])));
  }
  PackedValues(Index size, Index begin) : PackedValues(Values(at(size), std::nan("")), begin) {}
  Packed* data() { return reinterpret_cast<Packed*>(memory.data() + first); }
  [[nodiscard]] Values values() const {
    Values x;
    for (std::size_t i = at(first); i < memory.size(); ++i)
      x.push_back(static_cast<double>(ctp::backend::cuda::kernel::bfloat16_value(memory[i])));
    return x;
  }
  Rounded memory;
  Index first;
};

/// The largest error of a value, relative to 0.1 + |expected|.
double error(const Values& found, const Values& expected) {
  double most = found.size() == expected.size() ? 0.0 : 1.0;
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    const double one = std::abs(found[i] - expected[i]) / (0.1 + std::abs(expected[i]));
    most = one <= most ? most : one;  // also NaN
  }
  return most;
}
constexpr double half_unit = 0x1p-8;  ///< relative error of one rounding to bfloat16

}  // namespace

TEST_CASE("linear: the input of GELU is stored in bfloat16, and GELU reads what is stored") {
  constexpr Index in = 5;
  for (const auto& [rows, out] : {std::pair<Index, Index>{7, 12}, {9, 33}, {1, 1}, {17, 128}})
    for (const Index begin : {0, 1, 4}) {
      CAPTURE(rows);
      CAPTURE(out);
      CAPTURE(begin);
      const Values x = PackedValues(random(rows * in, 1)).values(), w = PackedValues(random(out * in, 2)).values();
      const Values bias = PackedValues(random(out, 3)).values();
      Values plain = reference::product(false, true, rows, out, in, 1, x, in, w, in);
      for (Index i = 0; i < rows * out; ++i) plain[at(i)] += bias[at(i % out)];
      auto bx = put<Rounding>(x), bw = put<Rounding>(w), bb = put<Rounding>(bias);
      PackedValues before(rows * out, begin), packed(rows * out, begin);
      auto activated = reference::room<Rounding>(rows * out);
      Rounding::linear(rows, in, out, bx.data(), bw.data(), bb.data(), nullptr, before.data(), packed.data());
      CHECK(error(before.values(), plain) < 1.01 * half_unit);
      Values gelu;
      for (const double v : before.values()) gelu.push_back(reference::gelu(v));
      CHECK(error(packed.values(), gelu) < 1.01 * half_unit);
      Rounding::linear(rows, in, out, bx.data(), bw.data(), bb.data(), nullptr, before.data(), activated.data());
      CHECK(error(activated.to_host<double>(), gelu) < 1e-5);
    }
}

TEST_CASE("linear: gradients pass through GELU at the stored input") {
  constexpr Index in = 5;
  for (const auto& [rows, out] : {std::pair<Index, Index>{7, 12}, {9, 33}, {1, 1}, {17, 128}})
    for (const bool with_bias : {true, false}) {
      CAPTURE(rows);
      CAPTURE(out);
      const Values x = random(rows * in, 1), w = PackedValues(random(out * in, 2)).values(), dy = random(rows * out, 3);
      PackedValues before(random(rows * out, 4), 1);
      const Values stored = before.values();
      Values through;
      for (std::size_t i = 0; i < dy.size(); ++i) through.push_back(dy[i] * reference::gelu_slope(stored[i]));
      auto bx = put<Rounding>(x), bw = put<Rounding>(w), bdy = put<Rounding>(dy);
      auto dx = reference::room<Rounding>(rows * in), dbias = reference::room<Rounding>(out);
      Rounding::linear_backward(rows, in, out, bx.data(), bw.data(), before.data(), bdy.data(), dx.data(), true,
                                nullptr, with_bias ? dbias.data() : nullptr);
      const Values ones(at(rows), 1), rounded = PackedValues(through).values();
      CHECK(off<Rounding>(dx, reference::product(false, false, rows, in, out, 1, rounded, out, w, in)) < 0.01);
      if (with_bias)
        CHECK(error(dbias.to_host<double>(),
                    reference::product(false, false, 1, out, rows, 1, ones, rows, through, out)) < 1e-5);
    }
}
