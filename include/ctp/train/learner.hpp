/// @file   ctp/train/learner.hpp
/// @brief  The training loop over tasks.
/// @layer  train
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/fingerprint.hpp>
#include <ctp/data/loader/loader.hpp>
#include <ctp/data/loader/task_checks.hpp>
#include <ctp/data/source.hpp>
#include <ctp/train/encode.hpp>
#include <ctp/train/extract.hpp>
#include <ctp/train/guard/step_probe.hpp>
#include <ctp/train/kept_pairs.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/policies.hpp>
#include <ctp/train/position.hpp>
#include <ctp/train/state_archive.hpp>
#include <ctp/train/step_engine.hpp>
#include <ctp/train/task_plan.hpp>
#include <ctp/train/task_trainer.hpp>

namespace ctp {

/// @brief Trains a model on one task after the other, with the policies of a strategy.
///
/// The loop over tasks alone: epochs and steps are in TaskTrainer, the work of a step is in StepEngine, the policies
/// are in Policies. The first task is no special case: a policy that needs the previous model is silent until that
/// model exists.
template <class Strategy, class ModelType>
class Learner {
  using Engine = StepEngine<Strategy, ModelType>;
  using Policies = typename Engine::Policies;

 public:
  using Model = ModelType;
  using B = typename Model::Backend;
  using Real = typename Model::Real;
  using Losses = typename Policies::Losses;
  using Momentum = typename Policies::Momentum;
  using Penalty = typename Policies::Penalty;
  using Rehearsal = typename Policies::Rehearsal;
  using Optimizer = typename Policies::Optimizer;
  using Schedule = typename Policies::Schedule;

  static constexpr Needs needs = Policies::needs;
  static constexpr bool keeps_previous = Policies::keeps_previous;
  static constexpr bool keeps_momentum = Policies::keeps_momentum;
  static constexpr bool keeps_pairs = Policies::keeps_pairs;

  /// A learner with fresh weights drawn from `options.seed`.
  explicit Learner(Model model, TrainOptions options = {}) : trainer_(std::move(model), options) {}
  /// @brief As above, with settings: configure(policies) may change settings of the policies (ChosenPolicies), also
  /// those that decide on parameters and states. **Errors.** of configure(); as Layout::add().
  template <class Configure>
  Learner(Model model, TrainOptions options, const Configure& configure)
      : trainer_(std::move(model), options, configure) {}

  /// @brief Trains on a task's pairs and the kept pairs of earlier tasks: `epochs` times over all of them, shuffled.
  /// `plan`: what of this task differs from the options.
  /// **Errors.** UsageError for a batch larger than the task, or too small for the losses, for texts that the model
  /// cannot take, for another vocabulary than before, or kept pairs of another source; as TaskPlan::check(); DataError
  /// and NumericError as they occur.
  void learn(const data::Task& task, const TaskPlan& plan = {}) {
    learn_alone([&] { learn_task(task, fingerprint_of(task), plan, true); });
  }

  /// @brief Trains on all tasks in turn. If the rehearsal joins all tasks, trains once, on all pairs together.
  /// `after(learner, index)` is called after each training, with the index of the last task in it. After restore() of a
  /// state from within learn_all(), the tasks learned before are passed over, and the begun one goes on: `tasks` are
  /// those of the interrupted call.
  /// **Errors.** UsageError if there are no tasks, or tasks to be joined come from different sources. All tasks are
  /// looked at before the first one is trained: what learn() refuses of a later task is refused here.
  template <class After>
    requires std::invocable<const After&, Learner&, std::size_t>
  void learn_all(const std::vector<data::Task>& tasks, const After& after) {
    learn_all(tasks, {}, after);
  }
  /// @brief As above, each training with a plan of its own, or all with the options if `plans` is empty.
  /// **Errors.** as above; UsageError unless there is one plan for each training.
  template <class After>
  void learn_all(const std::vector<data::Task>& tasks, const std::vector<TaskPlan>& plans, const After& after) {
    require(!tasks.empty(), "learn_all", "expected at least one task, found none");
    require_plans(plans, Rehearsal::joins_all_tasks ? 1 : tasks.size());
    const std::size_t learned = trainer_.place().learned(tasks_seen());
    const auto plan = [&](std::size_t t) { return plans.empty() ? TaskPlan{} : plans[t]; };
    if constexpr (Rehearsal::joins_all_tasks) {
      data::Task joined{tasks.front().name, tasks.front().source, {}};
      for (const data::Task& task : tasks) {
        require_same_source(task, joined.source, "the pairs of the first task");
        if (&task != &tasks.front()) joined.name += " + " + task.name;
        joined.members.insert(joined.members.end(), task.members.begin(), task.members.end());
      }
      const std::uint64_t print = fingerprint_of(joined);
      trainer_.place().require_list({print}, tasks_seen());
      trainer_.place().begin_list(tasks_seen());
      if (learned == 0) {
        trainer_.work([&] { learn_task(joined, print, plan(0), false); });
        after(*this, tasks.size() - 1);
        trainer_.tell_place();
      }
    } else {
      engine().require_batch_of(options().loading.batch_size);
      std::size_t kept = 0;
      if constexpr (keeps_pairs) {
        kept = std::size(engine().policies().rehearsal().members(rehearsal_state()));
        for (const data::Task& task : tasks)
          require_same_source(task, tasks.front().source, "the pairs of the first task");
      }
      std::vector<std::uint64_t> prints;
      for (const data::Task& task : tasks) prints.push_back(fingerprint_of(task));
      trainer_.place().require_list(prints, tasks_seen());
      data::require_tasks(std::span(tasks).subspan(learned), model().config(), loader_options(tasks_seen()),
                          keeps_pairs, kept, token_ids_);
      trainer_.place().begin_list(tasks_seen());
      for (std::size_t t = learned; t < tasks.size(); ++t) {
        trainer_.work([&] { learn_task(tasks[t], prints[t], plan(t), false); });
        after(*this, t);
        trainer_.tell_place();
      }
    }
    trainer_.place().end_list(tasks_seen());
  }

  /// As above, with nothing to call after a training.
  void learn_all(const std::vector<data::Task>& tasks, const std::vector<TaskPlan>& plans = {}) {
    learn_all(tasks, plans, [](Learner&, std::size_t) {});
  }

  /// Trains on the batches of `source` as one task. Not for a rehearsal that keeps pairs, which must know the pairs of
  /// a task.
  void learn(data::BatchSource& source, const std::string& name, const TaskPlan& plan = {}) {
    static_assert(!keeps_pairs,
                  "[ctp.strategy.rehearsal] this strategy's rehearsal keeps pairs and must know which pairs a task is "
                  "made of; call learn(const data::Task&). See docs/policies/rehearsal.md");
    learn_alone([&] { trainer_.train(source, name, Fingerprint().add(name).value(), plan, true); });
  }

  /// @brief Prepares a task of `steps` steps: copies the online weights to the previous and the momentum weights,
  /// resets the optimiser, tells the observers.
  void begin_task(std::uint64_t steps, const std::string& name = "", const TaskPlan& plan = {}) {
    trainer_.work([&] { trainer_.begin_task(steps, name, 0, {1, steps}, plan, true); });
  }

  /// Runs the penalty's passes before an epoch, if the penalty has any.
  void begin_epoch(data::BatchSource& source, std::uint32_t epoch) {
    trainer_.work([&] { trainer_.begin_epoch(source, epoch); });
  }

  /// @brief One step: momentum update, forward, backward, check for non-finite numbers, optimiser. Waits for the
  /// result.
  /// **Errors.** NumericError if a loss or the gradient is not finite; only the momentum weights and the momentum
  /// rule's State have changed then. UsageError for a learning rate that is negative or not finite.
  StepReport step(const data::Batch& batch, const data::BatchSource* source = nullptr) {
    StepReport report;
    trainer_.work([&] { report = trainer_.step(batch, source); });
    return report;
  }

  /// @brief Losses and gradients of a batch as the next step of the current task would compute them. Only the momentum
  /// weights change, which that step then does not update again. **Errors.** UsageError for a batch that the model
  /// cannot take, and within a step: call it in Observer::between_steps(), or when no training runs.
  [[nodiscard]] StepProbe probe(const data::Batch& batch) {
    trainer_.require_state("Learner::probe");
    return StepProber<Engine>::probe(engine(), batch);
  }

  /// @brief Reports the steps that an observer's error left without a report. Afterwards the online weights are those
  /// of the last reported step. **Errors.** NumericError of such a step; errors of observers.
  void report_pending_steps() { trainer_.report_pending_steps(); }

  /// @brief Consolidates the penalty and counts the task. **Errors.** UsageError if a penalty walks through the task's
  /// batches and `source` is null; NumericError and DataError as they occur.
  void end_task(data::BatchSource* source = nullptr) {
    trainer_.work([&] { trainer_.end_single_task(source); });
  }

  [[nodiscard]] const Model& model() const { return engine().model(); }
  [[nodiscard]] const TrainOptions& options() const { return engine().options(); }
  [[nodiscard]] std::uint32_t tasks_seen() const { return engine().tasks_seen(); }
  /// The online weights in the backend's memory, [thetas().size()], for reading: what extract() and encode_images()
  /// take.
  [[nodiscard]] const Real* online() const { return engine().thetas().online(); }
  /// The vocabulary of the tasks learned so far, or of the weights loaded, if their sources know it.
  [[nodiscard]] const std::optional<data::TokenIds>& token_ids() const { return token_ids_; }
  /// Names the vocabulary of the weights. **Errors.** UsageError, led by `who`, for another one than before.
  void adopt_vocabulary(const data::TokenIds& ids, const std::string& who) {
    if (token_ids_) data::require_same_vocabulary(ids, *token_ids_, who);
    token_ids_ = ids;
  }
  /// @brief Names the vocabulary of weights that were read, or that it is not known. Until a task was learned, it takes
  /// the place of the vocabulary named before. **Errors.** after a task, as adopt_vocabulary().
  void adopt_vocabulary_of_weights(const std::optional<data::TokenIds>& ids, const std::string& who) {
    if (tasks_seen() == 0)
      token_ids_ = ids;
    else if (ids)
      adopt_vocabulary(*ids, who);
  }
  [[nodiscard]] Thetas<B>& thetas() { return engine().thetas(); }
  [[nodiscard]] const Thetas<B>& thetas() const { return engine().thetas(); }
  /// Mutable access to policies and states. A change alters the captured work, so the next step runs normally.
  [[nodiscard]] Losses& losses() { return changed().losses(); }
  [[nodiscard]] auto& losses_state() { return changed().losses_state(); }
  [[nodiscard]] const auto& losses_state() const { return engine().policies().losses_state(); }
  [[nodiscard]] Momentum& momentum() { return changed().momentum(); }
  [[nodiscard]] Penalty& penalty() { return engine().policies().penalty(); }
  [[nodiscard]] auto& penalty_state() { return engine().policies().penalty_state(); }
  [[nodiscard]] Rehearsal& rehearsal() { return engine().policies().rehearsal(); }
  [[nodiscard]] const auto& rehearsal_state() const { return engine().policies().rehearsal_state(); }
  [[nodiscard]] Optimizer& optimizer() { return engine().policies().optimizer(); }
  [[nodiscard]] Schedule& schedule() { return engine().policies().schedule(); }
  /// Why steps are no longer captured (TrainOptions::capture_steps); empty if no capture failed. Such a training goes
  /// on with the same results, more slowly.
  [[nodiscard]] const std::string& capture_failure() const { return engine().capture_failure(); }
  /// `observer` must outlive the training.
  void observe(Observer& observer) { trainer_.observe(observer); }

  /// The online weights, gaps included, on the host.
  [[nodiscard]] std::vector<Real> weights() const { return engine().weights(); }
  /// **Errors.** ShapeError unless there is one number for each place of the layout.
  void set_weights(const std::vector<Real>& host) { engine().set_weights(host); }

  /// Features of the pairs of a task, by the online model: see extract().
  [[nodiscard]] ExtractedFeatures features(const data::Task& task, FeatureKinds kinds = {}) const {
    return extract(model(), online(), task, options(), kinds);
  }
  /// Image features of decoded pictures, or of the pictures of a task, by the online model: see encode_images().
  [[nodiscard]] EncodedRows encode_images(std::span<const data::Image> pictures) const {
    return ctp::encode_images(model(), online(), pictures, options());
  }
  [[nodiscard]] EncodedRows encode_images(const data::Task& pictures) const {
    return ctp::encode_images(model(), online(), pictures, options());
  }
  /// Text features of captions as written, or of token ids, by the online model: see encode_texts().
  template <class Tokenizer>
  [[nodiscard]] EncodedRows encode_texts(std::span<const std::string> texts, const Tokenizer& tokenizer) const {
    return ctp::encode_texts(model(), online(), texts, tokenizer, options());
  }
  [[nodiscard]] EncodedRows encode_texts(std::span<const TextIds> texts) const {
    return ctp::encode_texts(model(), online(), texts, options());
  }
  /// @brief Writes the weights to a file, and the vocabulary beside it if a tokenizer is given: see save_weights() in
  /// `ctp/train/weights/weights_file.hpp`. Or saves the state into an io::CheckpointFolder, with that of observers: see
  /// save_checkpoint() in `ctp/train/checkpoint/checkpoint.hpp`. The program includes the header.
  template <class Target, class... More>
  void save(Target&& target, More&&... more) {
    if constexpr (requires { save_checkpoint(*this, target, more...); }) {
      save_checkpoint(*this, target, more...);
    } else {
      constexpr bool declared = requires { save_weights(*this, target, more...); };
      static_assert(declared,
                    "[ctp.train.save] Learner::save(path) or save(path, tokenizer) needs '#include "
                    "<ctp/train/weights/weights_file.hpp>' (part of ctp/data.hpp), and save(checkpoints) '#include "
                    "<ctp/train/checkpoint/checkpoint.hpp>'. See docs/weights.md and docs/checkpoints.md");
      if constexpr (declared) save_weights(*this, target, more...);
    }
  }
  /// @brief Reads the weights from a file: see load_weights() in `ctp/train/weights/weights_file.hpp`. Or restores the
  /// newest valid checkpoint of an io::CheckpointFolder: see load_checkpoint() in
  /// `ctp/train/checkpoint/checkpoint.hpp`.
  template <class Source, class... More>
  auto load(Source&& source, More&&... more) {
    if constexpr (requires { load_checkpoint(*this, source, more...); }) {
      return load_checkpoint(*this, source, more...);
    } else {
      constexpr bool declared = requires { load_weights(*this, source, more...); };
      static_assert(declared,
                    "[ctp.train.load] Learner::load(path) needs '#include <ctp/train/weights/weights_file.hpp>' (part "
                    "of ctp/data.hpp), and load(checkpoints) '#include <ctp/train/checkpoint/checkpoint.hpp>'. See "
                    "docs/weights.md and docs/checkpoints.md");
      if constexpr (declared) load_weights(*this, source, more...);
    }
  }

  /// Calls visitor("name", member) for each setting of each policy.
  template <class Visitor>
  void settings(Visitor&& visitor) {
    changed().settings(visitor);
  }
  /// @brief A copy of all that changes during a training, on the host: weights, teachers, moments, the policies'
  /// states, the place in the tasks. To be called in Observer::between_steps(), or when no training runs. `others`:
  /// what changes beside the learner and has a `visit`, such as an observer that counts.
  /// **Errors.** UsageError within a step, and after an error of a training, which leaves a step or a task half done.
  template <class... Others>
  [[nodiscard]] StateArchive state(Others&... others) {
    trainer_.require_state();
    return StateArchive::of(*this, others...);
  }
  /// @brief Takes over a state of an equal learner: the same strategy, model, options and settings. The next learn() or
  /// learn_all(), with the same tasks and plans, goes on from its place and gives the same bits as the training that
  /// the state was saved from. A task that is driven by hand (step()) does not go on: its plan is not part of the
  /// state.
  /// **Errors.** as StateArchive::restore(); UsageError within a training.
  template <class... Others>
  void restore(const StateArchive& state, Others&... others) {
    trainer_.restore([&] { state.restore(*this, others...); });
  }
  /// Where the training stands.
  [[nodiscard]] Position place() const { return trainer_.position(); }

  /// Calls archive("name", member) for each member that changes during a training. The archive keeps no address of a
  /// member: copies of weights are remade because of this call, not because of a later change.
  template <class Archive>
  void visit(Archive& archive) {
    engine().visit(archive);
    trainer_.visit(archive);
    data::visit_token_ids(archive, token_ids_);
  }

 private:
  [[nodiscard]] Engine& engine() { return trainer_.engine(); }
  [[nodiscard]] const Engine& engine() const { return trainer_.engine(); }
  /// Mutable access to the policies: invalidates the capture.
  Policies& changed() {
    engine().invalidate();
    return engine().policies();
  }

  /// Settings of the batches of task `task`.
  [[nodiscard]] data::LoaderOptions loader_options(std::uint32_t task) const {
    return data::loader_options(options().loading, model().config(), options().max_tokens, options().seed, task,
                                least_pairs_of(engine().policies().losses()));
  }

  static void require_plans(const std::vector<TaskPlan>& plans, std::size_t trainings) {
    for (const TaskPlan& plan : plans) plan.check();
    if (plans.empty() || plans.size() == trainings) return;
    throw UsageError(Complaint{
        "learn_all", "plans",
        std::to_string(trainings) +
            (Rehearsal::joins_all_tasks ? ", because the rehearsal joins all tasks to one" : ", one for each task"),
        std::to_string(plans.size()), "leave them out to train all tasks with the options"}
                         .text());
  }
  /// Calls task(), which trains one task that is a list of its own.
  template <class Train>
  void learn_alone(const Train& task) {
    trainer_.work(task);
    trainer_.place().end_list(tasks_seen());
    trainer_.tell_place();
  }
  /// Trains one task and lets the rehearsal choose pairs of it. `print`: fingerprint_of() the task.
  void learn_task(const data::Task& task, std::uint64_t print, const TaskPlan& plan, bool alone) {
    plan.check();
    engine().require_batch_of(options().loading.batch_size);
    data::Loader loader(with_kept_pairs(task, engine().policies(), kept_source_), loader_options(tasks_seen()));
    data::require_texts(task, model().config(), options().max_tokens);
    if (const auto ids = task.source->token_ids()) adopt_vocabulary(*ids, "task '" + task.name + "'");
    trainer_.train(loader, task.name, print, plan, alone);
    if constexpr (keeps_pairs) {
      const data::Task learned = data::without_bad_images(task, options().loading.quarantined, loader.bad_images());
      keep_pairs(engine().policies(), learned, tasks_seen() - 1,
                 [this](const data::Task& kept) { return features(kept, {.retrieval = false, .fusion = true}); });
      kept_source_ = task.source;
    }
  }
  TaskTrainer<Engine> trainer_;
  std::shared_ptr<const data::Source> kept_source_;  ///< of the pairs that the rehearsal keeps
  std::optional<data::TokenIds> token_ids_;          ///< of the tasks learned
};

}  // namespace ctp
