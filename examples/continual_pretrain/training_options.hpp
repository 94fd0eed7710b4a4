/// @file   training_options.hpp
/// @brief  The options of a learner that follow from the settings of a run.
#pragma once

#include <string>

#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/train/options.hpp>

#include "bad_pictures.hpp"
#include "guard_settings.hpp"
#include "run_context.hpp"
#include "settings.hpp"
#include "training_plan.hpp"

namespace pretrain {

/// @brief Loading options of the training; bad pictures are reported to the context's list.
inline ctp::data::LoadingOptions loading_options(const RunContext& context) {
  const Settings& s = context.settings;
  ctp::data::LoadingOptions loading;
  loading.batch_size = s.batch_size;
  loading.last_batch = ctp::data::last_batch(s.last_batch);
  loading.augment = !s.no_augment;
  loading.workers = s.workers;
  loading.prefetch = s.prefetch;
  loading.patience_seconds = s.patience_seconds;
  loading.on_bad_image = ctp::data::on_bad_image(s.on_bad_image);
  loading.bad_image_limit = s.bad_image_limit;
  loading.quarantined = context.bad_pictures.ordinals();
  loading.report_bad_image = [&list = context.bad_pictures](const std::string& task, const ctp::data::BadImage& bad) {
    list.add(task, bad);
  };
  return loading;
}

inline ctp::TrainOptions train_options(const RunContext& context) {
  const Settings& s = context.settings;
  ctp::TrainOptions options;
  options.epochs = s.epochs;
  options.rate = s.lr;
  options.min_rate = s.min_lr;
  options.clip_norm = s.clip_norm;
  options.groups = groups_of(s);
  options.guard = guard_of(s);
  options.max_tokens = s.max_words;
  options.loading = loading_options(context);
  options.seed = s.seed;
  return options;
}

}  // namespace pretrain
