#include <ctp/autograd/matrix.hpp>

#include <cmath>

#include <support/operation.hpp>

using ctp::Index;
using ctp::Parameter;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::weighted_sum;
using operation::check;
using operation::read;
using operation::sizes;
using operation::Values;

TEST_CASE_TEMPLATE("matrix: products differentiate, also of a matrix with itself", B, CTP_TEST_BACKENDS) {
  for (const auto& size : sizes)
    for (const Index columns : {1, 5}) {
      const Parameter<2> a{0, size}, b{ctp::count(size), {size[1], columns}};
      check<B>(reference::random(ctp::count(size) + size[1] * columns, 2),
               [&](const auto& pass) { return weighted_sum(pass, matmul(pass, pass[a], pass[b])); });
    }
  const Parameter<2> square{0, {5, 5}};
  check<B>(reference::random(25, 2),
           [&](const auto& pass) { return weighted_sum(pass, matmul(pass, pass[square], pass[square])); });
}

TEST_CASE_TEMPLATE("matrix: transpose, softmax and log softmax differentiate", B, CTP_TEST_BACKENDS) {
  for (const auto& size : sizes) {
    const Values theta = reference::random(ctp::count(size), 8);
    const Parameter<2> x{0, size};
    check<B>(theta, [&](const auto& pass) { return weighted_sum(pass, transpose(pass, pass[x])); });
    check<B>(theta, [&](const auto& pass) { return weighted_sum(pass, softmax(pass, pass[x])); });
    check<B>(theta, [&](const auto& pass) { return weighted_sum(pass, log_softmax(pass, pass[x])); });
    check<B>(theta, [&](const auto& pass) {
      return weighted_sum(pass, multiply(pass, softmax(pass, pass[x]), log_softmax(pass, pass[x])));
    });
  }
}

TEST_CASE_TEMPLATE("matrix: operations in enclosed blocks differentiate", B, CTP_TEST_BACKENDS) {
  check<B>(reference::random(35, 8), [](const auto& pass) {
    return weighted_sum(pass, operation::in_blocks(pass, pass[Parameter<2>{0, {5, 7}}], [](const auto& inner, auto x) {
                          const auto turned = transpose(inner, log_softmax(inner, x));
                          return matmul(inner, softmax(inner, matmul(inner, x, turned)), x);
                        }));
  });
}

TEST_CASE_TEMPLATE("matrix: a side without gradient gets none, and constants give constants", B, CTP_TEST_BACKENDS) {
  const Values fixed = reference::random(35, 4);
  check<B>(reference::random(35, 3), [&](const auto& pass) {
    auto teacher = pass;
    teacher.gradient = nullptr;
    const auto old = teacher[Parameter<2>{0, {7, 5}}];
    CHECK_FALSE(softmax(pass, old).grad);
    CHECK_FALSE(transpose(pass, old).grad);
    CHECK_FALSE(matmul(pass, old, transpose(pass, old)).grad);
    auto constant = teacher.make(Shape<2>{7, 5});  // its numbers do not move in the differences
    using B2 = typename std::remove_cvref_t<decltype(pass)>::Backend;
    B2::upload(fixed.data(), 35, constant.value.data);
    return weighted_sum(pass, matmul(pass, pass[Parameter<2>{0, {5, 7}}], softmax(pass, constant)));
  });
}

TEST_CASE_TEMPLATE("matrix: values of softmax and log softmax, without overflow", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({1, 2, 3, 1000, 0, -1000, -2, -2, -2});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto x = pass[Parameter<2>{0, {3, 3}}];
  // numpy 2: e = exp(x - x.max(1)); e / e.sum(1); x - x.max(1) - log(e.sum(1))
  CHECK(reference::off(read(softmax(pass, x)), {0.09003057317038043, 0.24472847105479764, 0.6652409557748218, 1, 0, 0,
                                                0.3333333333333333, 0.3333333333333333, 0.3333333333333333}) < 2e-7);
  const Values logs = read(log_softmax(pass, x));
  CHECK(reference::off(Values(logs.begin(), logs.begin() + 3),
                       {-2.4076059644443806, -1.4076059644443804, -0.4076059644443804}) < 2e-7);
  CHECK(Values(logs.begin() + 3, logs.begin() + 6) == Values{0, -1000, -2000});
  CHECK(logs[6] == doctest::Approx(-1.0986122886681098).epsilon(2e-7));
}

TEST_CASE_TEMPLATE("matrix: products and transposes by hand, and shapes that do not fit", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({1, 2, 3, 4, 5, 6});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto wide = pass[Parameter<2>{0, {2, 3}}], tall = pass[Parameter<2>{0, {3, 2}}];
  CHECK(read(matmul(pass, wide, tall)) == Values{22, 28, 49, 64});
  CHECK(read(transpose(pass, wide)) == Values{1, 4, 2, 5, 3, 6});
  CHECK(transpose(pass, wide).value.shape == Shape<2>{3, 2});
  CHECK_THROWS_WITH_AS((void)matmul(pass, wide, wide),
                       "matmul: a is [2,3] but b is [2,3]; the columns of a are the rows of b", ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)log_softmax(pass, pass[Parameter<2>{0, {2, 0}}]),
                       "log_softmax: x is [2,0] but columns is [0]; a row needs at least one score", ctp::ShapeError);
}
