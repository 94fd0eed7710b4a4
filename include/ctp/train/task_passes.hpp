/// @file   ctp/train/task_passes.hpp
/// @brief  Passes over a task's batches with gradients, for the hooks of a penalty.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/optim/ranges.hpp>
#include <ctp/penalty/online_step.hpp>
#include <ctp/train/options.hpp>

namespace ctp {

/// @brief Passes over the batches of the current task, with augmentation and dropout as in training. The same epoch
/// gives the same batches and the same random numbers.
///
/// The StepEngine makes the passes and gives the passes to the hooks of a penalty.
template <class Engine>
class TaskPasses {
 public:
  using Backend = typename Engine::B;
  using Real = typename Engine::Real;
  using Optimizer = typename Engine::Optimizer;

  /// `source` may be null if a task is trained step by step; the passes then throw.
  TaskPasses(Engine& engine, data::BatchSource* source, std::uint32_t epoch)
      : engine_(&engine), source_(source), epoch_(epoch) {}

  /// Length of a parameter vector.
  [[nodiscard]] Index size() const { return engine_->thetas().size(); }
  /// The online weights.
  [[nodiscard]] const Real* theta() const { return std::as_const(*engine_).thetas().online(); }
  /// Number of the current task, from 0.
  [[nodiscard]] std::uint32_t task() const { return engine_->tasks_seen(); }
  /// The epoch of the passes; the number of trained epochs at the end of a task.
  [[nodiscard]] std::uint32_t epoch() const { return epoch_; }
  /// Batches in one pass.
  [[nodiscard]] std::size_t batches() const { return source().steps(); }
  /// The learning rate of the online model at a batch of this epoch.
  [[nodiscard]] double rate(std::size_t batch) const {
    return engine_->learning_rate(epoch_ * batches() + batch,
                                  static_cast<std::uint64_t>(engine_->epochs()) * batches());
  }
  /// The strategy's optimiser, with its settings.
  [[nodiscard]] const Optimizer& optimizer() const { return engine_->policies().optimizer(); }

  /// How the strategy's optimiser trains the parameters; for step() of the same optimiser on another vector.
  [[nodiscard]] const optim::Ranges& ranges() const { return engine_->ranges(); }

  /// @brief For each batch: use(gradient, index), with the gradient [n] of the strategy's objective at `theta` [n].
  /// `use` may change `theta` between batches and overwrite `gradient`. **Errors.** NumericError, DataError.
  template <class Use>
  void objective(const Real* theta, const Use& use) {
    walk(theta, [this](auto& step) { return engine_->objective_loss(step); }, use);
  }
  /// objective() for the gradient of loss(step), any scalar of the online model's outputs.
  template <class Loss, class Use>
  void gradients(const Real* theta, const Loss& loss, const Use& use) {
    const auto of_online_model = [&loss]<class Step>(Step& step) {
      penalty::OnlineStep<Step> view(step);
      return loss(view);
    };
    walk(theta, of_online_model, use);
  }

 private:
  template <class Loss, class Use>
  void walk(const Real* theta, const Loss& loss, const Use& use) {
    source().start(epoch_);
    std::size_t index = 0;
    Real* gradient = engine_->gradient_.data();
    while (const data::Batch* batch = source().next()) {
      engine_->differentiate(theta, *batch, source(), loss);
      use(gradient, index++);
      Backend::zero(gradient, size());
    }
  }
  [[nodiscard]] data::BatchSource& source() const {
    if (source_ != nullptr) return *source_;
    throw UsageError(
        "Learner::end_task: expected the task's batches, which the penalty walks through, found none; call "
        "learn(source, name) or end_task(&source)");
  }

  Engine* engine_;
  data::BatchSource* source_;
  std::uint32_t epoch_;
};

}  // namespace ctp
