// The code of docs/faulty_steps.md.
#include <ctp/train/guard/guard_options.hpp>
#include <ctp/train/options.hpp>

#include <doctest/doctest.h>

TEST_CASE("docs: options for faulty steps") {
  // [guard]
  ctp::TrainOptions options;
  options.guard.on_nonfinite = ctp::FaultAction::Skip;
  options.guard.on_spike = ctp::FaultAction::Rollback;
  options.guard.spike_z = 6;
  // [guard]
  options.guard.check();
  CHECK(options.guard.rolls_back());
}
