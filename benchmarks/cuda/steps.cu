/// @file   benchmarks/cuda/steps.cu
/// @brief  ctp steps of base, and of a model so small that launches dominate the time.
#include "steps.cuh"

namespace bench {

void steps(const Options& o) {
  recorded_steps(o);
  time_steps_that_fit<ctp::strategy::Ctp>("base", ctp::sizes::base, o.batch, false, o.turns, {o.precisions.front()});
}

void recorded_steps(const Options& o) {
  time_steps_that_fit<ctp::strategy::Ctp>("base", ctp::sizes::base, o.batch, true, o.turns, o.precisions);
}

void tiny_step(const Options& o) {
  const std::vector<Choice> first = {o.precisions.front()};
  for (const bool recorded : {true, false})
    time_steps<ctp::strategy::Ctp>("narrow", narrow, 2, recorded, 10 * o.turns, first);
}

}  // namespace bench
