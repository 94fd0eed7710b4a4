#include <ctp/nn/start.hpp>

#include <limits>

#include <doctest/doctest.h>

using ctp::Start;

TEST_CASE("start: the named starts are constants of their kinds") {
  static_assert(Start::Ones.kind() == Start::Kind::Constant && Start::Ones.first() == 1);
  static_assert(Start::Zeros.kind() == Start::Kind::Constant && Start::Zeros.first() == 0);
  static_assert(Start::Weight.kind() == Start::Kind::Weight && Start::Table.kind() == Start::Kind::Table);
  CHECK(Start::constant(1) == Start::Ones);
  CHECK(Start::constant(0) == Start::Zeros);
  CHECK(Start::constant(2) != Start::constant(3));
  CHECK(Start::normal(0, 1) != Start::uniform(0, 1));
}

TEST_CASE("start: numbers that make no distribution are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {nan, infinity, -infinity}) {
    CHECK_THROWS_AS((void)Start::constant(bad), ctp::UsageError);
    CHECK_THROWS_AS((void)Start::normal(bad, 1), ctp::UsageError);
    CHECK_THROWS_AS((void)Start::normal(0, bad), ctp::UsageError);
    CHECK_THROWS_AS((void)Start::uniform(bad, 1), ctp::UsageError);
    CHECK_THROWS_AS((void)Start::uniform(0, bad), ctp::UsageError);
  }
  CHECK_THROWS_AS((void)Start::normal(0, -1), ctp::UsageError);
  CHECK_THROWS_WITH_AS(
      (void)Start::uniform(2, 1),
      "Start::uniform: expected finite numbers, the smaller one first; exchange the two or choose others",
      ctp::UsageError);
  CHECK_THROWS_AS((void)Start::uniform(-1e308, 1e308), ctp::UsageError);  // their difference is not finite
}

TEST_CASE("start: a start lies within limits if none of its values can lie outside") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(Start::constant(2).lies_within(2, 2));
  CHECK_FALSE(Start::constant(2).lies_within(2.5, 3));
  CHECK(Start::uniform(1, 2).lies_within(1, 2));
  CHECK_FALSE(Start::uniform(1, 2).lies_within(1, 1.5));
  CHECK_FALSE(Start::uniform(1, 2).lies_within(1.5, 2));
  for (const Start& unlimited : {Start::normal(0, 1), Start::Weight, Start::Table}) {
    CHECK(unlimited.lies_within(-infinity, infinity));
    CHECK_FALSE(unlimited.lies_within(-infinity, 1e300));
    CHECK_FALSE(unlimited.lies_within(-1e300, infinity));
  }
}
