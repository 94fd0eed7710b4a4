#include <ctp/train/guard/spike_window.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/train/state_archive.hpp>

namespace {

/// A window of 20 numbers: ten times 1 and 3, in turn. Their mean is 2, their standard deviation 1.
ctp::SpikeWindow ones_and_threes(std::size_t most = 20) {
  ctp::SpikeWindow window(most);
  for (int i = 0; i < 20; ++i) window.add(i % 2 == 0 ? 1 : 3);
  return window;
}
struct Visited {
  ctp::SpikeWindow& window;
  template <class Archive>
  void visit(Archive& archive) {
    window.visit(archive, "w");
  }
};

}  // namespace

TEST_CASE("spike window: the score is the distance from the mean in standard deviations, by hand") {
  const ctp::SpikeWindow window = ones_and_threes();
  CHECK(*window.score(2) == 0);
  CHECK(*window.score(7) == doctest::Approx(5).epsilon(1e-12));
  CHECK(*window.score(-1) == doctest::Approx(-3).epsilon(1e-12));
}

TEST_CASE("spike window: no score before twenty numbers, nor for a number that is not finite") {
  ctp::SpikeWindow window(100);
  for (int i = 0; i < 19; ++i) window.add(i);
  CHECK(!window.score(1e9));
  window.add(std::nan(""));  // is not one of the numbers
  CHECK(!window.score(1e9));
  window.add(19);
  CHECK(window.score(1e9));
  CHECK(!window.score(std::numeric_limits<double>::infinity()));
  CHECK(!window.score(std::nan("")));
}

TEST_CASE("spike window: the oldest number leaves a full window") {
  ctp::SpikeWindow window = ones_and_threes();
  for (int i = 0; i < 20; ++i) window.add(i % 2 == 0 ? 11 : 13);
  CHECK(*window.score(13) == doctest::Approx(1).epsilon(1e-12));
  window.add(32);  // in place of an 11: mean 13.05
  CHECK(*window.score(13.05) == doctest::Approx(0).epsilon(1e-12));
  CHECK(*ones_and_threes(3).score(7) == doctest::Approx(5).epsilon(1e-12));  // never fewer than twenty
}

TEST_CASE("spike window: a flat loss has a deviation of a hundredth of its size") {
  ctp::SpikeWindow window(20);
  for (int i = 0; i < 20; ++i) window.add(4);
  CHECK(*window.score(4) == 0);
  CHECK(*window.score(4.2) == doctest::Approx(5).epsilon(1e-9));
  ctp::SpikeWindow zeros(20);
  for (int i = 0; i < 20; ++i) zeros.add(0);
  CHECK(*zeros.score(0) == 0);
  CHECK(*zeros.score(1e-9) == std::numeric_limits<double>::infinity());
}

TEST_CASE("spike window: a state of a larger window goes on with its last numbers, one of a smaller window grows") {
  ctp::SpikeWindow large(60);
  for (int i = 0; i < 40; ++i) large.add(100);
  for (int i = 0; i < 20; ++i) large.add(i % 2 == 0 ? 1 : 3);
  ctp::SpikeWindow small(20);
  Visited from{large}, to{small};
  ctp::StateArchive::of(from).restore(to);
  CHECK(*small.score(7) == doctest::Approx(5).epsilon(1e-12));
  small.add(1);  // in place of a 1
  CHECK(*small.score(7) == doctest::Approx(5).epsilon(1e-12));
  ctp::SpikeWindow grown(40);
  Visited again{grown};
  ctp::StateArchive::of(to).restore(again);
  for (int i = 0; i < 20; ++i) grown.add(i % 2 == 0 ? 11 : 13);
  CHECK(*grown.score(7) == doctest::Approx(0).epsilon(1e-12));
}

TEST_CASE("spike window: its state is its numbers and their place, and clear() forgets them") {
  ctp::SpikeWindow window = ones_and_threes(), other(20);
  window.add(9);
  Visited from{window}, to{other};
  ctp::StateArchive::of(from).restore(to);
  for (const double next : {5., 6., 7.}) {
    CHECK(*other.score(next) == *window.score(next));
    window.add(next);
    other.add(next);
  }
  window.clear();
  CHECK(!window.score(1));
  Visited empty{window}, cleared{other};
  other.clear();
  CHECK(ctp::StateArchive::of(empty).changed_in(ctp::StateArchive::of(cleared)).empty());
}
