#include <ctp/nn/layout.hpp>

#include <doctest/doctest.h>

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
