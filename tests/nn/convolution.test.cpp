#include <ctp/nn/convolution.hpp>

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Index;
using ctp::Pass;
using ctp::Shape;

namespace {

constexpr Index batch = 2, side = 5, in = 3, out = 2;

struct Slots {
  ctp::Layout layout;
  ctp::nn::Convolution every{layout, "every", out, in}, second{layout, "second", out, in, 2};
  ctp::Parameter<2> x = layout.add("x", Shape<2>{batch * side * side, in}, ctp::Start::Weight);
  reference::Values theta = reference::random(layout.size(), 1);
};

/// The sum over the nine cells, cell by cell.
std::vector<double> expected(const Slots& s, const ctp::nn::Convolution& layer) {
  const double *x = s.theta.data() + s.x.offset, *w = s.theta.data() + layer.weight.offset,
               *bias = s.theta.data() + layer.bias.offset;
  const auto nearest = [](Index at) { return std::clamp<Index>(at, 0, side - 1); };
  std::vector<double> y;
  for (Index b = 0; b < batch; ++b)
    for (Index line = 0; line < side; line += layer.stride)
      for (Index column = 0; column < side; column += layer.stride)
        for (Index o = 0; o < out; ++o) {
          double sum = bias[o];
          for (Index dy = -1; dy <= 1; ++dy)
            for (Index dx = -1; dx <= 1; ++dx)
              for (Index c = 0; c < in; ++c)
                sum += w[o * 9 * in + ((dy + 1) * 3 + dx + 1) * in + c] *
                       x[((b * side + nearest(line + dy)) * side + nearest(column + dx)) * in + c];
          y.push_back(sum);
        }
  return y;
}

std::vector<double> output_of(const Slots& s, const ctp::nn::Convolution& layer) {
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape};
  const auto y = layer(pass, pass[s.x], batch, side).value;
  return {y.data, y.data + y.size()};
}

}  // namespace

TEST_CASE("convolution: each cell is the weighted sum of its neighbourhood, with the border repeated") {
  const Slots s;
  for (const auto* layer : {&s.every, &s.second}) {
    const auto result = output_of(s, *layer), reference_result = expected(s, *layer);
    REQUIRE(result.size() == reference_result.size());
    for (std::size_t i = 0; i < reference_result.size(); ++i)
      CHECK(result[i] == doctest::Approx(reference_result[i]).epsilon(1e-12));
  }
}

TEST_CASE("convolution: the gradients to cells, weights and bias equal central differences") {
  const reference::Threads single_thread(1);
  const Slots s;
  const auto report = ctp::testing::check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    const auto all = ctp::testing::weighted_sum(pass, s.every.with_gelu(pass, pass[s.x], batch, side));
    return add(pass, all, ctp::testing::weighted_sum(pass, s.second(pass, pass[s.x], batch, side)));
  });
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("convolution: a grid that the rows do not fill is refused") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape};
  CHECK_THROWS_AS(s.every(pass, pass[s.x], batch, side - 1), ctp::ShapeError);
  CHECK_THROWS_AS(s.every(pass, pass[s.x], 0, side), ctp::ShapeError);
  CHECK_THROWS_AS(ctp::nn::neighbourhoods(pass, pass[s.x], batch, side, 0), ctp::ShapeError);
}
