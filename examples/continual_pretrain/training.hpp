/// @file   training.hpp
/// @brief  A training of one strategy, from fresh weights to the summary, on any backend.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <ctp/data/source.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/eval/task_matrix.hpp>
#include <ctp/rehearsal/candidates.hpp>
#include <ctp/report/metrics_log.hpp>
#include <ctp/report/step_lines.hpp>
#include <ctp/train/extract.hpp>
#include <ctp/train/learner.hpp>

#include "../common/cosine_heads.hpp"
#include "../common/evaluation.hpp"
#include "../common/weight_file.hpp"
#include "observers.hpp"
#include "run_context.hpp"
#include "settings.hpp"

namespace pretrain {

/// Assigns settings of a learner's policies. **Errors.** UsageError for a key that no policy of the strategy has.
template <class Learner>
void apply(const std::vector<Assignment>& assignments, Learner& learner) {
  for (const Assignment& a : assignments) {
    bool found = false;
    std::vector<std::string> known;
    learner.settings([&](const std::string& key, auto& field) {
      known.push_back(key);
      if (key != a.key) return;
      assign(a, field);
      found = true;
    });
    if (found) continue;
    const Settings options;
    Settings::fields(options, [&](const char* key, const auto&, const char*) { known.emplace_back(key); });
    throw ctp::UsageError(ctp::Complaint{a.where, a.key, "a setting of this strategy or an option", "an unknown key",
                                         ctp::io::suggestion(a.key, known)}
                              .text());
  }
}

/// @brief Loading options of the training; bad pictures are reported to the context's list.
inline ctp::data::LoadingOptions loading_options(const RunContext& context) {
  const Settings& s = context.settings;
  ctp::data::LoadingOptions loading;
  loading.batch_size = s.batch_size;
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

/// Largest number of pairs that a learner's rehearsal keeps.
template <class Learner>
int kept_pairs([[maybe_unused]] Learner& learner, [[maybe_unused]] const Settings& settings) {
  if constexpr (requires { learner.rehearsal().budget; })
    return learner.rehearsal().budget;
  else
    return Learner::keeps_pairs ? settings.memory_size : 0;
}

/// Sets up a learner's policies: first from options, then from assignments to single policies. **Errors.** UsageError
/// for a key that no policy of the strategy has, or a value out of range.
template <class Learner>
void configure(const RunContext& context, Learner& learner) {
  if constexpr (requires { learner.optimizer().weight_decay; })
    learner.optimizer().weight_decay = context.settings.weight_decay;
  if constexpr (requires { learner.rehearsal().budget; }) learner.rehearsal().budget = context.settings.memory_size;
  apply(context.policy_settings, learner);
  if constexpr (requires { learner.rehearsal().budget; }) ctp::rehearsal::require_budget(learner.rehearsal().budget);
  (void)learner.schedule().rate(0, 1, {context.settings.lr, context.settings.min_lr});  // validates the settings
}

/// The summary line: the task matrix and its averages. Entries of tasks not yet trained are null.
inline ctp::JsonLine summary_line(const ctp::eval::TaskMatrix& matrix, double seconds) {
  const auto value = [](ctp::JsonArray& row, const std::optional<double>& entry) {
    entry ? row.push(*entry) : row.push(nullptr);
  };
  ctp::JsonArray rows;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    ctp::JsonArray row;
    for (std::size_t j = 0; j < matrix.size(); ++j) value(row, j <= i ? matrix.at(i, j) : std::nullopt);
    rows.push(row);
  }
  ctp::JsonLine line;
  const auto add = [&](const char* key, const std::optional<double>& entry) {
    entry ? line.add(key, *entry) : line.add(key, nullptr);
  };
  line.add("kind", "summary").add("matrix", rows);
  add("average", matrix.average());
  add("forgetting", matrix.forgetting());
  add("backward_transfer", matrix.backward_transfer());
  add("forward_transfer", matrix.forward_transfer());
  add("published_bwt", matrix.published_bwt());
  line.add("seconds", seconds);
  return line;
}

template <class Strategy, class Backend>
class Training {
 public:
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend, typename Strategy::Projection>;

  using Learner = ctp::Learner<Strategy, Model>;

  explicit Training(const RunContext& context)
      : context_(context),
        learner_(Model(context.model), options(context)),
        log_((prepare(), context.settings.output + "/metrics.jsonl")),  // no log if prepare() throws
        metrics_([this](const ctp::JsonLine& line) { write_line(line); }, context.settings.log_every),
        progress_(context.tasks.size(), all_steps(), context.settings.epochs, context.json),
        matrix_(context.tasks.size()) {
    learner_.observe(metrics_);
    learner_.observe(progress_);
  }

  void run() {
    for (const ctp::JsonLine& line : context_.opening) write_line(line);
    const auto untrained = context_.evaluate(features(), 0);
    for (std::size_t t = 0; t < context_.tasks.size(); ++t) matrix_.set_untrained(t, untrained.alone[t].r_mean);
    task_begins_ = std::chrono::steady_clock::now();
    try {
      learner_.learn_all(context_.tasks, [&](auto&, std::size_t task) { after(task); });
    } catch (const ctp::NumericError& error) {
      keep_last_good(error);
    }
    const ctp::JsonLine summary = summary_line(matrix_, since(begins_));
    write_line(summary);
    log_.sync();
    if (!context_.json) print_summary();
  }

 private:
  [[nodiscard]] examples::FeatureMaker features() const {
    return examples::features_of(learner_.model(), learner_.thetas().online());
  }
  void prepare() {
    configure(context_, learner_);
    if (context_.init != nullptr)
      learner_.set_weights(ctp::read_weights<float>(learner_.model().layout(),
                                                    examples::with_heads<typename Model::Projection>(*context_.init)));
  }
  static ctp::TrainOptions options(const RunContext& context) {
    const Settings& s = context.settings;
    ctp::TrainOptions options;
    options.epochs = s.epochs;
    options.rate = s.lr;
    options.min_rate = s.min_lr;
    options.max_tokens = s.max_words;
    options.loading = loading_options(context);
    options.seed = s.seed;
    return options;
  }
  static double since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  [[nodiscard]] std::uint64_t all_steps() {
    std::uint64_t steps = 0;
    std::size_t seen = 0;
    const auto may_keep = static_cast<std::size_t>(kept_pairs(learner_, context_.settings));
    for (const auto& task : context_.tasks) {
      const std::size_t kept = std::min(seen, may_keep);
      steps += (task.members.size() + kept) / static_cast<std::size_t>(context_.settings.batch_size);
      seen += task.members.size();
    }
    return steps * static_cast<std::uint64_t>(context_.settings.epochs);
  }

  /// True if the weights, and the features of the first pairs of the first task, are finite.
  [[nodiscard]] bool usable() {
    const auto finite = [](const std::vector<float>& numbers) {
      return std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
    };
    if (!finite(learner_.weights())) return false;
    ctp::data::Task some = ctp::data::without_bad_images(context_.tasks.front(), context_.bad_pictures.ordinals(), {});
    some.members.resize(std::min(some.members.size(), static_cast<std::size_t>(context_.settings.batch_size)));
    const auto result = ctp::extract(learner_.model(), std::as_const(learner_.thetas()).online(), some,
                                     learner_.options(), {.retrieval = true, .fusion = true});
    return finite(result.image) && finite(result.text) && finite(result.fusion);
  }

  /// Ends the training. Writes the weights of the last step before the failed step, unless these weights or their
  /// features are not finite.
  [[noreturn]] void keep_last_good(const ctp::NumericError& error) {
    const std::string path = context_.settings.output + "/last_good.safetensors";
    std::string what = std::string(error.what()) + "; ";
    try {
      if (usable()) {
        context_.save(path, examples::published_weights(learner_));
        what += "those weights are kept in " + path;
      } else {
        what += "those weights or their features are not finite and are not kept; ";
        what += sound_.empty() ? "no sound ones were saved before" : "the last sound ones are in " + sound_;
        what += "; choose a smaller --lr";
      }
    } catch (const ctp::Error& second) {
      what += "those weights could not be kept: " + std::string(second.what());
    }
    throw ctp::NumericError(what);
  }

  void after(std::size_t task) {
    char name[32];
    std::snprintf(name, sizeof name, "/task_%02zu.safetensors", task);
    const std::string path = context_.settings.output + name;
    context_.save(path, examples::published_weights(learner_));
    const auto result = context_.evaluate(features(), task + 1);
    sound_ = path;                                                     // evaluation refuses scores that are not finite
    const std::size_t ahead = std::min(task + 1, matrix_.size() - 1);  // forward transfer needs the next task
    for (std::size_t j = 0; j <= ahead; ++j) matrix_.set(task, j, result.alone[j].r_mean);
    for (std::size_t j = 0; j <= task; ++j) matrix_.set_union(task, j, result.joined[j].r_mean);

    ctp::JsonLine line;
    line.add("kind", "task").add("task", task).add("name", context_.evaluate.tasks()[task]);
    examples::add_evaluation(line, result, context_.evaluate.tasks(), task);
    line.add("seconds", since(task_begins_));
    write_line(line);
    task_begins_ = std::chrono::steady_clock::now();
    if (context_.json) return;
    std::printf("after task %zu/%zu: recall mean %.2f on all tasks seen", task + 1, matrix_.size(),
                result.joined[task].r_mean);
    if (result.map) std::printf(", mAP@10 %.2f", result.map->map10);
    std::printf("; by task:");
    for (std::size_t j = 0; j <= task; ++j) std::printf(" %.1f", result.alone[j].r_mean);
    std::printf("\n");
  }

  /// Appends a line to metrics.jsonl; with --json prints the line, too.
  void write_line(const ctp::JsonLine& line) {
    log_.write(line);
    if (context_.json) std::printf("%s\n", line.text().c_str());
  }

  void print_summary() const {
    const auto print = [](const char* name, const std::optional<double>& value) {
      value ? std::printf("  %s %.2f", name, *value) : std::printf("  %s -", name);
    };
    std::printf("summary:");
    print("average", matrix_.average());
    print("forgetting", matrix_.forgetting());
    print("backward transfer", matrix_.backward_transfer());
    print("forward transfer", matrix_.forward_transfer());
    std::printf("  in %s; everything is in %s\n", ctp::report::duration(since(begins_)).c_str(),
                context_.settings.output.c_str());
  }

  const RunContext& context_;
  Learner learner_;
  ctp::report::MetricsLog log_;
  ctp::report::StepLines metrics_;
  ProgressObserver progress_;
  ctp::eval::TaskMatrix matrix_;
  std::string sound_;  ///< file of the last weights that passed an evaluation
  std::chrono::steady_clock::time_point begins_ = std::chrono::steady_clock::now(), task_begins_;
};

}  // namespace pretrain
