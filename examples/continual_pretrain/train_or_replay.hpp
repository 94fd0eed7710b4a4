/// @file   train_or_replay.hpp
/// @brief  What a context asks for: a training, or a look at a stored batch.
#pragma once

#include "replay.hpp"
#include "run_context.hpp"
#include "training.hpp"

namespace pretrain {

/// **Errors.** as Training and replay().
template <class Strategy, class Backend>
void train_or_replay(const RunContext& context) {
  if (context.replayed != nullptr) return replay<Strategy, Backend>(context);
  Training<Strategy, Backend>(context).run();
}

}  // namespace pretrain
