/// @file   ctp/data/loader/loader_options.hpp
/// @brief  Settings of a Loader: the caller's choices, and the settings derived from model and run.
/// @layer  data
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/loader/masking.hpp>
#include <ctp/data/source.hpp>

namespace ctp::data {

inline constexpr int max_workers = 1024;  ///< largest number of threads that make batches

/// What becomes of the pairs at the end of an epoch that are too few for a batch.
enum class LastBatch {
  Drop,  ///< left out of this epoch; the order of the next epoch leaves other pairs out
  Keep,  ///< one batch of these pairs; a task smaller than a batch is one batch
};

/// The rule called `name`. **Errors.** UsageError listing the names.
inline LastBatch last_batch(std::string_view name) {
  if (name == "drop") return LastBatch::Drop;
  if (name == "keep") return LastBatch::Keep;
  throw UsageError(Complaint{"last_batch", "", "one of drop, keep", "'" + std::string(name) + "'", ""}.text());
}

/// @brief Settings of loading that a caller chooses, with the published defaults; a member of TrainOptions.
///
/// `workers`, `prefetch` and `patience_seconds` do not change the batches.
struct LoadingOptions {
  int batch_size = 128;
  LastBatch last_batch = LastBatch::Drop;  ///< of an epoch's pairs that are too few for a batch
  bool augment = true;                     ///< random crop, flip and RandAugment; otherwise the plain resized picture
  int workers = 1;                         ///< threads that make batches; 0: next() makes them on the calling thread
  int prefetch = 2;                        ///< batches made ahead of the batch in use; needs memory for one more
  int patience_seconds = 600;              ///< longest wait of next() for a worker, then an error
  OnBadImage on_bad_image = OnBadImage::Error;
  double bad_image_limit = 0.001;               ///< share of the task's pictures that may be bad before training stops
  std::vector<std::uint32_t> quarantined = {};  ///< ordinals of pairs with pictures never opened
  /// Called once for each different bad picture of a task, on the thread that calls next(). May be empty.
  std::function<void(const std::string& task, const BadImage& bad)> report_bad_image = {};
};

/// Settings of a Loader: the caller's choices, and the settings derived from the model and the place in the run.
struct LoaderOptions : LoadingOptions {
  int image_size = 64;  ///< pixels
  int length = 30;      ///< tokens per caption, padding included
  std::uint64_t seed = 0;
  std::uint32_t task = 0;  ///< number of the task in the run; keys the random numbers
  bool shuffle = true;     ///< otherwise the order of Task::members
  int least_pairs = 1;     ///< with LastBatch::Keep: a last batch of fewer pairs is left out all the same
  bool mask = true;        ///< masked-language modelling; otherwise Batch::masked repeats Batch::ids
  Masking masking;         ///< ids of the special tokens; `pad` is needed even without masking
};

/// @brief The settings of a Loader that feeds `model`: sizes and special tokens are the model's.
///
/// `length`: tokens per caption, padding included. `seed` and `task` key the random numbers. `least_pairs`: the
/// smallest batch that the losses can learn from.
inline LoaderOptions loader_options(LoadingOptions loading, const ModelConfig& model, int length,
                                    std::uint64_t seed = 0, std::uint32_t task = 0, int least_pairs = 1) {
  LoaderOptions options;
  static_cast<LoadingOptions&>(options) = std::move(loading);
  options.image_size = model.image;
  options.length = length;
  options.seed = seed;
  options.task = task;
  options.least_pairs = least_pairs;
  options.masking = {.pad = model.pad, .cls = model.cls, .mask = model.mask, .vocabulary = model.vocab};
  return options;
}

/// Returns `options` if a Loader over `task` can carry them out. **Errors.** UsageError naming the key and its range.
inline LoaderOptions checked(LoaderOptions options, const Task& task) {
  const auto require = [&](const char* key, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value >= low && value <= high) return;
    const std::string expected = "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    throw UsageError(Complaint{"Loader", key, expected, std::to_string(value), ""}.text());
  };
  require("batch_size", options.batch_size, 1, 1 << 20);
  require("image_size", options.image_size, 1, 16384);
  require("length", options.length, 2, 1 << 20);
  require("workers", options.workers, 0, max_workers);
  require("prefetch", options.prefetch, 1, 1024);
  require("task", options.task, 0, 0xFFFF);
  require("patience_seconds", options.patience_seconds, 1, 1 << 20);
  if (options.mask) {
    require("masking.vocabulary", options.masking.vocabulary, 1, 1 << 30);
    require("masking.mask", options.masking.mask, 0, options.masking.vocabulary - 1);
  }
  if (!(options.bad_image_limit >= 0.0 && options.bad_image_limit <= 1.0)) {
    throw UsageError(
        Complaint{"Loader", "bad_image_limit", "a share from 0 to 1", std::to_string(options.bad_image_limit), ""}
            .text());
  }
  if (!task.source) {
    throw UsageError(Complaint{"task '" + task.name + "'", "source", "a source of pairs", "null", ""}.text());
  }
  for (const std::uint32_t ordinal : task.members) {
    if (ordinal < task.source->size()) continue;
    throw UsageError(Complaint{"task '" + task.name + "'", "members",
                               "ordinals below " + std::to_string(task.source->size()), std::to_string(ordinal), ""}
                         .text());
  }
  return options;
}

}  // namespace ctp::data
