/// @file   ctp/train/learner.hpp
/// @brief  The one place where policies meet: the loop over tasks, epochs and steps.
/// @layer  train
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/data/loader/loader.hpp>
#include <ctp/data/source.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/momentum/require.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/objective/require.hpp>
#include <ctp/optim/cosine.hpp>
#include <ctp/optim/require.hpp>
#include <ctp/penalty/require.hpp>
#include <ctp/rehearsal/candidates.hpp>
#include <ctp/rehearsal/require.hpp>
#include <ctp/train/extract.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/pending_steps.hpp>
#include <ctp/train/step.hpp>
#include <ctp/train/step_capture.hpp>
#include <ctp/train/task_passes.hpp>
#include <ctp/train/thetas.hpp>

namespace ctp {

/// @brief Trains a model on one task after the other, as a strategy says.
///
/// A Learner stores and runs only what some policy of the strategy needs. Policies never know each other; what happens
/// on the first task follows from what does not exist yet, not from a rule here.
template <class Strategy, class ModelType>
class Learner {
 public:
  using Model = ModelType;
  using B = typename Model::Backend;
  using Real = typename Model::Real;
  using Losses = All<typename Strategy::Objective, typename Strategy::Distillation>;
  using Momentum = typename Strategy::Momentum;
  using Penalty = typename Strategy::Penalty;
  using Rehearsal = typename Strategy::Rehearsal;
  using Optimizer = typename Strategy::Optimizer;

  // One sentence each for a policy that lacks something, before anything else is made of them.
  static_assert(objective::require_losses<typename Strategy::Objective, Step<Model>>());
  static_assert(objective::require_losses<typename Strategy::Distillation, Step<Model>>());
  static_assert(momentum::require_momentum_policy<Momentum, B>());
  static_assert(penalty::require_penalty<Penalty, Model>());
  static_assert(rehearsal::require_rehearsal_policy<Rehearsal, Model>());
  static_assert(optim::require_optimizer<Optimizer, Model>());

  static constexpr Needs needs = Losses::needs | Momentum::needs;
  static constexpr bool keeps_previous = needs.previous != Output::Nothing;
  static constexpr bool keeps_momentum = Momentum::active;
  static constexpr bool keeps_pairs = rehearsal::KeepsPairs<Rehearsal, Model>;
  static_assert(
      needs.momentum == Output::Nothing || keeps_momentum,
      "[ctp.strategy.momentum] a policy of this strategy asks for the momentum model, but its Momentum is None; "
      "name one: 'using Momentum = ctp::momentum::Compatible'. See docs/policies/momentum.md");

  static_assert(
      std::same_as<typename Strategy::Projection, typename Model::Projection>,
      "[ctp.strategy.projection] this strategy and this model project class tokens in different ways; make the "
      "model with the strategy's: 'ctp::VisionLanguageModel<ImageEncoder, TextEncoder, Backend, typename "
      "Strategy::Projection>'. See docs/policies/distillation.md");

  /// A learner with fresh weights drawn from the seed.
  explicit Learner(Model model, TrainOptions options = {})
      : model_(std::move(model)),
        options_(options),
        thetas_(model_.layout().size(), keeps_previous, keeps_momentum),
        gradient_(model_.layout().size()),
        losses_state_(make_state(losses_, model_, options.seed)),
        penalty_state_(make_state(penalty_, model_, options.seed)),
        rehearsal_state_(make_state(rehearsal_, model_, options.seed)),
        optimizer_state_(make_state(optimizer_, model_, options.seed)) {
    set_weights(initial_weights<Real>(model_.layout(), options.seed, options.initialization));
  }

  /// @brief Trains on a task's pairs and those kept of earlier tasks: `epochs` times over all of them, shuffled.
  /// **Errors.** UsageError for a batch larger than the task, or pairs kept of another source; DataError and
  /// NumericError as they occur.
  void learn(const data::Task& task) {
    data::Loader loader(with_kept_pairs(task), data::loader_options(options_.loading, model_.config(),
                                                                    options_.max_tokens, options_.seed, tasks_seen_));
    train(loader, task.name);
    keep_pairs(data::without_bad_images(task, options_.loading.quarantined, loader.bad_images()));
  }

  /// @brief Trains on all tasks in turn; a strategy whose rehearsal keeps everything trains once, on all of them
  /// together. `after(learner, index)` is called with the index of the last task learned, each time weights are ready.
  /// **Errors.** UsageError if there are no tasks, or tasks to be joined come from different sources.
  template <class After>
  void learn_all(const std::vector<data::Task>& tasks, const After& after) {
    require(!tasks.empty(), "learn_all", "expected at least one task, found none");
    if constexpr (Rehearsal::joins_all_tasks) {
      data::Task joined{tasks.front().name, tasks.front().source, {}};
      for (const data::Task& task : tasks) {
        require_same_source(task, joined.source, "the first task");
        if (&task != &tasks.front()) joined.name += " + " + task.name;
        joined.members.insert(joined.members.end(), task.members.begin(), task.members.end());
      }
      learn(joined);
      after(*this, tasks.size() - 1);
    } else {
      for (std::size_t t = 0; t < tasks.size(); ++t) {
        learn(tasks[t]);
        after(*this, t);
      }
    }
  }

  /// The same for batches from anywhere. Not for a rehearsal that keeps pairs, which must know what the task is made
  /// of.
  void learn(data::BatchSource& source, const std::string& name) {
    static_assert(!keeps_pairs,
                  "[ctp.strategy.rehearsal] this strategy's rehearsal keeps pairs and must know which pairs a task is "
                  "made of; call learn(const data::Task&). See docs/policies/rehearsal.md");
    train(source, name);
  }

  /// Everything is as it must be before the first of `steps` steps of the next task.
  void begin_task(std::uint64_t steps, const std::string& name = "") {
    settle(nullptr);  // an observer may have thrown before
    if constexpr (keeps_previous)
      if (tasks_seen_ > 0) B::copy(thetas_.online(), thetas_.size(), thetas_.previous());
    if constexpr (keeps_momentum) B::copy(thetas_.online(), thetas_.size(), thetas_.momentum());
    if constexpr (penalty::BeginsTasks<Penalty, Model>)
      penalty_.begin_task(penalty_state_, std::as_const(thetas_).online());
    optimizer_.reset(optimizer_state_);
    task_step_ = 0;
    task_steps_ = steps;
    for (Observer* observer : observers_) observer->task_begins(tasks_seen_, name, steps);
  }

  /// What a penalty does before an epoch's steps; nothing for most.
  void begin_epoch(data::BatchSource& source, std::uint32_t epoch) {
    if constexpr (penalty::BeginsEpochs<Penalty, Model, TaskPasses<Learner>>) {
      TaskPasses<Learner> passes(*this, &source, epoch);
      penalty_.begin_epoch(penalty_state_, passes);
    }
  }

  /// @brief One step: momentum update, forward, backward, guard; then, and only then, what was learned is kept.
  /// **Errors.** NumericError if a loss or the gradient is not finite; nothing but the momentum weights has changed
  /// then.
  StepReport step(const data::Batch& batch, const data::BatchSource* source = nullptr) {
    submit(batch, source);
    return settle(source);
  }

  /// @brief What was learned is consolidated. **Errors.** UsageError if a penalty walks through the task's batches and
  /// `source` is null; NumericError and DataError as they occur.
  void end_task([[maybe_unused]] data::BatchSource* source = nullptr) {
    if constexpr (penalty::EndsTasks<Penalty, Model, TaskPasses<Learner>>) {
      TaskPasses<Learner> passes(*this, source, static_cast<std::uint32_t>(options_.epochs));
      penalty_.end_task(penalty_state_, passes);
    }
    ++tasks_seen_;
  }

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const TrainOptions& options() const { return options_; }
  [[nodiscard]] std::uint32_t tasks_seen() const { return tasks_seen_; }
  [[nodiscard]] Thetas<B>& thetas() { return thetas_; }
  [[nodiscard]] const Thetas<B>& thetas() const { return thetas_; }
  /// What a step does may be changed through these; the next step is then not a replay.
  [[nodiscard]] Losses& losses() {
    capture_.invalidate();
    return losses_;
  }
  [[nodiscard]] auto& losses_state() {
    capture_.invalidate();
    return losses_state_;
  }
  [[nodiscard]] const auto& losses_state() const { return losses_state_; }
  [[nodiscard]] Momentum& momentum() {
    capture_.invalidate();
    return momentum_;
  }
  [[nodiscard]] Penalty& penalty() { return penalty_; }
  [[nodiscard]] auto& penalty_state() { return penalty_state_; }
  [[nodiscard]] Rehearsal& rehearsal() { return rehearsal_; }
  [[nodiscard]] const auto& rehearsal_state() const { return rehearsal_state_; }
  [[nodiscard]] Optimizer& optimizer() { return optimizer_; }
  /// `observer` must outlive the training.
  void observe(Observer& observer) { observers_.push_back(&observer); }

  /// The online weights, gaps included, on the host.
  [[nodiscard]] std::vector<Real> weights() const {
    std::vector<Real> host(static_cast<std::size_t>(thetas_.size()));
    B::download(thetas_.online(), thetas_.size(), host.data());
    return host;
  }
  /// **Errors.** ShapeError unless there is one number for each place of the layout.
  void set_weights(const std::vector<Real>& host) {
    const auto n = static_cast<Index>(host.size());
    require_shape(n == thetas_.size(), "Learner::set_weights", "weights", Shape<1>{n}, "layout",
                  Shape<1>{thetas_.size()}, "one number for each place of the layout");
    B::upload(host.data(), n, thetas_.online());
  }

  /// Calls visitor("name", member) for each setting of each policy.
  template <class Visitor>
  void settings(Visitor&& visitor) {
    capture_.invalidate();
    visit_settings(losses_, visitor);
    auto momentum = [&](const std::string& key, auto& value) { visitor("momentum." + key, value); };
    visit_settings(momentum_, momentum);
    auto penalty = [&](const std::string& key, auto& value) { visitor("penalty." + key, value); };
    visit_settings(penalty_, penalty);
    auto rehearsal = [&](const std::string& key, auto& value) { visitor("rehearsal." + key, value); };
    visit_settings(rehearsal_, rehearsal);
    auto optimizer = [&](const std::string& key, auto& value) { visitor("optimizer." + key, value); };
    visit_settings(optimizer_, optimizer);
  }
  /// All that changes during a run, for a checkpoint.
  template <class Archive>
  void visit(Archive& archive) {
    capture_.invalidate();
    thetas_.visit(archive);
    visit_policies(archive);
    archive("tasks_seen", tasks_seen_);
    archive("task_step", task_step_);
    archive("task_steps", task_steps_);
    archive("global_step", global_step_);
  }

 private:
  friend class TaskPasses<Learner>;

  void train(data::BatchSource& source, const std::string& name) {
    using Clock = std::chrono::steady_clock;
    const std::chrono::duration<double> longest(options_.read_seconds);  // so that slow steps are told of one by one
    const int read_every = backend::SkipsWork<B> ? options_.read_every : 1;
    auto told = Clock::now();
    begin_task(source.steps() * static_cast<std::uint64_t>(options_.epochs), name);
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      begin_epoch(source, static_cast<std::uint32_t>(epoch));
      source.start(static_cast<std::uint32_t>(epoch));
      while (const data::Batch* batch = after_pending(source, [&] { return source.next(); })) {
        after_pending(source, [&] { submit(*batch, &source); });
        if (static_cast<int>(pending_.entries().size()) < read_every && Clock::now() - told < longest) continue;
        settle(&source);
        told = Clock::now();
      }
      settle(&source);
    }
    end_task(&source);
  }

  /// work(); what goes wrong with it comes after the reports, or the error, of the steps before it.
  template <class Work>
  auto after_pending(data::BatchSource& source, const Work& work) {
    try {
      return work();
    } catch (...) {
      settle(&source);
      throw;
    }
  }

  /// Ordinals mean pairs of one source: those of another would be taken for its own.
  static void require_same_source(const data::Task& task, const std::shared_ptr<const data::Source>& source,
                                  const char* whose) {
    if (task.source == source) return;
    throw UsageError("Learner: task '" + task.name + "': expected pairs of the source that " + whose +
                     " come from, found another source; add the pairs of all tasks to one source");
  }

  /// The task and, after its own pairs, those that the rehearsal keeps.
  [[nodiscard]] data::Task with_kept_pairs(data::Task task) const {
    if constexpr (keeps_pairs) {
      const auto& kept = rehearsal_.members(rehearsal_state_);
      if (!std::empty(kept) && kept_source_ != nullptr) require_same_source(task, kept_source_, "the kept pairs");
      task.members.insert(task.members.end(), std::begin(kept), std::end(kept));
    }
    return task;
  }

  /// Lets the rehearsal choose what to keep of a task just learned.
  void keep_pairs([[maybe_unused]] const data::Task& task) {
    if constexpr (keeps_pairs) {
      rehearsal::Candidates candidates;
      candidates.task = tasks_seen_ - 1;
      candidates.members = task.members;
      candidates.name = [&](std::uint32_t ordinal) { return task.source->name(ordinal); };
      candidates.features = [&]() -> rehearsal::FeatureRows {
        ExtractedFeatures found =
            extract(model_, std::as_const(thetas_).online(), task, options_, {.retrieval = false, .fusion = true});
        return {found.width, std::move(found.fusion)};
      };
      rehearsal_.choose(rehearsal_state_, candidates);
      kept_source_ = task.source;
    }
  }

  [[nodiscard]] bool has_previous() const { return keeps_previous && tasks_seen_ > 0; }
  [[nodiscard]] Real* gradient() { return gradient_.data(); }

  /// Does the work of a step without waiting for it, where the backend can decide by itself whether the step is kept.
  void submit(const data::Batch& batch, const data::BatchSource* source) {
    batch_.load(batch, model_.config());
    if (tape_.rewind()) capture_.drop_capture();
    capture_.enabled = options_.capture_steps;
    capture_.run({{batch_.size(), batch_.length(), batch_.masked_positions().row.data, has_previous()},
                  batch_.task(),
                  batch_.epoch()},
                 [this] { compute(); });
    tape_.advance(computed_->end);
    note(computed_->step, computed_->loss, batch, penalty_name());
    const double rate = pending_.entries().back().report.rate;
    if constexpr (!backend::SkipsWork<B>) {
      pending_.read();
      throw_if_void(source);
    }
    skip_if_failed([&] {
      losses_.commit(computed_->step, losses_state_);
      move(rate);
    });
    ++task_step_;
    ++global_step_;
  }

  /// @brief Waits for the steps submitted and tells the observers of them. Returns the last one's report.
  /// **Errors.** NumericError for the first that was not finite; all but momentum weights is as before that step then,
  /// and observers see it so.
  StepReport settle(const data::BatchSource* source) {
    pending_.read();
    take_back_void_steps(source);
    StepReport last;
    while (!pending_.entries().empty()) {
      last = pending_.entries().front().report;
      pending_.told();  // also if an observer throws
      for (Observer* observer : observers_) observer->step_done(last);
    }
    pending_.clear();
    if (failure_) throw *std::exchange(failure_, std::nullopt);
    return last;
  }

  /// The momentum update, and forward and backward passes of the batch loaded: all of a step that a backend may record.
  void compute() {
    if constexpr (keeps_momentum)
      skip_if_failed([this] {
        momentum_.template update<B>(thetas_.size(), thetas_.momentum(), thetas_.online(),
                                     has_previous() ? thetas_.previous() : nullptr);
      });
    computed_.emplace(Computed{make_step(std::as_const(thetas_).online()), {}, {}});
    computed_->loss = losses_.loss(computed_->step, losses_state_);
    computed_->step.seal();
    B::fill(1, Real(1), computed_->loss.grad.data);
    tape_.backward();
    computed_->end = tape_.mark();
  }

  /// Calls work(); what it launches does nothing after a step that was not finite.
  template <class Work>
  void skip_if_failed(const Work& work) {
    if constexpr (backend::SkipsWork<B>)
      B::skip_if(pending_.skip_flag(), work);
    else
      work();
  }

  /// The step of the batch loaded, with `theta` as the weights to differentiate by.
  Step<Model> make_step(const Real* theta) {
    Step<Model> now(model_, batch_, trained_pass(theta));
    if constexpr (needs.previous != Output::Nothing)
      if (has_previous()) now.previous.emplace(model_, Pass<B>{thetas_.previous(), &tape_}, batch_);
    if constexpr (keeps_momentum) now.momentum.emplace(model_, Pass<B>{thetas_.momentum(), &tape_}, batch_);
    return now;
  }

  [[nodiscard]] Pass<B> trained_pass(const Real* theta) {
    Pass<B> pass{theta, &tape_, gradient_.data()};
    pass.dropout.probability = static_cast<float>(model_.config().dropout);
    pass.dropout.key = dropout_stream_.key;
    pass.dropout.task = batch_.task();
    pass.dropout.epoch = batch_.epoch();
    pass.dropout.sample = batch_.sample();
    return pass;
  }

  /// The objective alone, as penalties measure what matters for it.
  Scalar<B> objective_loss(Step<Model>& now) { return losses_.template loss_of_one<0>(now, losses_state_); }

  /// Leaves the gradient of loss(step) at `theta` on a batch in gradient_. **Errors.** NumericError if it is not
  /// finite.
  template <class Loss>
  void differentiate(const Real* theta, const data::Batch& batch, const data::BatchSource& source, const Loss& loss) {
    capture_.invalidate();  // memory may move
    tape_.rewind();
    batch_.load(batch, model_.config());
    Step<Model> now = make_step(theta);
    const Scalar<B> value = loss(now);
    B::fill(1, Real(1), value.grad.data);
    tape_.backward();
    note(now, value, batch, nullptr);
    pending_.read();
    throw_if_void(&source);
    pending_.clear();
  }

  /// The optimiser's pass, with the penalty's term in it.
  void move(double rate) {
    if constexpr (Penalty::active) {
      const auto term = penalty_.term(penalty_state_);
      static_assert(
          optim::StepsAgainst<Optimizer, Model, std::remove_const_t<decltype(term)>>,
          "[ctp.strategy.penalty] this strategy has a penalty, but its optimiser cannot step against one; give it a "
          "'template <class Model, class Term> void step(State<Model>&, Model::Real* theta, Model::Real* gradient, "
          "double rate, const Term&) const' that adds term.gradient(i, theta[i]). See docs/policies/optim.md");
      optimizer_.step(optimizer_state_, thetas_.online(), gradient_.data(), rate, term);
    } else {
      optimizer_.step(optimizer_state_, thetas_.online(), gradient_.data(), rate);
    }
  }

  /// Takes down what a step gave. The penalty's gradient is added in the optimiser's pass only.
  void note(const Step<Model>& now, const Scalar<B>& loss, const data::Batch& batch, const char* penalty_name) {
    StepReport report;
    report.task = tasks_seen_;
    report.epoch = batch_.epoch();
    report.step = task_step_;
    report.global_step = global_step_;
    report.steps = task_steps_;
    report.rate = optim::Cosine{options_.rate, options_.min_rate}(task_step_, task_steps_);
    report.pairs = static_cast<int>(batch_.size());
    auto& entry = pending_.note(report, batch.sample, now, loss, gradient_.size(), gradient_.data(), penalty_name,
                                [this](double* to) { leave_penalty(to); });
    if constexpr (backend::SkipsWork<B>) {
      entry.before.clear();
      visit_policies(entry.before);
    }
  }

  static constexpr const char* penalty_name() {
    if constexpr (Penalty::active)
      return Penalty::name;
    else
      return nullptr;
  }
  void leave_penalty([[maybe_unused]] double* to) {
    if constexpr (Penalty::active) {
      const auto term = penalty_.term(penalty_state_);
      if constexpr (backend::SkipsWork<B>) {
        B::sum_terms(thetas_.size(), std::as_const(thetas_).online(), term, to);
      } else {
        const double value = B::sum_terms(thetas_.size(), std::as_const(thetas_).online(), term);
        B::upload(&value, 1, to);
      }
    }
  }

  template <class Archive>
  void visit_policies(Archive&& archive) {
    losses_state_.visit(archive);
    penalty_state_.visit(archive);
    rehearsal_state_.visit(archive);
    optimizer_state_.visit(archive);
  }

  /// The first step that was not finite, and what was submitted after it, have not been; failure_ says so.
  void take_back_void_steps(const data::BatchSource* source) {
    const auto entries = pending_.entries();
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const auto& entry = entries[i];
      if (entry.complaint().empty()) continue;
      failure_.emplace(entry.error(source));
      if constexpr (backend::SkipsWork<B>) visit_policies(entry.before.restore());
      task_step_ = entry.report.step;
      global_step_ = entry.report.global_step;
      B::zero(gradient_.data(), gradient_.size());
      pending_.forget_from(i);
      return;
    }
  }
  /// **Errors.** NumericError.
  void throw_if_void(const data::BatchSource* source) {
    take_back_void_steps(source);
    if (failure_) throw *std::exchange(failure_, std::nullopt);
  }

  /// Where the outputs and losses of the last step lie.
  struct Computed {
    Step<Model> step;
    Scalar<B> loss;
    typename Tape<B>::Mark end;  ///< behind them
  };

  Model model_;
  TrainOptions options_;
  Thetas<B> thetas_;
  Buffer<Real, B> gradient_;
  Tape<B> tape_;
  DeviceBatch<B> batch_;
  std::optional<Computed> computed_;
  StepCapture<B> capture_;
  PendingSteps<B> pending_;
  std::optional<NumericError> failure_;  ///< of steps taken back, until it is thrown
  Losses losses_{};
  Momentum momentum_{};
  Penalty penalty_{};
  Rehearsal rehearsal_{};
  Optimizer optimizer_{};
  PolicyState<Losses, Model> losses_state_;
  PolicyState<Penalty, Model> penalty_state_;
  PolicyState<Rehearsal, Model> rehearsal_state_;
  PolicyState<Optimizer, Model> optimizer_state_;
  std::shared_ptr<const data::Source> kept_source_;  ///< whose ordinals the rehearsal keeps
  RandomStream dropout_stream_{options_.seed, "dropout"};
  std::vector<Observer*> observers_;
  std::uint32_t tasks_seen_ = 0;
  std::uint64_t task_step_ = 0, task_steps_ = 0, global_step_ = 0;
};

}  // namespace ctp
