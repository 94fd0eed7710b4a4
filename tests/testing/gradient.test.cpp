#include <ctp/testing/gradient.hpp>

#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/backend/cpu/backend.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::check_gradient;
using ctp::testing::Report;

namespace {
constexpr ctp::Parameter<1> whole{0, {3}};
const std::vector<double> theta = {0.5, -1.5, 2};

bool mentions(const Report& report, const std::string& text) { return report.log.find(text) != std::string::npos; }

// Sum of x^2. The gradient is multiplied by `factor`; the backward pass overwrites gradients if `add` is false.
ctp::Scalar<B> squares(const Pass<B>& pass, double factor, bool add) {
  const auto x = pass[whole];
  auto y = pass.make(Shape<0>{});
  B::dot(3, x.value.data, x.value.data, y.value.data);
  pass.record([=] {
    for (int i = 0; i < 3; ++i) {
      const double g = factor * 2 * x.value.data[i] * *y.grad.data;
      x.grad.data[i] = add ? x.grad.data[i] + g : g;
    }
  });
  return y;
}
}  // namespace

TEST_CASE("gradient: a right gradient passes with an empty log") {
  const Report report = check_gradient<B>(theta, [](const Pass<B>& pass) { return squares(pass, 1, true); });
  CHECK(report.ok);
  CHECK(report.log.empty());
}

TEST_CASE("gradient: a gradient that is off by 1e-5 of itself is reported by element and norm") {
  const Report report = check_gradient<B>(theta, [](const Pass<B>& pass) { return squares(pass, 1 + 1e-5, true); });
  CHECK_FALSE(report.ok);
  CHECK(mentions(report, "theta[0]: tape 1.00001, differences 1"));
  CHECK(mentions(report, "theta[2]: tape 4.00004, differences "));
  CHECK(mentions(report, "norm of the difference 5.09"));
}

TEST_CASE("gradient: a long list of wrong elements is cut") {
  const std::vector<double> many(20, 1.0);
  const auto none = [](const Pass<B>& pass) {
    const auto x = pass[ctp::Parameter<1>{0, {20}}];
    auto y = pass.make(Shape<0>{});
    B::dot(20, x.value.data, x.value.data, y.value.data);
    return y;
  };
  const Report report = check_gradient<B>(many, none);
  CHECK(mentions(report, "theta[7]: tape 0, differences 2"));
  CHECK_FALSE(mentions(report, "theta[8]"));
  CHECK(mentions(report, "... and 12 more elements"));
}

TEST_CASE("gradient: an operation that overwrites gradients instead of adding to them fails") {
  CHECK_FALSE(check_gradient<B>(theta, [](const Pass<B>& pass) { return squares(pass, 1, false); }).ok);
}

TEST_CASE("gradient: NaN fails, in the gradient and in the loss") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Report wrong = check_gradient<B>(theta, [&](const Pass<B>& pass) { return squares(pass, nan, true); });
  CHECK_FALSE(wrong.ok);
  CHECK(mentions(wrong, "norm of the difference"));
  const Report lost =
      check_gradient<B>(theta, [&](const Pass<B>& pass) { return ctp::scale(pass, squares(pass, 1, true), nan); });
  CHECK_FALSE(lost.ok);
  CHECK(mentions(lost, "the loss is "));
}

TEST_CASE("gradient: a loss with another value without gradient fails") {
  const Report report = check_gradient<B>(theta, [](const Pass<B>& pass) {
    return ctp::scale(pass, squares(pass, 1, true), pass.differentiates() ? 1.001 : 1.0);
  });
  CHECK(mentions(report, "the loss is 6.5065 with gradient but 6.5 without"));
}

TEST_CASE("gradient: a loss without gradient is reported, and no difference is computed") {
  const Report report = check_gradient<B>(theta, [](const Pass<B>& pass) {
    auto y = squares(pass, 1, true);
    y.grad = {};
    return y;
  });
  CHECK(report.log == "the loss has no gradient\n");
}

TEST_CASE("gradient: weighted_sum has another derivative by each element") {
  const Report report =
      check_gradient<B>(theta, [](const Pass<B>& pass) { return ctp::testing::weighted_sum(pass, pass[whole]); });
  CHECK_MESSAGE(report.ok, report.log);
  ctp::Tape<B> tape;
  std::vector<double> gradient(3);
  const auto y = ctp::testing::weighted_sum(Pass<B>{theta.data(), &tape, gradient.data(), {}},
                                            Pass<B>{theta.data(), &tape, gradient.data(), {}}[whole]);
  *y.grad.data = 1;
  tape.backward();
  CHECK(*y.value.data == doctest::Approx(0.5 * gradient[0] - 1.5 * gradient[1] + 2 * gradient[2]));
  CHECK(gradient[0] != gradient[1]);
  CHECK(gradient[1] != gradient[2]);
}
