/// @file   ctp/testing/restored_state.hpp
/// @brief  A saved State written into a new one, as a check does it.
/// @layer  testing
#pragma once

#include <string>

#include <ctp/core/error.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/train/state_archive.hpp>

namespace ctp::testing::detail {

/// Writes `saved` into `state`, a new State of the same policy; a State that does not take it is a fault. `who`: leads
/// the line in the report.
template <class State>
void restore_or_report(const StateArchive& saved, State& state, const std::string& who, Report& report) {
  try {
    saved.restore(state);
  } catch (const CheckpointError& error) {
    report.fail(who + "a new State does not take a saved one: " + error.what() +
                "; let init() make every buffer in its final size");
  }
}

}  // namespace ctp::testing::detail
