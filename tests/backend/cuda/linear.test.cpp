// The tests of every backend, on the kernels of backend/cuda/linear.hpp with simulated threads.
#include <ctp/backend/cuda/linear.hpp>

#include <algorithm>
#include <utility>

#include <support/simulated_cuda.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include <support/packed_values.hpp>
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
using reference::error;
using reference::half_unit;
using reference::in_bfloat16;
using reference::PackedValues;

constexpr std::pair<Index, Index> sizes[] = {{7, 12}, {9, 33}, {1, 1}, {17, 128}};  ///< rows and columns of a result
constexpr Index inputs = 5;

Values column_sums(const Values& x, Index rows, Index columns) {
  return reference::product(false, false, 1, columns, rows, 1, Values(at(rows), 1), rows, x, columns);
}

}  // namespace

TEST_CASE("linear: the input of GELU is stored in bfloat16, and GELU reads what is stored") {
  for (const auto& [rows, out] : sizes)
    for (const Index begin : {0, 1, 4}) {
      CAPTURE(rows);
      CAPTURE(out);
      CAPTURE(begin);
      const Values x = in_bfloat16(random(rows * inputs, 1)), w = in_bfloat16(random(out * inputs, 2));
      const Values bias = in_bfloat16(random(out, 3));
      Values plain = reference::product(false, true, rows, out, inputs, 1, x, inputs, w, inputs);
      for (Index i = 0; i < rows * out; ++i) plain[at(i)] += bias[at(i % out)];
      auto bx = put<Rounding>(x), bw = put<Rounding>(w), bb = put<Rounding>(bias);
      PackedValues before(rows * out, begin), packed(rows * out, begin);
      auto activated = reference::room<Rounding>(rows * out);
      Rounding::linear(rows, inputs, out, bx.data(), bw.data(), bb.data(), nullptr, before.data(), packed.data());
      CHECK(error(before.values(), plain) < 1.01 * half_unit);
      Values gelu;
      for (const double v : before.values()) gelu.push_back(reference::gelu(v));
      CHECK(error(packed.values(), gelu) < 1.01 * half_unit);
      Rounding::linear(rows, inputs, out, bx.data(), bw.data(), bb.data(), nullptr, before.data(), activated.data());
      CHECK(error(activated.to_host<double>(), gelu) < 1e-5);
    }
}

TEST_CASE("linear: the gradient of the result is Real or Packed, through GELU or not") {
  for (const auto& [rows, out] : sizes)
    for (const Index begin : {0, 1})
      for (const bool with_gelu : {true, false})
        for (const bool with_bias : {true, false})
          for (const bool packed : {true, false}) {
            CAPTURE(rows);
            CAPTURE(out);
            CAPTURE(with_gelu);
            CAPTURE(packed);
            const Values x = in_bfloat16(random(rows * inputs, 1)), w = in_bfloat16(random(out * inputs, 2));
            PackedValues before(random(rows * out, 4), begin), dy(random(rows * out, 3), begin);
            const Values stored = before.values(), g = packed ? dy.values() : random(rows * out, 3);
            Values through;
            for (std::size_t i = 0; i < g.size(); ++i)
              through.push_back(with_gelu ? g[i] * reference::gelu_slope(stored[i]) : g[i]);
            auto bx = put<Rounding>(x), bw = put<Rounding>(w), bdy = put<Rounding>(g);
            auto dx = reference::room<Rounding>(rows * inputs), dw = reference::room<Rounding>(out * inputs);
            auto dbias = reference::room<Rounding>(out);
            auto* const gelu_input = with_gelu ? before.data() : nullptr;
            auto* const to = with_bias ? dbias.data() : nullptr;
            if (packed)
              Rounding::linear_backward(rows, inputs, out, bx.data(), bw.data(), gelu_input, dy.data(), dx.data(), true,
                                        dw.data(), to);
            else
              Rounding::linear_backward(rows, inputs, out, bx.data(), bw.data(), gelu_input, bdy.data(), dx.data(),
                                        true, dw.data(), to);
            // What the products read; a number in the middle of two may be rounded to the other.
            const Values read = packed ? dy.values() : in_bfloat16(through);
            CHECK(error(read, through) < 1.01 * half_unit);
            CHECK(error(dx.to_host<double>(),
                        reference::product(false, false, rows, inputs, out, 1, read, out, w, inputs)) < 1e-2);
            CHECK(error(dw.to_host<double>(),
                        reference::product(true, false, out, inputs, rows, 1, read, out, x, inputs)) < 1e-2);
            if (with_bias) CHECK(error(dbias.to_host<double>(), column_sums(through, rows, out)) < 1e-5);
          }
}

TEST_CASE("linear: a Packed gradient is what the products read, so that nothing is rounded once more") {
  constexpr Index rows = 9, out = 33;
  PackedValues x(random(rows * inputs, 1)), dy(random(rows * out, 3)), dx(rows * inputs);
  const Values w = in_bfloat16(random(out * inputs, 2)), before = dy.values();
  auto bw = put<Rounding>(w), dw = reference::room<Rounding>(out * inputs);
  const long roundings = Rounding::roundings();
  Rounding::linear_backward(rows, inputs, out, x.data(), bw.data(), nullptr, dy.data(), dx.data(), true, dw.data(),
                            nullptr);
  CHECK(Rounding::roundings() == roundings + 1);  // of w
  CHECK(dy.values() == before);
  CHECK(error(dw.to_host<double>(),
              reference::product(true, false, out, inputs, rows, 1, before, out, x.values(), inputs)) < 1e-5);
  CHECK(error(dx.values(), reference::product(false, false, rows, inputs, out, 1, before, out, w, inputs)) <
        1.01 * half_unit);
}

TEST_CASE("linear: a Packed gradient of x is overwritten, and zero without outputs") {
  auto w = put<Rounding>(random(33 * inputs, 2)), dy = put<Rounding>(random(9 * 33, 3));
  PackedValues dx(9 * inputs);
  const auto backward = [&](Index out, bool overwrite) {
    Rounding::linear_backward(9, inputs, out, nullptr, w.data(), nullptr, dy.data(), dx.data(), overwrite, nullptr,
                              nullptr);
  };
  CHECK_THROWS_AS(backward(33, false), ctp::UsageError);
  backward(0, true);
  CHECK(dx.values() == Values(at(9 * inputs), 0.0));
  auto before = put<Rounding>(random(9 * 33, 4));
  PackedValues packed(random(9 * 33, 3));
  CHECK_THROWS_AS(Rounding::linear_backward(9, inputs, 33, nullptr, w.data(), before.data(), packed.data(), dx.data(),
                                            true, nullptr, nullptr),
                  ctp::UsageError);
}
