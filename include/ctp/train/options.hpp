/// @file   ctp/train/options.hpp
/// @brief  The settings of a training that no policy owns.
/// @layer  train
#pragma once

#include <cstdint>

#include <ctp/encoder/initialize.hpp>

namespace ctp {

/// Settings of a training. The defaults are the published ones.
struct TrainOptions {
  int epochs = 5;  ///< per task
  int batch_size = 128;
  double rate = 1e-4, min_rate = 1e-6;  ///< learning rate at the first and after the last step of every task
  int max_words = 30;                   ///< tokens per text, [CLS] and [SEP] included
  bool augment = true;
  int workers = 1;  ///< threads that read and decode images; 0: none beside the training itself
  std::uint64_t seed = 0;
  Initialization initialization = Initialization::FanIn;
  bool capture_steps = true;  ///< on a backend that can: run a step as it was taken down (CUDA graphs); the same bits
  /// On a backend that can stop steps by itself (CUDA): after how many steps losses are read, checked and told to
  /// observers, at the latest after `read_seconds` and at the end of an epoch. The same numbers. 1 waits for each step.
  int read_every = 16;
  double read_seconds = 1;
};

}  // namespace ctp
