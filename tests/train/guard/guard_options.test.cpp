#include <ctp/train/guard/guard_options.hpp>

#include <cmath>
#include <string>

#include <doctest/doctest.h>

namespace {

std::string refusal(const ctp::GuardOptions& options) {
  try {
    options.check();
  } catch (const ctp::UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("guard options: the defaults stop at a step that is not finite, and look for no spikes") {
  const ctp::GuardOptions options;
  CHECK(refusal(options).empty());
  CHECK(options.on_nonfinite == ctp::FaultAction::Stop);
  CHECK(!options.finds_spikes());
  CHECK(!options.rolls_back());
}

TEST_CASE("guard options: copies of the state are kept only if something may be rolled back") {
  CHECK(ctp::GuardOptions{.on_nonfinite = ctp::FaultAction::Rollback}.rolls_back());
  CHECK(!ctp::GuardOptions{.on_spike = ctp::FaultAction::Rollback}.rolls_back());
  CHECK(ctp::GuardOptions{.on_spike = ctp::FaultAction::Rollback, .spike_z = 6}.rolls_back());
}

TEST_CASE("guard options: what does not fit is refused by its name") {
  using ctp::FaultAction;
  CHECK(refusal({.on_nonfinite = FaultAction::Report}) ==
        "GuardOptions: on_nonfinite: expected stop, skip or rollback, found report");
  CHECK(refusal({.on_spike = FaultAction::Skip}) ==
        "GuardOptions: on_spike: expected report, stop or rollback, found skip");
  CHECK(refusal({.spike_z = -1}) == "GuardOptions: spike_z: expected a number from 0, found -1.000000");
  CHECK(!refusal({.spike_z = std::nan("")}).empty());
  CHECK(refusal({.spike_window = 19}) == "GuardOptions: spike_window: expected 20 to 10,000 steps, found 19");
  CHECK(!refusal({.spike_window = 10'001}).empty());
  CHECK(refusal({.rollback_steps = 0}) == "GuardOptions: rollback_steps: expected 1 or more, found 0");
  CHECK(refusal({.limit = -1}) == "GuardOptions: limit: expected 0 or more, found -1");
}
