#include <ctp/optim/parameter_group.hpp>

#include <doctest/doctest.h>

using ctp::optim::matches;

TEST_CASE("parameter_group: a pattern without stars is the name itself") {
  CHECK(matches("head.weight", "head.weight"));
  CHECK_FALSE(matches("head", "head.weight"));
  CHECK_FALSE(matches("head.weight", "head"));
  CHECK_FALSE(matches("", "head"));
  CHECK(matches("", ""));
}

TEST_CASE("parameter_group: a star stands for any text, also an empty one") {
  CHECK(matches("*", ""));
  CHECK(matches("*", "head.weight"));
  CHECK(matches("head*", "head"));
  CHECK(matches("*.bias", "blocks.0.bias"));
  CHECK_FALSE(matches("*.bias", "blocks.0.bias.x"));
  CHECK(matches("*blocks*bias", "vit.blocks.0.norm.bias"));
  CHECK_FALSE(matches("*blocks*bias", "vit.head.bias"));
  CHECK(matches("a*ab", "aaab"));  // the star must give back what it took too much
  CHECK(matches("**a**", "bab"));
  CHECK_FALSE(matches("a*b*c", "acb"));
}
