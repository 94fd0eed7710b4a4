/// @file   ctp/io/checkpoint/checkpoint.hpp
/// @brief  A checkpoint in memory, and the interface of what saves it. Without JSON, for CUDA programs.
/// @layer  io
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// Facts on the training that a checkpoint is of, such as its settings, by key.
using CheckpointFacts = std::map<std::string, std::string>;

/// @brief A checkpoint that was read.
struct Checkpoint {
  std::string path;        ///< its folder
  std::uint64_t step = 0;  ///< steps of the training so far
  CheckpointFacts facts;
  std::vector<NamedTensor> tensors;
};

/// A checkpoint that cannot be used, and why.
struct PassedOver {
  std::string path, reason;
};

/// @brief Saves checkpoints, one at a time, while the training goes on: CheckpointWriter, on a thread.
class CheckpointSink {
 public:
  CheckpointSink() = default;
  CheckpointSink(const CheckpointSink&) = delete;
  CheckpointSink& operator=(const CheckpointSink&) = delete;
  virtual ~CheckpointSink() = default;

  /// Begins to save. Waits for the save before. **Errors.** as wait().
  virtual void submit(std::uint64_t step, CheckpointFacts facts, TensorFile state) = 0;
  /// True while a checkpoint is being saved.
  [[nodiscard]] virtual bool busy() const = 0;
  /// Waits until the last checkpoint is on the disk. **Errors.** those of saving it.
  virtual void wait() = 0;
};

}  // namespace ctp::io
