#include <ctp/autograd/elementwise.hpp>

#include <cmath>
#include <limits>

#include <support/operation.hpp>

using ctp::Parameter;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::weighted_sum;
using operation::check;
using operation::read;
using operation::sizes;
using operation::Values;
using reference::at;
namespace elementwise = ctp::elementwise;

namespace {

/// Checks map() with f at random numbers, or at positive ones.
template <class B, class F>
void check_function(F f, bool positive = false) {
  for (const auto& size : sizes) {
    Values theta = reference::random(ctp::count(size), 5);
    if (positive)
      for (double& x : theta) x = 0.1 + x * x;
    check<B>(theta, [&](const auto& pass) { return weighted_sum(pass, map(pass, pass[Parameter<2>{0, size}], f)); });
  }
}

/// f at the given numbers.
template <class B, class F>
Values values_of(F f, const Values& x) {
  const auto theta = reference::put<B>(x);
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  return read(map(pass, pass[Parameter<1>{0, {static_cast<ctp::Index>(x.size())}}], f));
}
/// The slopes of f at the given numbers.
template <class B, class F>
Values slopes_of(F f, const Values& x) {
  Values slopes = operation::gradient_and_loss<B>(x, [&](const auto& pass) {
    const auto y = map(pass, pass[Parameter<1>{0, {static_cast<ctp::Index>(x.size())}}], f);
    auto loss = pass.make(Shape<0>{});
    pass.record([=] { B::fill(y.value.size(), typename B::Real(1), y.grad.data); });
    return loss;
  });
  slopes.pop_back();
  return slopes;
}

const Values points = {-100, -20, -1.5, -0.25, 0, 0.25, 1.5, 20, 100};

/// x^3: a function that is not in the library.
struct Cube {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return x * x * x;
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return 3 * x * x;
  }
};
struct NoSlope {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return x;
  }
};
static_assert(ctp::ElementwiseFunction<Cube>);
static_assert(!ctp::ElementwiseFunction<NoSlope>);

}  // namespace

TEST_CASE_TEMPLATE("elementwise: all functions differentiate", B, CTP_TEST_BACKENDS) {
  check_function<B>(elementwise::Exp{});
  check_function<B>(elementwise::Log{}, true);
  check_function<B>(elementwise::Sqrt{}, true);
  check_function<B>(elementwise::Softplus{});
  check_function<B>(elementwise::Sigmoid{});
  check_function<B>(elementwise::Tanh{});
  check_function<B>(elementwise::Huber{0.75});
  check_function<B>(elementwise::Clamp{-0.55, 0.8});
  check_function<B>(Cube{});
}

TEST_CASE_TEMPLATE("elementwise: a value mapped twice gets both gradients, also in enclosed blocks", B,
                   CTP_TEST_BACKENDS) {
  check<B>(reference::random(35, 6), [](const auto& pass) {
    return weighted_sum(pass, operation::in_blocks(pass, pass[Parameter<2>{0, {5, 7}}], [](const auto& inner, auto x) {
                          return multiply(inner, map(inner, x, elementwise::Softplus{}), map(inner, x, Cube{}));
                        }));
  });
}

TEST_CASE_TEMPLATE("elementwise: values of softplus, sigmoid, tanh, huber and clamp, without overflow", B,
                   CTP_TEST_BACKENDS) {
  // numpy 2: logaddexp(0, x); 1 / (1 + exp(-x)); tanh(x); where(abs(x) <= .75, x * x / 2, .75 * (abs(x) - .375))
  CHECK(reference::off(values_of<B>(elementwise::Softplus{}, points),
                       {3.720075976020836e-44, 2.061153620314381e-09, 0.2014132779827524, 0.5759394198788436,
                        0.6931471805599453, 0.8259394198788436, 1.7014132779827524, 20.000000002061153, 100.0}) < 2e-7);
  const Values sigmoid = {3.7200759760208356e-44,
                          2.0611536181902037e-09,
                          0.18242552380635635,
                          0.43782349911420193,
                          0.5,
                          0.5621765008857981,
                          0.8175744761936437,
                          0.9999999979388463,
                          1.0};
  CHECK(reference::off(values_of<B>(elementwise::Sigmoid{}, points), sigmoid) < 2e-7);
  CHECK(reference::off(slopes_of<B>(elementwise::Softplus{}, points), sigmoid) < 2e-7);
  CHECK(slopes_of<B>(elementwise::Softplus{}, {20})[0] > 0.9999);
  CHECK(slopes_of<B>(elementwise::Sigmoid{}, {20})[0] == doctest::Approx(2.0611536139418495e-09).epsilon(1e-6));
  CHECK(reference::off(values_of<B>(elementwise::Tanh{}, points), {-1, -1, -0.9051482536448665, -0.24491866240370913, 0,
                                                                   0.24491866240370913, 0.9051482536448665, 1, 1}) <
        2e-7);
  CHECK(values_of<B>(elementwise::Huber{0.75}, points) ==
        Values{74.71875, 14.71875, 0.84375, 0.03125, 0, 0.03125, 0.84375, 14.71875, 74.71875});
  CHECK(slopes_of<B>(elementwise::Huber{0.75}, points) ==
        Values{-0.75, -0.75, -0.75, -0.25, 0, 0.25, 0.75, 0.75, 0.75});
  CHECK(values_of<B>(elementwise::Clamp{-0.25, 1}, points) == Values{-0.25, -0.25, -0.25, -0.25, 0, 0.25, 1, 1, 1});
  CHECK(slopes_of<B>(elementwise::Clamp{-0.25, 1.5}, points) == Values{0, 0, 0, 1, 1, 1, 1, 0, 0});
  CHECK(values_of<B>(elementwise::Clamp{.least = 0}, points) == Values{0, 0, 0, 0, 0, 0.25, 1.5, 20, 100});
}

TEST_CASE_TEMPLATE("elementwise: log and sqrt at 0, at tiny and at negative numbers", B, CTP_TEST_BACKENDS) {
  const double tiny = static_cast<double>(std::numeric_limits<typename B::Real>::min());
  const Values logs = values_of<B>(elementwise::Log{}, {0, tiny / 4, tiny, 1e-30, 0.5, 3, -1});
  CHECK(logs[0] == doctest::Approx(std::log(tiny)).epsilon(1e-6));
  CHECK(logs[1] == logs[0]);
  CHECK(logs[2] == logs[0]);
  CHECK(logs[3] == doctest::Approx(-69.07755278982137).epsilon(1e-6));
  CHECK(logs[4] == doctest::Approx(-0.6931471805599453).epsilon(1e-6));
  CHECK(logs[5] == doctest::Approx(1.0986122886681098).epsilon(1e-6));
  CHECK(std::isnan(logs[6]));
  const Values log_slopes = slopes_of<B>(elementwise::Log{}, {0, tiny, 0.5, -1});
  CHECK(log_slopes[0] == log_slopes[1]);
  CHECK(std::isfinite(log_slopes[1]));
  CHECK(log_slopes[2] == 2);
  CHECK(std::isnan(log_slopes[3]));
  const Values roots = values_of<B>(elementwise::Sqrt{}, {0, 4, -1}),
               slopes = slopes_of<B>(elementwise::Sqrt{}, {0, 4, -1});
  CHECK(roots[0] == 0);
  CHECK(roots[1] == 2);
  CHECK(std::isnan(roots[2]));
  CHECK(slopes[0] == 0);
  CHECK(slopes[1] == 0.25);
  CHECK(std::isnan(slopes[2]));
}

TEST_CASE_TEMPLATE("elementwise: NaN is kept by every function", B, CTP_TEST_BACKENDS) {
  const Values nan = {std::numeric_limits<double>::quiet_NaN()};
  CHECK(std::isnan(values_of<B>(elementwise::Exp{}, nan)[0]));
  CHECK(std::isnan(values_of<B>(elementwise::Log{}, nan)[0]));
  CHECK(std::isnan(values_of<B>(elementwise::Sqrt{}, nan)[0]));
  CHECK(std::isnan(values_of<B>(elementwise::Softplus{}, nan)[0]));
  CHECK(std::isnan(values_of<B>(elementwise::Sigmoid{}, nan)[0]));
  CHECK(std::isnan(values_of<B>(elementwise::Tanh{}, nan)[0]));
  CHECK(std::isnan(values_of<B>(elementwise::Huber{}, nan)[0]));
  CHECK(std::isnan(values_of<B>(elementwise::Clamp{}, nan)[0]));
}

TEST_CASE_TEMPLATE("elementwise: a value with gradient needs a pass that records one; a constant has none", B,
                   CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({1, 2});
  auto gradient = reference::put<B>({0, 0});
  ctp::Tape<B> tape;
  const Pass<B> online{theta.data(), &tape, gradient.data(), {}}, teacher{theta.data(), &tape, nullptr, {}};
  const Parameter<1> slot{0, {2}};
  CHECK_FALSE(map(online, teacher[slot], Cube{}).grad);
  CHECK_THROWS_WITH_AS((void)map(teacher, online[slot], Cube{}),
                       "map: an operand has a gradient, but the pass records none; take the pass of the online model, "
                       "or stop_gradient()",
                       ctp::UsageError);
}
