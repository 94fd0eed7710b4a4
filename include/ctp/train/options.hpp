/// @file   ctp/train/options.hpp
/// @brief  Settings of a training that belong to no policy.
/// @layer  train
#pragma once

#include <cstdint>
#include <vector>

#include <ctp/data/loader/loader_options.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/optim/parameter_group.hpp>
#include <ctp/train/guard/guard_options.hpp>

namespace ctp {

/// Settings of a training, with the published defaults.
struct TrainOptions {
  int epochs = 5;                       ///< per task
  double rate = 1e-4, min_rate = 1e-6;  ///< learning rate at the first and after the last step of every task
  double clip_norm = 0;                 ///< longest gradient of a step; a longer one is scaled; 0 does not clip
  std::vector<optim::ParameterGroup> groups = {};  ///< parameters with numbers of their own; later groups win
  int max_tokens = 30;                             ///< tokens per text, [CLS] and [SEP] included
  data::LoadingOptions loading = {};               ///< batch size, augmentation, workers, bad pictures
  std::uint64_t seed = 0;
  Initialization initialization = Initialization::FanIn;
  GuardOptions guard = {};    ///< steps whose numbers are not finite or spike
  bool capture_steps = true;  ///< on a backend with CUDA graphs: replay captured steps; results keep their bits
  /// On a backend that can skip steps by itself (CUDA): after how many steps the host reads and checks the losses and
  /// calls the observers, at the latest after `read_seconds` and at the end of an epoch. Results do not depend on this
  /// number. 1 waits for each step.
  int read_every = 16;
  double read_seconds = 1;
};

}  // namespace ctp
