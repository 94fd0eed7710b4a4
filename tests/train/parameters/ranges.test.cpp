#include <ctp/train/parameters/ranges.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "train/synthetic_batches.hpp"

namespace {

/// Three parameters at 0, 16 and 48; 64 places.
ctp::Layout three() {
  ctp::Layout layout;
  layout.add<1>("vit.norm.bias", {3}, ctp::Start::Zeros);
  layout.add<1>("vit.proj.weight", {20}, ctp::Start::Zeros);
  layout.add<1>("bert.norm.bias", {1}, ctp::Start::Zeros);
  return layout;
}
using Groups = std::vector<ctp::optim::ParameterGroup>;

std::string complaint(const Groups& groups) {
  try {
    ctp::parameter_ranges(three(), groups);
  } catch (const ctp::UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("parameter ranges: without groups, one plain range over all places") {
  const auto ranges = ctp::parameter_ranges(three(), {});
  CHECK(ranges.plain());
  CHECK(ranges.list().front().end == 64);
}

TEST_CASE("parameter ranges: groups match by name; the last one counts, for each number by itself") {
  const auto ranges = ctp::parameter_ranges(three(), {{.pattern = "*.bias", .rate = 3, .decay = 0},
                                                      {.pattern = "vit.*", .freeze = true},
                                                      {.pattern = "bert.*", .rate = 2},
                                                      {.pattern = "vit.proj*", .freeze = false, .decay = 0.5}});
  REQUIRE(ranges.list().size() == 3);
  CHECK(ranges.list()[0].frozen);
  CHECK(ranges.list()[0].end == 16);
  CHECK_FALSE(ranges.list()[1].frozen);
  CHECK(ranges.list()[1].rate == 1);
  CHECK(ranges.list()[1].decay == 0.5);
  CHECK(ranges.list()[1].end == 48);
  CHECK(ranges.list()[2].rate == 2);
  CHECK(ranges.list()[2].decay == 0);
  const auto count = ctp::frozen_count(three(), ranges);
  CHECK(count.weights == 3);
  CHECK(count.parameters == 1);
}

TEST_CASE("parameter ranges: parameters of one place, whose names stand in another order, have their own numbers") {
  ctp::Layout layout;
  const auto w = layout.reserve<2>("w", {6, 3});
  const auto b = layout.reserve<1>("b", {6});
  for (const ctp::Index half : {0, 1}) {
    layout.add_part(std::to_string(half) + ".w", w, 3 * half, 3, ctp::Start::Weight);
    layout.add_part(std::to_string(half) + ".b", b, 3 * half, 3, ctp::Start::Zeros);
  }
  CHECK(ctp::parameter_ranges(layout, {}).plain());
  const auto ranges = ctp::parameter_ranges(layout, {{.pattern = "1.*", .freeze = true}});
  std::string text;
  for (const auto& range : ranges.list())
    text += std::to_string(range.begin) + "-" + std::to_string(range.end) + (range.frozen ? "! " : " ");
  CHECK(text == "0-9 9-32! 32-35 35-48! ");
  CHECK(ctp::frozen_count(layout, ranges).weights == 12);
}

TEST_CASE("parameter ranges: an empty parameter takes no place of the one behind it") {
  ctp::Layout layout;
  for (int i = 0; i < 20; ++i) layout.add<1>("w" + std::to_string(i), {3}, ctp::Start::Zeros);
  layout.add<1>("empty", {0}, ctp::Start::Zeros);
  layout.add<1>("last", {3}, ctp::Start::Zeros);
  const auto ranges = ctp::parameter_ranges(layout, {{.pattern = "last", .freeze = true}});
  REQUIRE(ranges.list().size() == 2);
  CHECK(ranges.list()[1].begin == 320);
  CHECK(ranges.list()[1].end == 336);
  CHECK(ranges.list()[1].frozen);
}

TEST_CASE("parameter ranges: a place without a name, or with two, is refused") {
  const auto refusal = [](const std::vector<ctp::Index>& parts) {
    ctp::Layout layout;
    const auto place = layout.reserve<2>("w", {20, 3});
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
      layout.add_part("part" + std::to_string(i), place, parts[i], parts[i + 1], ctp::Start::Zeros);
    layout.add<1>("behind", {3}, ctp::Start::Zeros);
    try {
      ctp::parameter_ranges(layout, {});
    } catch (const ctp::UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal({0, 20}).empty());
  CHECK(refusal({0, 7, 7, 13}).empty());
  CHECK(refusal({0, 7}).find("parameter behind") != std::string::npos);
  CHECK(refusal({7, 13}).find("parameter part0") != std::string::npos);
  CHECK(refusal({0, 10, 0, 20}).find("parameter part2") != std::string::npos);
}

TEST_CASE("parameter ranges: a pattern that no parameter has is refused with the nearest name and an example") {
  const std::string what = complaint({{.pattern = "vit.norm.bais", .freeze = true}});
  CHECK(what.find("'vit.norm.bais', which none matches") != std::string::npos);
  CHECK(what.find("did you mean \"vit.norm.bias\"?") != std::string::npos);
  CHECK(what.find("'vit*'") != std::string::npos);
}

TEST_CASE("parameter ranges: factors below 0 or not finite are refused by name") {
  CHECK(complaint({{.pattern = "vit*", .rate = -1}}).find("rate: expected a factor from 0, found -1") !=
        std::string::npos);
  CHECK(complaint({{.pattern = "vit*", .decay = std::numeric_limits<double>::infinity()}}).find("decay") !=
        std::string::npos);
}

TEST_CASE("parameter ranges: an optimiser without ranges is refused where it would ignore what is asked") {
  CHECK(ctp::checked_ranges(three(), {}, false).plain());
  CHECK_NOTHROW(ctp::checked_ranges(three(), {.clip_norm = 1}, true));
  CHECK_THROWS_AS(ctp::checked_ranges(three(), {.clip_norm = 1}, false), ctp::UsageError);
  CHECK_THROWS_AS(ctp::checked_ranges(three(), {.groups = {{.pattern = "*", .rate = 2}}}, false), ctp::UsageError);
  CHECK_THROWS_AS(ctp::checked_ranges(three(), {.clip_norm = -1}, true), ctp::UsageError);
  CHECK_THROWS_AS(ctp::checked_ranges(three(), {.clip_norm = std::numeric_limits<double>::quiet_NaN()}, true),
                  ctp::UsageError);
}
