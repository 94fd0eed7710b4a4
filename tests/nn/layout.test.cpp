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
