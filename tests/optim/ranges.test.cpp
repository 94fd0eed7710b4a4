#include <ctp/optim/ranges.hpp>

#include <doctest/doctest.h>

using ctp::optim::Range;
using ctp::optim::Ranges;

TEST_CASE("ranges: neighbours that are trained alike are one range") {
  Ranges ranges;
  ranges.append({.begin = 0, .end = 16});
  ranges.append({.begin = 16, .end = 32});
  CHECK(ranges.list().size() == 1);
  CHECK(ranges.plain());
  ranges.append({.begin = 32, .end = 48, .rate = 0.5});
  ranges.append({.begin = 48, .end = 64, .rate = 0.5, .decay = 0});
  ranges.append({.begin = 64, .end = 64, .frozen = true});  // empty
  CHECK(ranges.list().size() == 3);
  CHECK(ranges.list()[0].end == 32);
  CHECK_FALSE(ranges.plain());
}

TEST_CASE("ranges: one range is plain only without factors, clamps and freezing") {
  CHECK(Ranges(5).plain());
  for (const Range& range : {Range{.end = 5, .frozen = true}, Range{.end = 5, .rate = 2}, Range{.end = 5, .decay = 0},
                             Range{.end = 5, .least = -1}, Range{.end = 5, .most = 1}}) {
    Ranges ranges;
    ranges.append(range);
    CHECK_FALSE(ranges.plain());
  }
}

TEST_CASE("ranges: the moving places are all but the frozen ones, in as few spans as there can be") {
  Ranges ranges;
  ranges.append({.begin = 0, .end = 2});
  ranges.append({.begin = 2, .end = 3, .decay = 0});
  ranges.append({.begin = 3, .end = 7, .frozen = true});
  ranges.append({.begin = 7, .end = 8, .frozen = true, .rate = 2});  // a frozen range has no rate
  ranges.append({.begin = 8, .end = 9});
  CHECK(ranges.list().size() == 4);
  CHECK(ranges.moving().size() == 2);
  CHECK(ranges.moving()[0].begin == 0);
  CHECK(ranges.moving()[0].end == 3);
  CHECK(ranges.moving()[1].begin == 8);
  CHECK(ranges.moving()[1].end == 9);
}
