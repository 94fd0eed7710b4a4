#include <ctp/autograd/where.hpp>

#include <cmath>
#include <limits>

#include <ctp/autograd/select.hpp>
#include <ctp/autograd/views.hpp>
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

TEST_CASE_TEMPLATE("where: the chosen values differentiate, also stretched ones", B, CTP_TEST_BACKENDS) {
  for (const auto& size : sizes) {
    const Index n = size[0], m = size[1];
    const Parameter<2> a{0, size}, b{n * m, size}, row{2 * n * m, {1, m}}, column{2 * n * m + m, {n, 1}};
    const Parameter<0> number{2 * n * m + m + n, {}};
    // The masks compare with numbers that do not move.
    const Values theta = reference::random(2 * n * m + m + n + 1, 3), fixed = reference::random(n * m, 12);
    const auto mask_of = [&](const auto& pass, Shape<2> shape) {
      using B2 = typename std::remove_cvref_t<decltype(pass)>::Backend;
      const auto numbers = stop_gradient(pass.make(shape));
      B2::upload(fixed.data(), ctp::count(shape), numbers.value.data);
      const auto mask = greater(pass, numbers, ctp::constant(pass, 0));
      CHECK_FALSE(mask.grad);
      return mask;
    };
    check<B>(theta,
             [&](const auto& pass) { return weighted_sum(pass, where(pass, mask_of(pass, size), pass[a], pass[b])); });
    check<B>(theta, [&](const auto& pass) {
      return weighted_sum(pass, where(pass, mask_of(pass, {n, 1}), pass[row], pass[a]));
    });
    check<B>(theta, [&](const auto& pass) {
      return weighted_sum(pass, where(pass, mask_of(pass, size), pass[number], pass[column]));
    });
    check<B>(theta,
             [&](const auto& pass) { return weighted_sum(pass, where(pass, mask_of(pass, size), pass[a], pass[a])); });
    check<B>(theta, [&](const auto& pass) {
      return weighted_sum(pass, operation::in_blocks(pass, pass[a], [&](const auto& inner, auto x) {
                            return where(inner, mask_of(inner, size), multiply(inner, x, x), inner[row]);
                          }));
    });
  }
}

TEST_CASE_TEMPLATE("where: masks by hand", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({1, 2, 3, 3, 2, 1});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto a = pass[Parameter<1>{0, {3}}], b = pass[Parameter<1>{3, {3}}];
  CHECK(read(greater(pass, a, b)) == Values{0, 0, 1});
  CHECK(read(at_least(pass, a, b)) == Values{0, 1, 1});
  CHECK(read(greater(pass, a, pass[Parameter<0>{1, {}}])) == Values{0, 0, 1});
  CHECK(read(at_least(pass, as_column(a), as_row(b))) == Values{0, 0, 1, 0, 1, 1, 1, 1, 1});
  CHECK(read(where(pass, greater(pass, a, b), a, b)) == Values{3, 2, 3});
  const auto x = pass[Parameter<2>{0, {2, 3}}];
  CHECK(read(equal(pass, row_argmax(pass, x), row_numbers(pass, 2))) == Values{0, 0});
  CHECK(read(equal(pass, row_argmax(pass, pass[Parameter<2>{3, {1, 3}}]), row_numbers(pass, 1))) == Values{1});
}

TEST_CASE_TEMPLATE("where: an element that is not chosen has no influence, even if it is not a number", B,
                   CTP_TEST_BACKENDS) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto found = operation::gradient_and_loss<B>({1, nan, 3, nan, 5, 6}, [](const auto& pass) {
    const auto a = pass[Parameter<1>{0, {3}}], b = pass[Parameter<1>{3, {3}}];
    // NaN is not at least 0: takes b where a is NaN. In element 0 takes a, and b is NaN.
    return weighted_sum(pass, where(pass, at_least(pass, a, ctp::constant(pass, 0)), a, b));
  });
  CHECK(std::isfinite(found.back()));
  CHECK(found[0] != 0);
  CHECK(found[1] == 0);
  CHECK(found[3] == 0);
  CHECK(found[4] != 0);
  CHECK(found[5] == 0);
}

TEST_CASE_TEMPLATE("where: shapes that do not fit are refused by name", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>(Values(6, 1));
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto a = pass[Parameter<1>{0, {3}}], b = pass[Parameter<1>{0, {2}}];
  CHECK_THROWS_WITH_AS((void)where(pass, a, a, b),
                       "where: a is [3] but b is [2]; extents must be equal, or one of the two is 1", ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)where(pass, b, a, a),
                       "where: mask is [2] but a or b is [3]; extents must be equal, or one of the two is 1",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)greater(pass, a, b),
                       "greater: a is [3] but b is [2]; extents must be equal, or one of the two is 1",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)equal(pass, row_numbers(pass, 2), row_numbers(pass, 3)),
                       "equal: a is [2] but b is [3]; each number has one to compare with", ctp::ShapeError);
}
