// Shapes, places and sums of broadcasting, beside plain loops over rows and columns.
#include <ctp/autograd/broadcast.hpp>

#include <array>
#include <vector>

#include <support/operation.hpp>

using ctp::Index;
using ctp::Pass;
using ctp::Shape;
using ctp::detail::Extents;
using ctp::detail::Stretch;
using reference::at;
using reference::Values;

namespace {

/// Rows and columns of an operand, and of the result that the operand stretches to.
constexpr std::array<std::array<Index, 4>, 7> stretches{
    {{5, 7, 5, 7}, {1, 7, 5, 7}, {5, 1, 5, 7}, {1, 1, 5, 7}, {1, 1, 1, 1}, {1, 3, 1, 3}, {1, 1, 40, 41}}};

Stretch stretch_of(const std::array<Index, 4>& s) { return {{s[0], s[1]}, {s[2], s[3]}}; }
/// Place in the operand of row r and column c of the result.
Index expected_place(const Stretch& s, Index r, Index c) {
  return (s.from.rows == 1 ? 0 : r) * s.from.columns + (s.from.columns == 1 ? 0 : c);
}

}  // namespace

TEST_CASE("broadcast: shapes are those of numpy") {
  using ctp::detail::broadcast_shape;
  CHECK(broadcast_shape("op", "a", Shape<0>{}, "b", Shape<2>{5, 7}) == Shape<2>{5, 7});
  CHECK(broadcast_shape("op", "a", Shape<1>{3}, "b", Shape<0>{}) == Shape<1>{3});
  CHECK(broadcast_shape("op", "a", Shape<2>{5, 1}, "b", Shape<2>{1, 7}) == Shape<2>{5, 7});
  CHECK(broadcast_shape("op", "a", Shape<1>{1}, "b", Shape<1>{4}) == Shape<1>{4});
  CHECK(broadcast_shape("op", "a", Shape<2>{1, 7}, "b", Shape<2>{0, 7}) == Shape<2>{0, 7});
  CHECK_THROWS_WITH_AS(
      broadcast_shape("op", "a", Shape<2>{5, 7}, "b", Shape<2>{5, 6}),
      doctest::Contains("op: a is [5,7] but b is [5,6]; extents must be equal, or one of the two is 1"),
      ctp::ShapeError);
  // Matrices stretch, tensors of higher rank do not.
  CHECK_THROWS_AS(broadcast_shape("op", "a", Shape<3>{1, 2, 3}, "b", Shape<3>{4, 2, 3}), ctp::ShapeError);
}

TEST_CASE("broadcast: a place in a stretched operand is that of its row and column") {
  for (const auto& numbers : stretches) {
    const Stretch s = stretch_of(numbers);
    for (Index r = 0; r < s.to.rows; ++r)
      for (Index c = 0; c < s.to.columns; ++c) {
        CHECK(s.place()(r * s.to.columns + c) == expected_place(s, r, c));
        if (s.flat()) CHECK(s.flat_place()(r * s.to.columns + c) == expected_place(s, r, c));
      }
  }
  CHECK(stretch_of({5, 7, 5, 7}).none());
  CHECK_FALSE(stretch_of({1, 7, 5, 7}).flat());
}

TEST_CASE("broadcast: a vector is one row, a scalar one number") {
  CHECK(ctp::detail::extents_of(Shape<2>{5, 7}).rows == 5);
  CHECK(ctp::detail::extents_of(Shape<1>{7}).rows == 1);
  CHECK(ctp::detail::extents_of(Shape<1>{7}).columns == 7);
  CHECK(ctp::detail::extents_of(Shape<0>{}).size() == 1);
}

TEST_CASE_TEMPLATE("broadcast: the gradient of a stretched operand is the sum over its places", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const auto& numbers : stretches) {
    const Stretch s = stretch_of(numbers);
    const Values each = reference::random(s.to.size(), 3), before = reference::random(s.from.size(), 4);
    Values expected = before;
    for (Index r = 0; r < s.to.rows; ++r)
      for (Index c = 0; c < s.to.columns; ++c) expected[at(expected_place(s, r, c))] += each[at(r * s.to.columns + c)];

    auto grad = reference::put<B>(before), unused = reference::put<B>(before);
    const auto slopes = reference::put<B>(each);
    ctp::Tape<B> tape;
    const Pass<B> pass{unused.data(), &tape, unused.data(), {}};
    const ctp::detail::StretchedGradient<B> gradient(pass, s, grad.data());
    if (gradient.adds())
      B::add_scaled(s.to.size(), Real(1), slopes.data(), gradient.target());
    else
      B::copy(slopes.data(), s.to.size(), gradient.target());
    gradient.collect();

    CHECK(reference::off(grad.template to_host<double>(), expected) < reference::rounding<B>);
  }
}

TEST_CASE_TEMPLATE("broadcast: a sum over all numbers, below and above the number of partial sums", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index n : {0, 1, 511, 512, 513, 5000}) {
    const Values x = reference::random(n, 5);
    double total = 0;
    for (const double value : x) total += value;
    const auto numbers = reference::put<B>(x);
    auto y = reference::put<B>({3});
    ctp::Tape<B> tape;
    const Pass<B> pass{nullptr, &tape};
    const ctp::Tensor<Real, 1, B> partial = ctp::detail::partial_sums(pass, n);

    ctp::detail::sum_all<B>(n, numbers.data(), 0.5, true, partial, y.data());

    CHECK(reference::off(y.template to_host<double>(), {3 + total / 2}) < reference::rounding<B>);
    ctp::detail::sum_all<B>(n, numbers.data(), 2, false, partial, y.data());
    CHECK(reference::off(y.template to_host<double>(), {2 * total}) < reference::rounding<B>);
  }
}
