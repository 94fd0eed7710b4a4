/// @file   ctp/testing/rehearsal.hpp
/// @brief  Check of a rehearsal policy that keeps pairs: budget, kept pairs, determinism.
/// @layer  testing
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/core/policy.hpp>
#include <ctp/rehearsal/candidates.hpp>
#include <ctp/rehearsal/require.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/testing/restored_state.hpp>
#include <ctp/train/state_archive.hpp>

namespace ctp::testing {

namespace detail {

/// Ordinals of a synthetic task's pairs: t * stride + 37, 38, ... in random order.
inline std::vector<std::uint32_t> synthetic_members(std::uint32_t task, std::size_t count, std::uint32_t stride) {
  std::vector<std::uint32_t> members(count);
  RandomSubstream random(RandomStream(0, "testing.members"), {.task = task});
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(random.below(static_cast<std::uint32_t>(i + 1)));
    members[i] = members[at];
    members[at] = stride * task + 37 + static_cast<std::uint32_t>(i);
  }
  return members;
}

/// Random features of unit length, a function of the pair's ordinal.
inline rehearsal::FeatureRows synthetic_features(std::span<const std::uint32_t> members) {
  rehearsal::FeatureRows rows{4, {}};
  for (const std::uint32_t ordinal : members) {
    RandomSubstream random(RandomStream(0, "testing.features"), {.sample = ordinal});
    double row[4], squares = 0;
    for (double& x : row) {
      x = random.normal();
      squares += x * x;
    }
    for (const double x : row) rows.values.push_back(static_cast<float>(x / std::sqrt(squares)));
  }
  return rows;
}

}  // namespace detail

/// @brief Gives a rehearsal policy several synthetic tasks, small and large, and checks the kept pairs after each task.
///
/// Reported: more pairs than `budget`; fewer than min(budget, all pairs seen) if `fills`; a pair twice; a number that
/// is no pair's ordinal (for example a row of the task); members() that change without choose(); another choice in a
/// second run from the same seed; another choice after a restore of the State through visit(). **Units.** budget: pairs
/// in all, equal to the policy's own setting.
template <class Policy, class Model>
Report check_rehearsal(const Policy& policy, const Model& model, std::size_t budget, bool fills = true) {
  static_assert(rehearsal::require_rehearsal_policy<Policy, Model>());
  static_assert(rehearsal::KeepsPairs<Policy, Model>, "a rehearsal that keeps no pairs has nothing to check");
  constexpr std::uint64_t seed = 5;
  auto state = make_state(policy, model, seed), again = make_state(policy, model, seed);
  std::vector<std::uint32_t> seen;
  Report report;
  const auto kept_in = [&](const auto& memory) {
    const auto& members = policy.members(memory);
    return std::vector<std::uint32_t>(std::begin(members), std::end(members));
  };
  if (!kept_in(state).empty()) report.fail("before the first task: expected no pairs, found some");

  const std::size_t sizes[] = {1, budget / 2 + 1, 3 * budget + 2, 2, budget + 7};
  const auto stride =
      static_cast<std::uint32_t>(3 * budget + 1000);  // larger than any task, so that ordinals are unique
  for (std::uint32_t task = 0; task < std::size(sizes) && report.ok; ++task) {
    const std::vector<std::uint32_t> members = detail::synthetic_members(task, sizes[task], stride);
    seen.insert(seen.end(), members.begin(), members.end());
    const rehearsal::Candidates candidates{task, members, [&] { return detail::synthetic_features(members); },
                                           [](std::uint32_t ordinal) { return std::to_string(ordinal); }};
    auto restored = make_state(policy, model, seed);
    detail::restore_or_report(StateArchive::of(state), restored, "", report);
    policy.choose(state, candidates);
    policy.choose(again, candidates);
    policy.choose(restored, candidates);

    const std::string when = "after task " + std::to_string(task) + ": ";
    std::vector<std::uint32_t> kept = kept_in(state);
    if (kept != kept_in(state)) report.fail(when + "expected the same members when asked again, found others");
    if (kept != kept_in(again)) report.fail(when + "expected the same members in a second run, found others");
    if (kept == kept_in(again) && kept != kept_in(restored))
      report.fail(when +
                  "visit() does not show the whole State: after a restore the choice is another; visit() shows " +
                  StateArchive::of(state).names() + "; call archive(\"name\", member) for the others");
    if (kept.size() > budget)
      report.fail(when + "expected at most " + std::to_string(budget) + " pairs, found " + std::to_string(kept.size()));
    if (fills && kept.size() < std::min(budget, seen.size()))
      report.fail(when + "expected " + std::to_string(std::min(budget, seen.size())) + " pairs, found " +
                  std::to_string(kept.size()));
    for (const std::uint32_t ordinal : kept) {
      if (std::find(seen.begin(), seen.end(), ordinal) != seen.end()) continue;
      report.fail(when + "expected ordinals of pairs seen, found " + std::to_string(ordinal));
      break;
    }
    std::sort(kept.begin(), kept.end());
    const auto twice = std::adjacent_find(kept.begin(), kept.end());
    if (twice != kept.end())
      report.fail(when + "expected every pair once, found pair " + std::to_string(*twice) + " twice");
  }
  return report;
}

}  // namespace ctp::testing
