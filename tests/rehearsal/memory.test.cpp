#include <ctp/rehearsal/memory.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/error.hpp>
#include <ctp/rehearsal/herding.hpp>
#include <ctp/rehearsal/kmeans.hpp>
#include <ctp/rehearsal/reservoir.hpp>

using ctp::rehearsal::Candidates;
using ctp::rehearsal::quota;
using ctp::rehearsal::quota_published;
using Ordinals = std::vector<std::uint32_t>;
using Places = std::vector<std::uint64_t>;

namespace {

struct NoModel {};

/// A task of `count` pairs from `first` on, with points on a half circle as features.
struct MadeTask {
  Ordinals members;
  Candidates candidates;
  MadeTask(std::uint32_t task, std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) members.push_back(first + i);
    candidates.task = task;
    candidates.members = members;
    candidates.name = [](std::uint32_t ordinal) { return "pair_" + std::to_string(ordinal); };
    candidates.features = [this] {
      ctp::rehearsal::FeatureRows rows{2, {}};
      for (std::size_t i = 0; i < members.size(); ++i) {
        rows.values.push_back(std::cos(static_cast<float>(i)));
        rows.values.push_back(std::sin(static_cast<float>(i)));
      }
      return rows;
    };
  }
  MadeTask(const MadeTask&) = delete;
};

}  // namespace

TEST_CASE("quota: proportional, floors first, the rest to the largest remainders, the earlier task on ties") {
  CHECK(quota(Places{3, 3, 3}, 10) == Places{3, 3, 3});  // no more places than pairs
  CHECK(quota(Places{50, 30, 20}, 10) == Places{5, 3, 2});
  CHECK(quota(Places{1, 1, 1}, 2) == Places{1, 1, 0});
  CHECK(quota(Places{10, 11, 12}, 10) == Places{3, 3, 4});
  CHECK(quota(Places{}, 10).empty());
  CHECK(quota(Places{0, 5}, 3) == Places{0, 3});
  CHECK(quota_published(Places{1, 1, 1}, 2) == Places{1, 1, 1});  // one too many, as released
  CHECK(quota_published(Places{1, 3}, 10) == Places{2, 8});       // 2.5 and 7.5, half to even
}

TEST_CASE("memory: the error of a negative budget names the setting") {
  const MadeTask task(0, 100, 4);
  const auto refuse = [&](const auto& policy) {
    auto memory = policy.init(NoModel{}, 0);
    CHECK_THROWS_WITH_AS(policy.choose(memory, task.candidates),
                         "rehearsal.budget: expected 0 or more pairs, found -1; 0 keeps nothing", ctp::UsageError);
    CHECK(policy.members(memory).empty());
  };
  refuse(ctp::rehearsal::Reservoir{.budget = -1});
  refuse(ctp::rehearsal::Herding{.budget = -1});
  refuse(ctp::rehearsal::KMeans{.budget = -1});
}

TEST_CASE("memory: a new task gets its share, the earlier tasks keep their best exemplars") {
  const ctp::rehearsal::Herding herding{.budget = 6};
  auto memory = herding.init(NoModel{}, 0);
  MadeTask first(0, 100, 8), second(1, 200, 8);
  herding.choose(memory, first.candidates);
  const Ordinals before = herding.members(memory);
  CHECK(before.size() == 6);
  herding.choose(memory, second.candidates);
  const Ordinals after = herding.members(memory);
  CHECK(after.size() == 6);
  CHECK(Ordinals(after.begin(), after.begin() + 3) == Ordinals(before.begin(), before.begin() + 3));
  for (std::size_t i = 3; i < 6; ++i) CHECK(after[i] >= 200);
}

TEST_CASE("memory: k-means fills its share, and a memory of budget 0 stays empty") {
  const ctp::rehearsal::KMeans kmeans{.budget = 5}, none{.budget = 0};
  auto memory = kmeans.init(NoModel{}, 0), empty = none.init(NoModel{}, 0);
  MadeTask first(0, 0, 8), second(1, 50, 2);
  for (MadeTask* task : {&first, &second}) {
    kmeans.choose(memory, task->candidates);
    none.choose(empty, task->candidates);
  }
  CHECK(kmeans.members(memory).size() == 5);
  CHECK(kmeans.members(memory).back() >= 50);
  CHECK(none.members(empty).empty());
}

TEST_CASE("memory: a feature that is not finite is an error that names the pair, and the memory is unchanged") {
  const ctp::rehearsal::Herding herding{.budget = 6};
  const ctp::rehearsal::KMeans kmeans{.budget = 6};
  const auto check = [](const auto& policy) {
    auto memory = policy.init(NoModel{}, 0);
    MadeTask task(0, 100, 8);
    const auto sound = task.candidates.features;
    task.candidates.features = [&] {
      ctp::rehearsal::FeatureRows rows = sound();
      rows.values[7] = std::nanf("");
      return rows;
    };
    CHECK_THROWS_WITH_AS(policy.choose(memory, task.candidates), doctest::Contains("pair_103"), ctp::NumericError);
    CHECK(policy.members(memory).empty());
    task.candidates.features = sound;  // the next call works as if the error had not occurred
    policy.choose(memory, task.candidates);
    CHECK(policy.members(memory).size() == 6);
    CHECK(memory.sizes == Places{8});
  };
  check(herding);
  check(kmeans);
}

TEST_CASE("memory: the released quotas and order with published=true") {
  const auto herd = [](bool published) {
    const ctp::rehearsal::Herding herding{.budget = 7, .published = published};
    auto memory = herding.init(NoModel{}, 0);
    MadeTask first(0, 100, 8), second(1, 200, 8);
    herding.choose(memory, first.candidates);
    const Ordinals alone = herding.members(memory);
    CHECK(alone.size() == 7);
    CHECK(std::is_sorted(alone.begin(), alone.end()) == published);
    herding.choose(memory, second.candidates);
    return herding.members(memory).size();
  };
  CHECK(herd(false) == 7);
  CHECK(herd(true) == 8);  // 3.5 places each, rounded to 4
}

TEST_CASE("reservoir: keeps every pair up to the budget, then a sample of all pairs seen") {
  const ctp::rehearsal::Reservoir reservoir{.budget = 10};
  auto memory = reservoir.init(NoModel{}, 1);
  MadeTask first(0, 0, 8), second(1, 100, 20);
  reservoir.choose(memory, first.candidates);
  CHECK(reservoir.members(memory) == first.members);
  reservoir.choose(memory, second.candidates);
  CHECK(reservoir.members(memory).size() == 10);
  CHECK(memory.seen == 28);
}

TEST_CASE("reservoir: every pair of the stream is kept equally often (chi-square over 10,000 runs)") {
  constexpr int runs = 10000, budget = 5, pairs = 20;
  std::vector<int> kept(pairs);
  const ctp::rehearsal::Reservoir reservoir{.budget = budget};
  const MadeTask first(0, 0, 8), second(1, 8, 12);
  for (int run = 0; run < runs; ++run) {
    auto memory = reservoir.init(NoModel{}, static_cast<std::uint64_t>(run));
    reservoir.choose(memory, first.candidates);
    reservoir.choose(memory, second.candidates);
    for (const std::uint32_t ordinal : reservoir.members(memory)) ++kept[ordinal];
  }
  // Each pair is kept with p = 1/4. The counts of one run add up to 5, which lowers their joint variance.
  constexpr double p = static_cast<double>(budget) / pairs;
  double chi_square = 0;
  for (const int count : kept) {
    const double d = count - runs * p;
    chi_square += d * d / (runs * p * (1 - p)) * (pairs - 1) / pairs;
  }
  CHECK(chi_square < 43.8);  // 19 degrees of freedom, 0.1 %
  CHECK(chi_square > 4.0);   // and not too even to be random
}

TEST_CASE(
    "memory: counts that are not those of the kept pairs, as of a foreign state, are refused and change nothing") {
  const ctp::rehearsal::Herding herding{.budget = 4};
  for (const int wrong : {0, 1}) {
    CAPTURE(wrong);
    auto memory = herding.init(NoModel{}, 0);
    herding.choose(memory, MadeTask(0, 0, 6).candidates);
    if (wrong == 0)
      ++memory.kept[0];
    else
      memory.kept.push_back(0);
    const Ordinals before = memory.members;
    const MadeTask next(1, 10, 6);
    CHECK_THROWS_AS(herding.choose(memory, next.candidates), ctp::CheckpointError);
    CHECK(memory.members == before);
  }
}
