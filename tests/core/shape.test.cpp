#include <ctp/core/shape.hpp>

#include <doctest/doctest.h>

using ctp::Shape;

static_assert(ctp::count(Shape<0>{}) == 1, "a scalar has one element");
static_assert(ctp::count(Shape<3>{2, 3, 5}) == 30 && ctp::count(Shape<2>{4, 0}) == 0);

TEST_CASE("shape: extents are written in brackets, outermost first") {
  CHECK(ctp::to_string(Shape<0>{}) == "[]");
  CHECK(ctp::to_string(Shape<1>{7}) == "[7]");
  CHECK(ctp::to_string(Shape<3>{2, 3, 5}) == "[2,3,5]");
}

TEST_CASE("shape: a mismatch names the function, both operands and the rule") {
  CHECK_NOTHROW(ctp::require_shape(true, "f", "a", Shape<1>{1}, "b", Shape<1>{2}, "rule"));
  CHECK_THROWS_WITH_AS(
      ctp::require_shape(false, "linear", "x", Shape<2>{4, 3}, "bias", Shape<1>{5}, "columns must agree"),
      "linear: x is [4,3] but bias is [5]; columns must agree", ctp::ShapeError);
}

TEST_CASE("shape: require throws a UsageError that starts with the place") {
  CHECK_NOTHROW(ctp::require(true, "f", "never"));
  CHECK_THROWS_WITH_AS(ctp::require(false, "Learner", "no task has begun"), "Learner: no task has begun",
                       ctp::UsageError);
}
