#include <ctp/nn/layout.hpp>

#include <limits>
#include <string>

#include <doctest/doctest.h>

namespace {

/// The message with which rules of a parameter are refused; empty if they are taken.
std::string refusal(const ctp::ParameterRules& rules) {
  ctp::Layout layout;
  try {
    (void)layout.add<1>("x", {2}, rules);
  } catch (const ctp::UsageError& error) {
    CHECK(layout.size() == 0);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("layout: every parameter begins at a multiple of 16 values, in the order of the calls") {
  ctp::Layout layout;

  const auto a = layout.add<2>("a", {3, 7}, ctp::Start::Weight);
  const auto b = layout.add<1>("b", {16}, ctp::Start::Zeros);
  const auto c = layout.add<1>("c", {1}, ctp::Start::Ones);

  CHECK(a.offset == 0);
  CHECK(b.offset == 32);  // 21 rounded up
  CHECK(c.offset == 48);
  CHECK(layout.size() == 64);
  CHECK(layout.weights() == 21 + 16 + 1);
  REQUIRE(layout.parameters().size() == 3);
  CHECK(layout.parameters()[0].name == "a");
  CHECK(layout.parameters()[0].shape == std::vector<std::int64_t>{3, 7});
  CHECK(layout.parameters()[2].offset == c.offset);
  CHECK(layout.parameters()[2].start == ctp::Start::Ones);
}

TEST_CASE("layout: sizes whose product or sum does not fit are refused by name, and the layout stays as it was") {
  ctp::Layout layout;
  (void)layout.add<1>("first", {3}, ctp::Start::Zeros);
  constexpr ctp::Index large = ctp::Index{1} << 40;
  CHECK_THROWS_WITH_AS((void)layout.add<2>("table", {large, large}, ctp::Start::Zeros),
                       "parameter table: shape: expected at most 2^60 values in all parameters, found "
                       "[1099511627776,1099511627776]; choose a smaller model",
                       ctp::UsageError);
  CHECK_THROWS_AS((void)layout.add<3>("wraps", {ctp::Index{1} << 32, ctp::Index{1} << 31, 2}, ctp::Start::Zeros),
                  ctp::UsageError);
  CHECK_THROWS_AS((void)layout.add<1>("negative", {-1}, ctp::Start::Zeros), ctp::UsageError);
  (void)layout.add<1>("most", {(ctp::Index{1} << 60) - 32}, ctp::Start::Zeros);
  CHECK_THROWS_AS((void)layout.add<1>("sum", {32}, ctp::Start::Zeros), ctp::UsageError);
  CHECK(layout.parameters().size() == 2);
  CHECK(layout.size() == (ctp::Index{1} << 60) - 16);
}

TEST_CASE("layout: the rules of a parameter are kept, and are those of any weight if nobody gave them") {
  ctp::Layout layout;
  (void)layout.add<1>("plain", {3}, ctp::Start::Weight);
  const auto scale =
      layout.add<0>("scale", {}, {.start = ctp::Start::constant(2.5), .decay = 0, .rate = 0.5, .least = -1, .most = 3});
  CHECK(scale.offset == 16);
  const ctp::ParameterInfo &plain = layout.parameters()[0], &p = layout.parameters()[1];
  CHECK(plain.decay == 1);
  CHECK(plain.rate == 1);
  CHECK(plain.least == -std::numeric_limits<double>::infinity());
  CHECK(plain.most == std::numeric_limits<double>::infinity());
  CHECK(p.shape.empty());
  CHECK(p.size() == 1);
  CHECK(p.start == ctp::Start::constant(2.5));
  CHECK(p.decay == 0);
  CHECK(p.rate == 0.5);
  CHECK(p.least == -1);
  CHECK(p.most == 3);
  CHECK(layout.size() == 32);
}

TEST_CASE("layout: rules out of range, and a start outside of the limits, are refused by the parameter's name") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK(refusal({.decay = -1}) ==
        "parameter x: decay: expected a finite factor of 0 or more, found -1; 0 means no weight decay");
  CHECK(refusal({.rate = -0.5}) ==
        "parameter x: rate: expected a finite factor of 0 or more, found -0.5; 0 means a fixed value");
  CHECK(refusal({.least = 2, .most = 1}) ==
        "parameter x: least and most: expected a range, the smaller number first, found 2 to 1; exchange the two or "
        "choose others");
  CHECK(refusal({.start = ctp::Start::constant(5), .least = 0, .most = 4.5}) ==
        "parameter x: start: expected a value from 0 to 4.5, found 5; choose another start or a wider range");
  CHECK(refusal({.start = ctp::Start::normal(1, 1), .least = 0}).find("found values that may lie outside") !=
        std::string::npos);
  for (const double bad : {nan, infinity}) {
    CHECK_FALSE(refusal({.decay = bad}).empty());
    CHECK_FALSE(refusal({.rate = bad}).empty());
  }
  CHECK_FALSE(refusal({.least = nan}).empty());
  CHECK_FALSE(refusal({.most = nan}).empty());
  CHECK(refusal({.start = ctp::Start::uniform(0, 1), .least = 0, .most = 1}).empty());
}

TEST_CASE(
    "layout: parameters of one place lie without gaps, in the order of the place, under names in the order of calls") {
  ctp::Layout layout;
  const auto w = layout.reserve<2>("w", {6, 3});
  const auto b = layout.reserve<1>("b", {6});
  for (const ctp::Index half : {0, 1}) {
    layout.add_part(std::to_string(half) + ".w", w, 3 * half, 3, ctp::Start::Weight);
    layout.add_part(std::to_string(half) + ".b", b, 3 * half, 3, ctp::Start::Zeros);
  }
  std::string places;
  for (const ctp::ParameterInfo& p : layout.parameters())
    places += p.name + " " + std::to_string(p.offset) + "+" + std::to_string(p.size()) + " ";
  CHECK(places == "0.w 0+9 0.b 32+3 1.w 9+9 1.b 35+3 ");
  CHECK(layout.size() == 48);
  CHECK(layout.weights() == 24);
  CHECK(layout.parameters()[2].shape == std::vector<std::int64_t>{3, 3});
  CHECK(layout.parameters()[2].start == ctp::Start::Weight);
}

TEST_CASE("layout: a part outside of its place is refused by name") {
  ctp::Layout layout;
  const auto w = layout.reserve<2>("w", {6, 3});
  CHECK_THROWS_WITH_AS(
      layout.add_part("late", w, 4, 3, ctp::Start::Zeros),
      "parameter late: rows: expected rows of the place [6,3], found [4,3]; give the first row and the "
      "number of rows",
      ctp::UsageError);
  CHECK_THROWS_AS(layout.add_part("early", w, -1, 2, ctp::Start::Zeros), ctp::UsageError);
  CHECK_THROWS_AS(layout.add_part("none", w, 0, -1, ctp::Start::Zeros), ctp::UsageError);
  CHECK(layout.parameters().empty());
  CHECK_THROWS_AS((void)layout.reserve<1>("negative", {-1}), ctp::UsageError);
  CHECK(layout.size() == 32);
}

TEST_CASE("layout: parameters of a policy have its name before theirs, and no two of them have one name") {
  ctp::Layout layout;
  (void)layout.add<1>("bias", {3}, ctp::Start::Zeros);
  const auto add_bias = [](ctp::Layout& own) { (void)own.add<1>("bias", {2}, ctp::Start::Zeros); };
  layout.add_of_policy("mine", add_bias);
  layout.add_of_policy("other", add_bias);
  CHECK_THROWS_WITH_AS(
      layout.add_of_policy("mine", add_bias),
      "parameter policy.mine.bias: expected one parameter of this name, found two; give each policy of "
      "a strategy a name of its own, and each of its parameters",
      ctp::UsageError);
  (void)layout.add<1>("last", {1}, ctp::Start::Zeros);  // no prefix is left behind by the error
  std::string names;
  for (const ctp::ParameterInfo& p : layout.parameters()) names += p.name + " ";
  CHECK(names == "bias policy.mine.bias policy.other.bias last ");
}

TEST_CASE("layout: a policy within a policy leads its parameters by its own name, and leaves the outer name in place") {
  ctp::Layout layout;
  const auto add = [](ctp::Layout& own, const char* name) { (void)own.add<1>(name, {2}, ctp::Start::Zeros); };
  layout.add_of_policy("outer", [&](ctp::Layout& own) {
    add(own, "before");
    own.add_of_policy("inner", [&](ctp::Layout& within) { add(within, "x"); });
    add(own, "between");
    CHECK_THROWS_AS(own.add_of_policy("inner", [&](ctp::Layout& within) { add(within, "x"); }), ctp::UsageError);
    add(own, "after");
  });
  add(layout, "last");
  std::string names;
  for (const ctp::ParameterInfo& p : layout.parameters()) names += p.name + " ";
  CHECK(names == "policy.outer.before policy.inner.x policy.outer.between policy.outer.after last ");
}
