#include <ctp/autograd/distances.hpp>

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

TEST_CASE_TEMPLATE("distances: both sides differentiate", B, CTP_TEST_BACKENDS) {
  for (const auto& size : sizes)
    for (const Index rows : {1, 7}) {
      const Parameter<2> a{0, size}, b{ctp::count(size), {rows, size[1]}};
      check<B>(reference::random(ctp::count(size) + rows * size[1], 6),
               [&](const auto& pass) { return weighted_sum(pass, distances(pass, pass[a], pass[b])); });
    }
}

TEST_CASE_TEMPLATE("distances: the rows of a matrix among themselves differentiate, also in enclosed blocks", B,
                   CTP_TEST_BACKENDS) {
  // The diagonal, at which a distance has a kink, is multiplied by 0.
  const Parameter<2> x{0, {5, 3}};
  check<B>(reference::random(15, 6), [&](const auto& pass) {
    auto off_diagonal = pass.make(Shape<2>{5, 5});
    using B2 = typename std::remove_cvref_t<decltype(pass)>::Backend;
    Values mask(25, 1.0);
    for (std::size_t i = 0; i < 5; ++i) mask[6 * i] = 0;
    B2::upload(mask.data(), 25, off_diagonal.value.data);
    const auto y = distances(pass, pass[x], pass[x]);
    return weighted_sum(pass, multiply(pass, y, off_diagonal));
  });
  check<B>(reference::random(25, 6), [](const auto& pass) {
    return weighted_sum(pass, operation::in_blocks(pass, pass[Parameter<2>{0, {5, 5}}], [](const auto& inner, auto a) {
                          return distances(inner, a, scale(inner, a, -1));
                        }));
  });
}

TEST_CASE_TEMPLATE("distances: values by hand; equal rows have distance 0 and no gradient", B, CTP_TEST_BACKENDS) {
  const Values numbers = {0, 0, 3, 4, -1, 2, 0, 0, 6, 8};
  const auto theta = reference::put<B>(numbers);
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const Parameter<2> a{0, {3, 2}}, b{6, {2, 2}};
  // numpy 2: sqrt(((a[:, None] - b[None]) ** 2).sum(-1))
  CHECK(reference::off(read(distances(pass, pass[a], pass[b])), {0, 10, 5, 5, 2.23606797749979, 9.219544457292887}) <
        1e-7);
  const auto slopes = operation::gradient_and_loss<B>(numbers, [&](const auto& online) {
    const auto y = distances(online, online[Parameter<2>{0, {1, 2}}], online[b]);
    auto loss = online.make(Shape<0>{});
    using B2 = typename std::remove_cvref_t<decltype(online)>::Backend;
    B2::zero(loss.value.data, 1);
    online.record([=] { B2::fill(2, typename B2::Real(1), y.grad.data); });
    return loss;
  });
  // Of row (0,0) to (0,0): nothing. To (6,8): a unit vector.
  CHECK(reference::off(slopes, {-0.6, -0.8, 0, 0, 0, 0, 0, 0, 0.6, 0.8, 0}) < 1e-7);
}

TEST_CASE_TEMPLATE("distances: rows that are near each other have an accurate distance", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({1000, 1000.0009765625});  // 1000 + 2^-10, which a float holds
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  CHECK(read(distances(pass, pass[Parameter<2>{0, {1, 1}}], pass[Parameter<2>{1, {1, 1}}])) == Values{0.0009765625});
  CHECK_THROWS_WITH_AS((void)distances(pass, pass[Parameter<2>{0, {1, 2}}], pass[Parameter<2>{0, {2, 1}}]),
                       "distances: a is [1,2] but b is [2,1]; rows must be equally wide", ctp::ShapeError);
}
