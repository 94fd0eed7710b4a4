/// @file   ctp/train/step_engine.hpp
/// @brief  One training step: forward, backward, check for non-finite numbers, optimiser, roll-back.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/rounded_weights.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/optim/schedule/rates.hpp>
#include <ctp/train/guard/step_fault.hpp>
#include <ctp/train/guard/step_probe.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/parameters/frozen_towers.hpp>
#include <ctp/train/parameters/gradient_clip.hpp>
#include <ctp/train/parameters/penalty_value.hpp>
#include <ctp/train/parameters/ranges.hpp>
#include <ctp/train/policies.hpp>
#include <ctp/train/step.hpp>
#include <ctp/train/steps/apply_optimizer.hpp>
#include <ctp/train/steps/momentum_steps.hpp>
#include <ctp/train/steps/pending_steps.hpp>
#include <ctp/train/steps/step_capture.hpp>
#include <ctp/train/task_passes.hpp>
#include <ctp/train/task_plan.hpp>
#include <ctp/train/thetas.hpp>

namespace ctp {

/// @brief The model, its parameter vectors and the policies of a strategy, and the steps that train them.
///
/// Stores and runs only the models and outputs that some policy needs. On a backend that can skip work (CUDA) the steps
/// are asynchronous: a non-finite step makes the device skip all later work, and synchronize() rolls the host back to
/// before that step.
template <class Strategy, class ModelType>
class StepEngine {
 public:
  using Model = ModelType;
  using B = typename Model::Backend;
  using Real = typename Model::Real;
  using Policies = ctp::Policies<Strategy, Model>;
  using Penalty = typename Policies::Penalty;
  using Optimizer = typename Policies::Optimizer;
  using Passes = TaskPasses<StepEngine>;

  static constexpr bool keeps_previous = Policies::keeps_previous;
  static constexpr bool keeps_momentum = Policies::keeps_momentum;
  /// Whether the optimiser knows ranges of parameters and clipping, for the term of this strategy's penalty.
  static constexpr bool takes_ranges = optim::StepsInRanges<Optimizer, Model, penalty::TermOf<Penalty, Model>>;

  /// Weights are drawn from `options.seed`.
  explicit StepEngine(Model model, const TrainOptions& options = {})
      : StepEngine(std::move(model), options, [](const auto&) {}) {}
  /// As above, with settings: configure(policies) is called with ChosenPolicies, before their parameters are added to
  /// the layout and their states are made. **Errors.** of configure(); as Layout::add().
  template <class Configure>
  StepEngine(Model model, const TrainOptions& options, const Configure& configure)
      : model_(std::move(model)),
        options_(options),
        policies_(model_, options.seed, configure),
        thetas_(model_.layout().size(), keeps_previous, keeps_momentum),
        gradient_(model_.layout().size()) {
    set_weights(initial_weights<Real>(model_.layout(), options.seed, options.initialization));
  }

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const TrainOptions& options() const { return options_; }
  [[nodiscard]] Thetas<B>& thetas() { return thetas_; }
  [[nodiscard]] const Thetas<B>& thetas() const { return thetas_; }
  [[nodiscard]] Policies& policies() { return policies_; }
  [[nodiscard]] const Policies& policies() const { return policies_; }
  [[nodiscard]] std::uint32_t tasks_seen() const { return tasks_seen_; }
  /// Steps of the current task so far.
  [[nodiscard]] std::uint64_t task_step() const { return task_step_; }
  [[nodiscard]] std::uint64_t global_step() const { return global_step_; }  ///< of all tasks
  /// Steps submitted and not reported yet.
  [[nodiscard]] std::size_t pending() { return pending_.entries().size(); }
  /// Makes the next step run normally, not as a replay, and round all weights: a setting or a state was changed from
  /// outside.
  void invalidate() {
    capture_.invalidate();
    thetas_.forget_copies();
  }
  /// Why steps are no longer captured, although the options ask for it; empty if none failed.
  [[nodiscard]] const std::string& capture_failure() const { return capture_.failure(); }

  [[nodiscard]] std::vector<Real> weights() const { return thetas_.weights(); }
  void set_weights(const std::vector<Real>& host) { thetas_.set_weights(host); }

  /// @brief Prepares a task of `steps` planned steps: copies the online weights to the previous and the momentum
  /// weights, tells the penalty, resets the optimiser. **Errors.** as TaskPlan::check().
  void begin_task(std::uint64_t steps, const TaskPlan& plan = {}) {
    plan.check();
    plan_ = plan;
    thetas_.begin_task(tasks_seen_ > 0);
    if constexpr (penalty::BeginsTasks<Penalty, Model>)
      policies_.penalty().begin_task(policies_.penalty_state(), std::as_const(thetas_).online());
    policies_.optimizer().reset(policies_.optimizer_state());
    momentum_steps_.begin(global_step_);
    task_step_ = 0;
    task_steps_ = steps;
  }
  /// Sets the plan of a task that goes on from a restored state. **Errors.** as TaskPlan::check().
  void resume_task(const TaskPlan& plan) {
    plan.check();
    plan_ = plan;
  }
  /// Leaves out a step: the next one is the step after it.
  void pass_over(const StepFault& step) {
    task_step_ = step.step + 1;
    global_step_ = step.global_step + 1;
  }
  /// Forgets the steps that were not reported, and the error of a step: a restored state knows nothing of them.
  void discard_pending() {
    pending_.read();
    pending_.drop_from(0);
    pending_.clear();
    failure_.reset();
    thetas_.forget_copies();
    B::zero(gradient_.data(), gradient_.size());
  }
  /// Planned epochs of the current task.
  [[nodiscard]] int epochs() const { return plan_.epochs.value_or(options_.epochs); }
  /// How the parameters are trained.
  [[nodiscard]] const optim::Ranges& ranges() const { return ranges_; }
  /// Runs the penalty's passes before an epoch, if the penalty has any.
  void begin_epoch([[maybe_unused]] data::BatchSource& source, [[maybe_unused]] std::uint32_t epoch) {
    thetas_.forget_copies();
    if constexpr (penalty::BeginsEpochs<Penalty, Model, Passes>) {
      Passes passes(*this, &source, epoch);
      policies_.penalty().begin_epoch(policies_.penalty_state(), passes);
    }
  }
  /// @brief Consolidates the penalty. **Errors.** UsageError if the penalty walks through the task's batches and
  /// `source` is null; NumericError and DataError of these batches. `trained`: the epochs of a task that ended early.
  void end_task([[maybe_unused]] data::BatchSource* source, [[maybe_unused]] std::optional<int> trained = {}) {
    if constexpr (penalty::EndsTasks<Penalty, Model, Passes>) {
      Passes passes(*this, source, static_cast<std::uint32_t>(trained.value_or(epochs())));
      policies_.penalty().end_task(policies_.penalty_state(), passes);
    }
    ++tasks_seen_;
  }

  /// **Errors.** UsageError for a batch of fewer pairs than a loss with a weight can learn from.
  void require_batch_of(int pairs) const {
    const int least = least_pairs_of(policies_.losses());
    if (pairs < least)
      throw UsageError(Complaint{"Learner", "batch size",
                                 std::to_string(least) + " or more: a loss contrasts the pairs of a batch",
                                 std::to_string(pairs), "choose a larger batch"}
                           .text());
  }

  /// @brief Submits one step on `batch`. Returns before the step is computed if the backend can skip work.
  /// **Errors.** UsageError for a batch that the model cannot take. StepError for a non-finite step on a backend that
  /// cannot skip work; `source` gives the names of pairs to the message and may be null.
  void submit(const data::Batch& batch, const data::BatchSource* source) {
    require_batch_of(batch.size);
    const double rate = learning_rate(task_step_, task_steps_);
    prepare(batch);
    capture_.run({{batch_.size(), batch_.length(), batch_.masked_positions().row.data, has_previous(), numbers_of<B>()},
                  batch_.task(),
                  batch_.epoch()},
                 [this] { compute(); });
    tape_.advance(computed_->end);
    clip_.measure(ranges_, std::as_const(thetas_).online(), gradient_.data(), penalty_term());
    record_losses(computed_->step, computed_->loss, batch, rate, penalty_value(), clip_.norm());
    if constexpr (!backend::SkipsWork<B>) {
      pending_.read();
      roll_back_skipped_steps(source);
      if (failure_) throw *std::exchange(failure_, std::nullopt);
    }
    skip_if_failed([&] {
      policies_.losses().commit(computed_->step, policies_.losses_state());
      apply_optimizer<takes_ranges>(policies_, thetas_, gradient_.data(), rate, penalty_term(), ranges_,
                                    std::as_const(clip_).factor());
    });
    ++task_step_;
    ++global_step_;
  }

  /// @brief Waits for the submitted steps, checks them, reports them to `observers`. Returns the last report.
  /// **Errors.** StepError for the first non-finite step, after the reports of the steps before. Before the error is
  /// thrown and before the reports, all state but the momentum weights and the momentum rule's State is rolled back to
  /// before that step; those two are left together as updated before that step, and are not updated again if the step
  /// is done again.
  StepReport synchronize(const data::BatchSource* source, std::span<Observer* const> observers = {}) {
    return synchronize(source, observers, [](const StepReport&) { return true; });
  }
  /// As above. After each report, goes_on(report) decides whether the steps behind it are reported, too, or forgotten.
  template <class GoesOn>
  StepReport synchronize(const data::BatchSource* source, std::span<Observer* const> observers, const GoesOn& goes_on) {
    pending_.read();
    roll_back_skipped_steps(source);
    StepReport last;
    while (!pending_.entries().empty()) {
      last = pending_.entries().front().report;
      pending_.pop_reported();  // first: an observer may throw, and no step may be reported twice
      for (Observer* observer : observers) observer->step_done(last);
      if (!goes_on(std::as_const(last))) {
        discard_pending();
        break;
      }
    }
    pending_.clear();
    if (failure_) throw *std::exchange(failure_, std::nullopt);
    return last;
  }

  /// Calls archive("name", member) for each member that changes during a training.
  template <class Archive>
  void visit(Archive& archive) {
    invalidate();
    thetas_.visit(archive);
    policies_.visit(archive);
    archive("tasks_seen", tasks_seen_);
    archive("task_step", task_step_);
    archive("task_steps", task_steps_);
    archive("global_step", global_step_);
    if constexpr (keeps_momentum) momentum_steps_.visit(archive);
  }

 private:
  friend class TaskPasses<StepEngine>;
  friend class StepProber<StepEngine>;

  [[nodiscard]] bool has_previous() const { return keeps_previous && tasks_seen_ > 0; }
  /// The learning rate of step `step` of a task of `steps` steps. **Errors.** as optim::checked_rate().
  [[nodiscard]] double learning_rate(std::uint64_t step, std::uint64_t steps) const {
    return plan_.rate_at(step, steps, {options_.rate, options_.min_rate}, policies_.schedule());
  }

  /// Loads the batch of the next step, updates the momentum weights, and rounds the weights that products read.
  void prepare(const data::Batch& batch) {
    batch_.load(batch, model_.config());
    if (tape_.rewind()) capture_.drop_capture();
    if constexpr (keeps_momentum)
      momentum_steps_.update(policies_, thetas_, {tasks_seen_, task_step_, task_steps_, global_step_, has_previous()},
                             [this](const auto& work) { this->skip_if_failed(work); });
    thetas_.round(has_previous());
  }
  /// The part of a step that a backend may capture: forward and backward pass of the loaded batch.
  void compute() {
    tape_.rewind();  // a capture that failed leaves the first part of the step there
    const auto rounded = std::as_const(thetas_).constant(has_previous());
    computed_.emplace(Computed{make_step(std::as_const(thetas_).online()), {}, {}});
    computed_->loss = policies_.losses().loss(computed_->step, policies_.losses_state());
    computed_->step.seal();
    B::fill(1, Real(1), computed_->loss.grad.data);
    tape_.backward();
    computed_->end = tape_.mark();
  }

  /// Calls work(). After a non-finite step the device skips all launches of work().
  template <class Work>
  void skip_if_failed(const Work& work) {
    if constexpr (backend::SkipsWork<B>)
      B::skip_if(pending_.skip_flag(), work);
    else
      work();
  }

  /// The step of the loaded batch; the loss is differentiated at `theta` [n].
  Step<Model> make_step(const Real* theta) {
    Step<Model> step(model_, batch_, online_pass(theta), frozen_);
    if constexpr (keeps_previous)
      if (has_previous()) step.previous.emplace(model_, Pass<B>{std::as_const(thetas_).previous(), &tape_}, batch_);
    if constexpr (keeps_momentum)
      step.momentum.emplace(model_, Pass<B>{std::as_const(thetas_).momentum(), &tape_}, batch_);
    return step;
  }

  /// A pass with gradient and dropout.
  [[nodiscard]] Pass<B> online_pass(const Real* theta) {
    Pass<B> pass{theta, &tape_, gradient_.data()};
    pass.dropout.probability = static_cast<float>(model_.config().dropout);
    pass.dropout.key = dropout_stream_.key;
    pass.dropout.task = batch_.task();
    pass.dropout.epoch = batch_.epoch();
    pass.dropout.sample = batch_.sample();
    return pass;
  }

  /// The strategy's objective without distillation: the loss that the penalties differentiate.
  Scalar<B> objective_loss(Step<Model>& step) {
    return policies_.losses().template loss_of_one<0>(step, policies_.losses_state());
  }

  /// @brief Adds the gradient of loss(step) at `theta` [n] on `batch` to gradient_. Waits for the result.
  /// **Errors.** NumericError if the loss or the gradient is not finite.
  template <class Loss>
  void differentiate(const Real* theta, const data::Batch& batch, const data::BatchSource& source, const Loss& loss) {
    capture_.invalidate();  // memory may move
    tape_.rewind();
    batch_.load(batch, model_.config());
    const backend::RoundedWeights<B> rounded(thetas_.size(), {theta});
    Step<Model> step = make_step(theta);
    const Scalar<B> value = loss(step);
    if (value.grad) {  // null if no trained parameter reaches the loss
      B::fill(1, Real(1), value.grad.data);
      tape_.backward();
    }
    record_losses(step, value, batch, 0, nullptr, nullptr);
    pending_.read();
    const auto& entry = pending_.entries().back();
    const std::string wrong = entry.complaint().empty() ? "" : entry.error(&source).what();
    pending_.drop_from(pending_.entries().size() - 1);
    if (wrong.empty()) return;
    B::zero(gradient_.data(), gradient_.size());
    throw NumericError(wrong);
  }

  /// The penalty's term, or the empty one.
  penalty::TermOf<Penalty, Model> penalty_term() {
    if constexpr (Penalty::active)
      return policies_.penalty().term(policies_.penalty_state());
    else
      return {};
  }

  /// Computes the penalty's value. Returns its address in the backend's memory, or null without a penalty.
  const double* penalty_value() {
    if constexpr (Penalty::active)
      return penalty_value_.measure(thetas_.size(), std::as_const(thetas_).online(), penalty_term());
    else
      return nullptr;
  }

  /// Adds a computed step to the pending ones. `penalty`, `norm`: the penalty's value and the gradient's norm in the
  /// backend's memory; null if the step has none.
  void record_losses(const Step<Model>& step, const Scalar<B>& loss, const data::Batch& batch, double rate,
                     const double* penalty, const double* norm) {
    const StepReport report{.task = tasks_seen_,
                            .epoch = batch_.epoch(),
                            .step = task_step_,
                            .global_step = global_step_,
                            .steps = task_steps_,
                            .rate = rate,
                            .pairs = static_cast<int>(batch_.size())};
    const char* penalty_name = nullptr;
    if constexpr (Penalty::active)
      if (penalty != nullptr) penalty_name = Penalty::name;
    auto& entry =
        pending_.add(report, batch.sample, step, loss, gradient_.size(), gradient_.data(), penalty_name, penalty, norm);
    if constexpr (backend::SkipsWork<B>) {
      entry.before.clear();
      policies_.visit(entry.before);
    }
  }

  /// Rolls back the first non-finite step and all steps after it; stores the error in failure_.
  void roll_back_skipped_steps(const data::BatchSource* source) {
    const auto entries = pending_.entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& entry = entries[i];
      if (entry.complaint().empty()) continue;
      failure_.emplace(entry.error(source));
      if constexpr (backend::SkipsWork<B>) policies_.visit(entry.before.restore());
      task_step_ = entry.report.step;
      global_step_ = entry.report.global_step;
      momentum_steps_.failed(global_step_);
      thetas_.forget_copies();
      B::zero(gradient_.data(), gradient_.size());
      pending_.drop_from(i);
      return;
    }
  }

  /// The last computed step. Its values lie on the tape.
  struct Computed {
    Step<Model> step;
    Scalar<B> loss;
    typename Tape<B>::Mark end;  ///< of the tape after the step
  };

  Model model_;
  TrainOptions options_;
  Policies policies_;
  Thetas<B> thetas_;
  Buffer<Real, B> gradient_;
  optim::Ranges ranges_ = checked_ranges(model_.layout(), options_, takes_ranges);
  FrozenTowers frozen_ = frozen_towers(model_, ranges_);
  GradientClip<B> clip_{options_.clip_norm, options_.guard.finds_spikes(), ranges_};
  TaskPlan plan_;  ///< of the current task
  Tape<B> tape_;
  DeviceBatch<B> batch_;
  std::optional<Computed> computed_;
  StepCapture<B> capture_{options_.capture_steps};
  PendingSteps<B> pending_;
  PenaltyValue<B> penalty_value_;
  std::optional<StepError> failure_;  ///< of the steps rolled back, until it is thrown
  RandomStream dropout_stream_{options_.seed, "dropout"};
  std::uint32_t tasks_seen_ = 0;
  std::uint64_t task_step_ = 0, task_steps_ = 0, global_step_ = 0;
  MomentumSteps momentum_steps_;
};

}  // namespace ctp
