#include <ctp/autograd/views.hpp>

#include <support/operation.hpp>

using ctp::Parameter;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::weighted_sum;
using operation::check;
using operation::read;
using operation::Values;

TEST_CASE_TEMPLATE("views: a vector as a row or a column shares value and gradient", B, CTP_TEST_BACKENDS) {
  const Parameter<1> v{1, {5}};
  check<B>(reference::random(7, 1),
           [&](const auto& pass) { return weighted_sum(pass, multiply(pass, as_row(pass[v]), as_row(pass[v]))); });
  check<B>(reference::random(7, 1), [&](const auto& pass) { return weighted_sum(pass, as_column(pass[v])); });
  const auto theta = reference::put<B>(Values(7, 1));
  auto gradient = reference::put<B>(Values(7));
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, gradient.data(), {}};
  CHECK(as_row(pass[v]).value.data == theta.data() + 1);
  CHECK(as_row(pass[v]).grad.data == gradient.data() + 1);
  CHECK(as_row(pass[v]).value.shape == Shape<2>{1, 5});
  CHECK(as_column(pass[v]).value.shape == Shape<2>{5, 1});
  CHECK(as_column(pass[v]).tape == &tape);
}

TEST_CASE_TEMPLATE("views: nothing flows back through a stopped gradient", B, CTP_TEST_BACKENDS) {
  const Values theta = {1, 2, 3};
  const auto found = operation::gradient_and_loss<B>(theta, [](const auto& pass) {
    const auto x = pass[Parameter<1>{0, {3}}];
    auto loss = ctp::weighted_sum(pass, x, stop_gradient(x).value);  // sum of squares; slope x instead of 2 x
    CHECK_FALSE(stop_gradient(x).grad);
    return loss;
  });
  CHECK(found == Values{1, 2, 3, 14});
}

TEST_CASE_TEMPLATE("views: a constant is a number without gradient, in a block as long-lived as the step", B,
                   CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({1});
  auto gradient = reference::put<B>({0});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, gradient.data(), {}};
  const auto seven = ctp::constant(pass, 7);
  CHECK(read(seven) == Values{7});
  CHECK_FALSE(seven.grad);
  (void)enclosed(pass, [&](const Pass<B>& inner) {
    const auto x = inner.make(Shape<1>{3});
    CHECK(x.level == 1);
    CHECK(stop_gradient(x).level == 0);
    CHECK(ctp::constant(inner, 1).level == 0);
    return pass.make(Shape<1>{1});
  });
  const Pass<B> teacher{theta.data(), &tape, nullptr, {}};
  (void)enclosed(teacher, [&](const Pass<B>& inner) {
    CHECK(stop_gradient(inner.make(Shape<1>{3})).level == 1);
    CHECK(ctp::constant(inner, 1).level == 1);
    return teacher.make(Shape<1>{1});
  });
}
