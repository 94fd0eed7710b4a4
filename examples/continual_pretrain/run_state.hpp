/// @file   run_state.hpp
/// @brief  What a run knows beside its learner: part of its checkpoints.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ctp/eval/task_matrix.hpp>

#include "stops.hpp"

namespace pretrain {

/// Measured results and the last step of a run.
struct RunState {
  ctp::eval::TaskMatrix matrix;
  LastStep last = {};
  std::uint32_t evaluated = 0;  ///< trainings whose evaluation is in the matrix and in metrics.jsonl
  std::uint64_t dropped = 0;    ///< pairs that each epoch of the current task leaves out

  template <class Archive>
  void visit(Archive& archive) {
    matrix.visit(archive);
    last.visit(archive);
    archive("run.evaluated", evaluated);
    archive("run.dropped", dropped);
  }
};

}  // namespace pretrain
