/// @file   ctp/train/learner.hpp
/// @brief  The one place where policies meet: the loop over tasks, epochs and steps.
/// @layer  train - may include every layer below
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/loader.hpp>
#include <ctp/data/source.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/momentum/require.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/objective/require.hpp>
#include <ctp/optim/cosine.hpp>
#include <ctp/optim/require.hpp>
#include <ctp/rehearsal/require.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/step.hpp>
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
  using Optimizer = typename Strategy::Optimizer;

  // One sentence each for a policy that lacks something, before anything else is made of them.
  static_assert(objective::require_losses<typename Strategy::Objective, Step<Model>>());
  static_assert(objective::require_losses<typename Strategy::Distillation, Step<Model>>());
  static_assert(momentum::require_momentum_policy<Momentum, B>());
  static_assert(rehearsal::require_rehearsal_policy<typename Strategy::Rehearsal>());
  static_assert(optim::require_optimizer<Optimizer, Model>());

  static constexpr Needs needs = Losses::needs | Momentum::needs;
  static constexpr bool keeps_previous = needs.previous != Output::Nothing;
  static constexpr bool keeps_momentum = Momentum::active;
  static_assert(
      needs.momentum == Output::Nothing || keeps_momentum,
      "[ctp.strategy.momentum] a policy of this strategy asks for the momentum model, but its Momentum is None; "
      "name one: 'using Momentum = ctp::momentum::Compatible'. See docs/policies/momentum.md");

  /// A learner with fresh weights drawn from the seed.
  explicit Learner(Model model, TrainOptions options = {})
      : model_(std::move(model)),
        options_(options),
        thetas_(model_.layout().size(), keeps_previous, keeps_momentum),
        gradient_(model_.layout().size()),
        losses_state_(make_state(losses_, model_, options.seed)),
        optimizer_state_(make_state(optimizer_, model_, options.seed)) {
    set_weights(initial_weights<Real>(model_.layout(), options.seed, options.initialization));
  }

  /// @brief Trains on a task's pairs: `epochs` times over all of them, shuffled.
  /// **Errors.** UsageError for a batch larger than the task; DataError and NumericError as they occur.
  void learn(const data::Task& task) {
    const ModelConfig& c = model_.config();
    data::LoaderOptions loading;
    loading.batch_size = options_.batch_size;
    loading.image_size = c.image;
    loading.length = options_.max_words;
    loading.workers = options_.workers;
    loading.seed = options_.seed;
    loading.task = tasks_seen_;
    loading.augment = options_.augment;
    loading.masking = {.pad = c.pad, .cls = c.cls, .mask = c.mask, .vocabulary = c.vocab};
    data::Loader loader(task, loading);
    learn(loader, task.name);
  }

  /// @brief Trains on all tasks in turn; a strategy whose rehearsal keeps everything trains once, on all of them
  /// together. `after(learner, index)` is called with the index of the last task learned, each time weights are ready.
  template <class After>
  void learn_all(const std::vector<data::Task>& tasks, const After& after) {
    require(!tasks.empty(), "learn_all", "expected at least one task, found none");
    if constexpr (Strategy::Rehearsal::joins_all_tasks) {
      data::Task joined{tasks.front().name, tasks.front().source, {}};
      for (const data::Task& task : tasks) {
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

  /// The same for batches from anywhere.
  void learn(data::BatchSource& source, const std::string& name) {
    begin_task(source.steps() * static_cast<std::uint64_t>(options_.epochs), name);
    for (int epoch = 0; epoch < options_.epochs; ++epoch) {
      source.start(static_cast<std::uint32_t>(epoch));
      while (const data::Batch* batch = source.next()) step(*batch, &source);
    }
    end_task();
  }

  /// Everything is as it must be before the first of `steps` steps of the next task.
  void begin_task(std::uint64_t steps, const std::string& name = "") {
    if constexpr (keeps_previous)
      if (tasks_seen_ > 0) B::copy(thetas_.online(), thetas_.size(), thetas_.previous());
    if constexpr (keeps_momentum) B::copy(thetas_.online(), thetas_.size(), thetas_.momentum());
    optimizer_.reset(optimizer_state_);
    task_step_ = 0;
    task_steps_ = steps;
    for (Observer* observer : observers_) observer->task_begins(tasks_seen_, name, steps);
  }

  /// @brief One step: momentum update, forward, backward, guard; then, and only then, what was learned is kept.
  /// **Errors.** NumericError if a loss or the gradient is not finite; nothing but the momentum weights has changed
  /// then.
  StepReport step(const data::Batch& batch, const data::BatchSource* source = nullptr) {
    tape_.rewind();
    batch_.load(batch, model_.config());
    const bool has_previous = keeps_previous && tasks_seen_ > 0;
    if constexpr (keeps_momentum)
      momentum_.template update<B>(thetas_.size(), thetas_.momentum(), thetas_.online(),
                                   has_previous ? thetas_.previous() : nullptr);

    Step<Model> now(model_, batch_, online_pass());
    if constexpr (needs.previous != Output::Nothing)
      if (has_previous) now.previous.emplace(model_, Pass<B>{thetas_.previous(), &tape_}, batch_);
    if constexpr (keeps_momentum) now.momentum.emplace(model_, Pass<B>{thetas_.momentum(), &tape_}, batch_);

    const auto loss = losses_.loss(now, losses_state_);
    B::fill(1, Real(1), loss.grad.data);
    tape_.backward();
    const StepReport report = read(now, loss);
    guard(report, batch, source);

    losses_.commit(now, losses_state_);
    optimizer_.step(optimizer_state_, thetas_.online(), gradient_.data(), report.rate);
    ++task_step_;
    ++global_step_;
    for (Observer* observer : observers_) observer->step_done(report);
    return report;
  }

  void end_task() { ++tasks_seen_; }

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const TrainOptions& options() const { return options_; }
  [[nodiscard]] std::uint32_t tasks_seen() const { return tasks_seen_; }
  [[nodiscard]] Thetas<B>& thetas() { return thetas_; }
  [[nodiscard]] const Thetas<B>& thetas() const { return thetas_; }
  [[nodiscard]] Losses& losses() { return losses_; }
  [[nodiscard]] auto& losses_state() { return losses_state_; }
  [[nodiscard]] const auto& losses_state() const { return losses_state_; }
  [[nodiscard]] Momentum& momentum() { return momentum_; }
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
    visit_settings(losses_, visitor);
    auto momentum = [&](const std::string& key, auto& value) { visitor("momentum." + key, value); };
    visit_settings(momentum_, momentum);
    auto optimizer = [&](const std::string& key, auto& value) { visitor("optimizer." + key, value); };
    visit_settings(optimizer_, optimizer);
  }
  /// All that changes during a run, for a checkpoint.
  template <class Archive>
  void visit(Archive& archive) {
    thetas_.visit(archive);
    losses_state_.visit(archive);
    optimizer_state_.visit(archive);
    archive("tasks_seen", tasks_seen_);
    archive("task_step", task_step_);
    archive("task_steps", task_steps_);
    archive("global_step", global_step_);
  }

 private:
  [[nodiscard]] Pass<B> online_pass() {
    Pass<B> pass{thetas_.online(), &tape_, gradient_.data()};
    pass.dropout.probability = static_cast<float>(model_.config().dropout);
    pass.dropout.key = dropout_stream_.key;
    pass.dropout.task = batch_.task();
    pass.dropout.epoch = batch_.epoch();
    pass.dropout.sample = batch_.sample();
    return pass;
  }

  StepReport read(const Step<Model>& now, const Scalar<B>& loss) {
    parts_.clear();
    for (const auto& part : now.parts()) {
      double value = 0;
      B::download(part.value.value.data, 1, &value);
      parts_.emplace_back(part.name, value);
    }
    StepReport report;
    report.task = tasks_seen_;
    report.epoch = batch_.epoch();
    report.step = task_step_;
    report.global_step = global_step_;
    report.steps = task_steps_;
    report.rate = optim::Cosine{options_.rate, options_.min_rate}(task_step_, task_steps_);
    B::download(loss.value.data, 1, &report.loss);
    report.parts = parts_;
    report.pairs = static_cast<int>(batch_.size());
    return report;
  }

  void guard(const StepReport& report, const data::Batch& batch, const data::BatchSource* source) {
    std::string bad;
    for (const auto& [name, value] : report.parts)
      if (!std::isfinite(value)) bad += (bad.empty() ? "" : ", ") + std::string(name) + " = " + std::to_string(value);
    if (bad.empty() && std::isfinite(report.loss) && B::all_finite(gradient_.size(), gradient_.data())) return;
    if (bad.empty()) bad = std::isfinite(report.loss) ? "the gradient" : "the weighted loss";
    std::string samples;
    for (const std::uint32_t ordinal : batch.sample)
      samples +=
          (samples.empty() ? "" : " ") + (source == nullptr ? std::to_string(ordinal) : source->sample_name(ordinal));
    B::zero(gradient_.data(), gradient_.size());
    throw NumericError("task " + std::to_string(report.task) + ", epoch " + std::to_string(report.epoch) + ", step " +
                       std::to_string(report.step) + ": expected finite losses and gradients, found " + bad +
                       "; the weights are those before this step; pairs: " + samples);
  }

  Model model_;
  TrainOptions options_;
  Thetas<B> thetas_;
  Buffer<Real, B> gradient_;
  Tape<B> tape_;
  DeviceBatch<B> batch_;
  Losses losses_{};
  Momentum momentum_{};
  Optimizer optimizer_{};
  PolicyState<Losses, Model> losses_state_;
  PolicyState<Optimizer, Model> optimizer_state_;
  RandomStream dropout_stream_{options_.seed, "dropout"};
  std::vector<Observer*> observers_;
  std::vector<std::pair<const char*, double>> parts_;
  std::uint32_t tasks_seen_ = 0;
  std::uint64_t task_step_ = 0, task_steps_ = 0, global_step_ = 0;
};

}  // namespace ctp
