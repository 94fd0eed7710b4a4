/// @file   training.hpp
/// @brief  A training of one strategy, from fresh weights to the summary, on any backend.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/printable.hpp>
#include <ctp/data/source.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/eval/task_matrix.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/report/loss_watch.hpp>
#include <ctp/report/patient_log.hpp>
#include <ctp/report/step_lines.hpp>
#include <ctp/train/checkpoint/checkpoint_every.hpp>
#include <ctp/train/checkpoint/facts.hpp>
#include <ctp/train/extract.hpp>
#include <ctp/train/learner.hpp>
#include <ctp/train/state_archive.hpp>
#include <ctp/train/weights/published_weights.hpp>

#include "../common/cosine_heads.hpp"
#include "../common/evaluation.hpp"
#include "../common/model.hpp"
#include "../common/policy_parameters.hpp"
#include "../common/stop_signals.hpp"
#include "capture_note.hpp"
#include "checkpoint_interval.hpp"
#include "faults.hpp"
#include "notes.hpp"
#include "observers.hpp"
#include "policy_settings.hpp"
#include "run_context.hpp"
#include "run_logs.hpp"
#include "run_state.hpp"
#include "settings.hpp"
#include "steps_of.hpp"
#include "stops.hpp"
#include "summary.hpp"
#include "task_file.hpp"
#include "task_text.hpp"
#include "training_options.hpp"
#include "training_plan.hpp"
#include "usable_features.hpp"

namespace pretrain {

/// Largest number of pairs that a learner's rehearsal keeps.
template <class Learner>
int kept_pairs([[maybe_unused]] Learner& learner, [[maybe_unused]] const Settings& settings) {
  if constexpr (requires { learner.rehearsal().budget; })
    return learner.rehearsal().budget;
  else
    return Learner::keeps_pairs ? settings.memory_size : 0;
}

template <class Strategy, class Backend>
class Training {
 public:
  using Model = examples::Model<Backend, typename Strategy::Projection>;
  using Learner = ctp::Learner<Strategy, Model>;

  explicit Training(const RunContext& context)
      : context_(context),
        learner_(Model(context.model), train_options(context),
                 [&](auto& policies) { configure(context.settings, context.policy_settings, policies); }),
        state_{ctp::eval::TaskMatrix(context.tasks.size())},
        log_((prepare(), context.settings.output + "/metrics.jsonl"), say_log_waits),
        stops_(context.folder, (log_.open(), log_), state_.last),  // no log if prepare() throws
        metrics_([this](const ctp::JsonLine& line) { write_line(line); }, context.settings.log_every),
        faults_(
            context.settings.output, [this](const ctp::JsonLine& line) { write_line(line); },
            [this](const std::string& path, ctp::TensorFile file) { save_fault(path, std::move(file)); }),
        progress_(
            context.tasks.size(), steps_left(),
            [&settings = context.settings](std::size_t task) { return epochs_of(settings, task); },
            context.settings.last_batch == "keep", context.json, state_.dropped),
        checkpoints_(learner_, *context.checkpoints, checkpoint_plan(), state_, losses_, context.bad_pictures) {
    learner_.observe(metrics_);
    learner_.observe(faults_);
    learner_.observe(progress_);
    learner_.observe(losses_);
    learner_.observe(capture_note_);
    learner_.observe(stops_);
    learner_.observe(checkpoints_);
  }

  /// **Errors.** Error(Interrupted) after a signal: the state is in a checkpoint. ResourceError if the run's files are
  /// gone: the weights are kept in interrupted.safetensors; and at the end if lines of a log are lost.
  void run() {
    const examples::StopSignals noted;
    try {
      train();
    } catch (const examples::Stopped& stop) {
      keep_interrupted(stop, examples::signal_name(stop.signal));
    } catch (const FilesGone& gone) {
      keep_interrupted(gone, nullptr);
    }
    const double seconds = since(begins_);
    write_line(summary_line(state_.matrix, context_.evaluate, seconds));
    const std::string lost = closed_logs();
    if (!context_.json) print_summary(state_.matrix, context_.evaluate, seconds, context_.settings.output);
    if (!lost.empty()) throw ctp::ResourceError(lost.substr(2) + "; the weights are complete");
  }

 private:
  void train() {
    if (context_.resumed == nullptr) announce();
    const Frozen frozen = frozen_of(context_.settings, learner_.model().layout());
    if (!context_.json && frozen.count.parameters > 0) std::printf("%s\n", frozen.text().c_str());
    if (!context_.json)
      for (const std::string& line : examples::remarks(context_.evaluate, "their tasks are not trained"))
        std::printf("%s\n", line.c_str());
    task_begins_ = std::chrono::steady_clock::now();
    context_.resumed == nullptr ? begin() : go_on();
    try {
      learner_.learn_all(context_.tasks, plans_of(context_.settings), [&](auto&, std::size_t task) { after(task); });
    } catch (const ctp::NumericError& error) {
      keep_last_good(error);
    }
  }
  void announce() {
    context_.announce();
    if (context_.init != nullptr) say_notes(examples::notes_on(unshared_, context_.init->origin), context_.json);
    for (const ctp::JsonLine& line : context_.opening) write_line(line);
  }
  /// Measures the untrained model. With the first checkpoint the run has begun: its files stay.
  void begin() {
    const auto untrained = context_.evaluate(features(), 0);
    for (std::size_t t = 0; t < context_.tasks.size(); ++t) state_.matrix.set_untrained(t, untrained.alone[t].r_mean);
    task_begins_ = std::chrono::steady_clock::now();
    checkpoints_.save_now();
    if (context_.folder != nullptr) context_.folder->keep();
    begun_ = true;
  }
  /// Goes on from the restored state. An evaluation that was interrupted is done again.
  void go_on() {
    const auto ago = [this](const char* fact) {
      const auto found = context_.resumed->facts.find(fact);
      const double seconds = found == context_.resumed->facts.end() ? 0 : std::strtod(found->second.c_str(), nullptr);
      return std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
    };
    begun_ = true;
    begins_ -= ago("time.run");
    task_begins_ -= ago("time.task");
    if (state_.evaluated > 0)
      sound_ = context_.settings.output + "/" +
               task_file(Learner::Rehearsal::joins_all_tasks ? state_.matrix.size() - 1 : state_.evaluated - 1,
                         state_.matrix.size());
    const ctp::Position place = learner_.place();
    if (!context_.json)
      std::printf("goes on %s, from %s\n", state_.last.text().c_str(), ctp::printable(context_.resumed->path).c_str());
    if (!place.in_task && place.tasks_seen > state_.evaluated) {
      after(Learner::Rehearsal::joins_all_tasks ? context_.tasks.size() - 1 : place.tasks_seen - 1);
      checkpoints_.save_now();
    }
  }
  /// The model with its current weights. Each batch looks for a reason to stop.
  [[nodiscard]] examples::FeatureMaker features() {
    return examples::features_on<Backend>(
        learner_.model().config().image, [this](ctp::data::BatchSource& source, ctp::FeatureKinds wanted) {
          CheckedBatches batches(source, [this] { stops_.check(); });
          return ctp::extract(learner_.model(), std::as_const(learner_).thetas().online(), batches, wanted);
        });
  }
  static void say_log_waits(const std::string& problem) {
    std::fprintf(stderr, "continual_pretrain: %s; the training goes on, and lines wait until they can be written\n",
                 problem.c_str());
  }
  static void say_jump(const ctp::StepReport& report, double median) {
    std::fprintf(
        stderr,
        "continual_pretrain: task %u, epoch %u, step %llu: the loss is %.4g, %.0f times the median of the steps "
        "before, %.4g; the training goes on; if the results are poor, choose a smaller --lr\n",
        static_cast<unsigned>(report.task), static_cast<unsigned>(report.epoch),
        static_cast<unsigned long long>(report.step), report.loss, report.loss / median, median);
  }
  /// Writes weights. The log is on the disk before.
  void save(const std::string& path, ctp::TensorFile file) {
    if (context_.folder != nullptr && !context_.folder->owns()) throw FilesGone(stops_.gone_text());
    log_.sync();
    context_.save(path, std::move(file));
  }
  void save_fault(const std::string& path, ctp::TensorFile file) {
    if (context_.folder != nullptr && !context_.folder->owns()) throw FilesGone(stops_.gone_text());
    ctp::io::make_directories(ctp::io::directory_of(path));
    save(path, std::move(file));
  }
  void prepare() {
    if (context_.resumed != nullptr) return restore(*context_.resumed);
    if (context_.init == nullptr) return;
    std::vector<float> theta = learner_.weights();
    unshared_ = ctp::read_starting_weights(learner_.model().layout(),
                                           examples::with_heads<typename Model::Projection>(*context_.init), theta, "",
                                           context_.starts_fresh);
    learner_.set_weights(theta);
  }
  /// Takes the state over, then cuts the logs back. **Errors.** CheckpointError for another setting of a policy.
  void restore(ctp::io::Checkpoint& saved) {
    ctp::require_same_facts(saved, ctp::settings_facts(learner_), {context_.allow}, allow_remedy);
    learner_.restore(ctp::StateArchive(std::move(saved.tensors)), state_, losses_, context_.bad_pictures);
    saved.tensors = {};
    context_.goes_on();
    Faults::tidy(context_.settings.output);
    for (const std::string& log : run_logs) cut_log(context_.settings.output, log, saved);
  }
  [[nodiscard]] ctp::CheckpointPlan checkpoint_plan() {
    ctp::CheckpointPlan plan = pretrain::checkpoint_plan(context_.settings.checkpoint_every);
    plan.add_facts = [this](ctp::io::CheckpointFacts& facts) {
      if (context_.folder != nullptr && !context_.folder->owns()) throw FilesGone(stops_.gone_text());
      facts["time.run"] =
          std::to_string(since(begins_));  // no tensors: a state has the same bytes whenever it is saved
      facts["time.task"] = std::to_string(since(task_begins_));
      facts.insert(context_.facts->begin(), context_.facts->end());
      stops_.follow();
      add_log(facts, run_logs.front(), log_);
      add_log(facts, run_logs.back(), context_.bad_pictures.log());
    };
    return plan;
  }
  static double since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  [[nodiscard]] std::uint64_t steps_left() {
    const std::uint64_t all =
        all_steps(context_, Learner::Rehearsal::joins_all_tasks, kept_pairs(learner_, context_.settings));
    return all - std::min(all, learner_.place().step);
  }

  /// Why the weights are no good: numbers that are not finite, or features of the first pairs of the first task that
  /// are not finite or the same for all pairs. Empty if nothing is wrong.
  [[nodiscard]] std::string fault() {
    if (!all_finite(learner_.weights())) return "those weights or their features are not finite";
    ctp::data::Task some = ctp::data::without_bad_images(context_.tasks.front(), context_.bad_pictures.ordinals(), {});
    some.members.resize(std::min(some.members.size(), static_cast<std::size_t>(context_.settings.batch_size)));
    return fault_of(ctp::extract(learner_.model(), std::as_const(learner_.thetas()).online(), some, learner_.options(),
                                 {.retrieval = true, .fusion = true}));
  }

  /// Ends the training. Writes the weights of the last step before the failed step, unless they are no good.
  [[noreturn]] void keep_last_good(const ctp::NumericError& error) {
    const std::string path = context_.settings.output + "/last_good.safetensors";
    std::string what = std::string(error.what()) + "; ";
    try {
      const std::string wrong = fault();
      if (wrong.empty()) {
        save(path, ctp::published_weights(learner_));
        if (context_.folder != nullptr) context_.folder->keep();
        what += "those weights are kept in " + path;
        if (const auto* step = dynamic_cast<const ctp::StepError*>(&error)) what += kept_state(step->fault);
      } else {
        what += wrong + " and are not kept; ";
        what += sound_.empty() ? "no sound ones were saved before" : "the last sound ones are in " + sound_;
        what += "; choose a smaller --lr";
      }
    } catch (const ctp::Error& second) {
      what += "those weights could not be kept: " + std::string(second.what());
    }
    throw ctp::NumericError(what + closed_logs());
  }

  /// Saves a checkpoint after a faulty step. Returns how to go on, behind a semicolon.
  [[nodiscard]] std::string kept_state(const ctp::StepFault& fault) {
    try {
      checkpoints_.save_now();
    } catch (const ctp::Error& error) {
      return std::string("; no checkpoint could be saved: ") + error.what();
    }
    return "; the state is in a checkpoint: the same command with --resume" + advice_after(fault, faults_.last());
  }

  /// @brief Ends the training after a stop: saves a checkpoint, or, if the run's files are gone or the checkpoint
  /// cannot be saved, the weights. `signal`: its name; null if the files are gone.
  [[noreturn]] void keep_interrupted(const ctp::Error& stop, const char* signal) {
    if (!begun_)
      throw ctp::Error(stop.code(), std::string(stop.what()) +
                                        " before the first step: nothing was learned, and nothing is kept; the same "
                                        "command begins again");
    std::string problem;
    bool gone = context_.folder != nullptr && !context_.folder->owns();
    if (!gone) {
      try {
        checkpoints_.save_now();
      } catch (const std::exception& second) {
        problem = std::string("; no checkpoint could be saved: ") + second.what();
      }
    }
    gone = context_.folder != nullptr && !context_.folder->owns();
    ctp::JsonLine line;
    const LastStep& last = state_.last;
    line.add("kind", "interrupted").add("task", last.task).add("epoch", last.epoch).add("step", last.step);
    line.add("global_step", last.global_step).add("signal", signal == nullptr ? "files gone" : signal);
    if (gone || !problem.empty()) keep_weights(stop, problem, gone, line);
    write_line(line.add("checkpoint", true));
    throw ctp::Error(stop.code(), std::string(stop.what()) + " " + last.text() +
                                      ": the state is in a checkpoint; to go on, start the same command with --resume" +
                                      closed_logs());
  }
  /// Writes interrupted.safetensors. `problem`: why there is no checkpoint.
  [[noreturn]] void keep_weights(const ctp::Error& stop, const std::string& problem, bool gone, ctp::JsonLine& line) {
    try {
      learner_.report_pending_steps();
    } catch (const ctp::NumericError& error) {
      keep_last_good(error);
    }
    std::string folder = context_.settings.output;
    if (gone && ctp::io::exists(folder))
      folder += ".interrupted-" + std::to_string(::getpid());  // another run's by now
    const std::string path = folder + "/interrupted.safetensors",
                      what = std::string(stop.what()) + " " + state_.last.text();
    ctp::TensorFile file = ctp::published_weights(learner_);
    file.metadata["interrupted"] = state_.last.text();
    try {
      if (gone) {
        ctp::io::make_directories(folder);
        context_.save_inputs(folder);
      }
      log_.sync();
      context_.save(path, std::move(file));
    } catch (const ctp::Error& second) {
      throw ctp::Error(second.code(), what + problem + "; the weights could not be kept: " + second.what());
    }
    write_line(line.add("weights", "interrupted.safetensors"));
    throw ctp::Error(stop.code(), what + problem + ": the weights are kept in " + path +
                                      "; to go on, start the same command with --init " + path +
                                      ", another --output, and in --tasks this task and those behind it" +
                                      (context_.settings.task_epochs.empty() ? "" : ", and their --epochs") +
                                      (gone ? "" : closed_logs()));
  }
  /// Closes the logs. Returns what they lost: an empty text, or sentences behind a semicolon.
  [[nodiscard]] std::string closed_logs() {
    stops_.follow();
    log_.close();
    context_.bad_pictures.close();
    std::string text;
    for (const std::string& lost : {log_.complaint(), context_.bad_pictures.complaint()})
      if (!lost.empty()) text += "; " + lost;
    return text;
  }

  /// Saves weights, evaluates, writes the task's line. The task is in a checkpoint before: the rest may fail.
  void after(std::size_t task) {
    if (state_.evaluated < learner_.tasks_seen()) checkpoints_.save_now();
    const std::string path = context_.settings.output + "/" + task_file(task, state_.matrix.size());
    save(path, ctp::published_weights(learner_));
    const auto result = context_.evaluate(features(), task + 1);
    sound_ = path;  // evaluation refuses scores that are not finite
    const std::size_t ahead = std::min(task + 1, state_.matrix.size() - 1);  // forward transfer needs the next task
    for (std::size_t j = 0; j <= ahead; ++j) state_.matrix.set(task, j, result.alone[j].r_mean);
    for (std::size_t j = 0; j <= task; ++j) state_.matrix.set_union(task, j, result.joined[j].r_mean);

    ctp::JsonLine line;
    line.add("kind", "task").add("task", task).add("name", context_.evaluate.tasks()[task]);
    examples::add_evaluation(line, result, context_.evaluate, task);
    line.add("loss_jumps", losses_.jumps()).add("largest_loss", losses_.largest());
    line.add("dropped_pairs", state_.dropped);
    if (context_.left_out) line.add("left_out", *context_.left_out);
    line.add("seconds", since(task_begins_));
    write_line(line);
    state_.evaluated = learner_.tasks_seen();
    task_begins_ = std::chrono::steady_clock::now();
    if (context_.json) return;
    print_task(task, state_.matrix.size(), result, context_.evaluate);
  }

  /// Appends a line to metrics.jsonl; with --json prints the line, too.
  void write_line(const ctp::JsonLine& line) {
    log_.write(line);
    if (context_.json) std::printf("%s\n", line.text().c_str());
  }

  const RunContext& context_;
  ctp::UnsharedParameters unshared_;  ///< of the starting weights
  Learner learner_;
  RunState state_;
  ctp::report::LossWatch losses_{say_jump};
  ctp::report::PatientLog log_;
  Stops stops_;
  ctp::report::StepLines metrics_;
  Faults faults_;
  ProgressObserver progress_;
  CaptureNote<Learner> capture_note_{learner_};
  ctp::CheckpointEvery<Learner, RunState, ctp::report::LossWatch, BadPictures> checkpoints_;
  bool begun_ = false;  ///< the first checkpoint is saved
  std::string sound_;   ///< file of the last weights that passed an evaluation
  std::chrono::steady_clock::time_point begins_ = std::chrono::steady_clock::now(), task_begins_;
};

}  // namespace pretrain
