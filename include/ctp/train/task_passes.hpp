/// @file   ctp/train/task_passes.hpp
/// @brief  What a penalty may do beside the steps: walk through a task's data with gradients of its choice.
/// @layer  train
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/optim/cosine.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/step.hpp>

namespace ctp {

/// @brief Passes over the batches of the task being learned, as often as wanted, with augmentation and dropout as in
/// training. The same epoch gives the same batches and the same draws.
///
/// Made by the Learner and handed to the hooks of a penalty. `Owner` is the Learner.
template <class Owner>
class TaskPasses {
 public:
  using Backend = typename Owner::B;
  using Real = typename Owner::Real;
  using Optimizer = typename Owner::Optimizer;

  /// `source` may be null where a task is trained step by step; then there is nothing to walk through.
  TaskPasses(Owner& owner, data::BatchSource* source, std::uint32_t epoch)
      : owner_(&owner), source_(source), epoch_(epoch) {}

  /// Length of a parameter vector.
  [[nodiscard]] Index size() const { return owner_->thetas().size(); }
  /// The online weights.
  [[nodiscard]] const Real* theta() const { return owner_->thetas().online(); }
  /// Number of this task, counted from 0.
  [[nodiscard]] std::uint32_t task() const { return owner_->tasks_seen(); }
  /// The epoch whose batches are walked through; after the last one, when a task ends.
  [[nodiscard]] std::uint32_t epoch() const { return epoch_; }
  /// Batches in one pass.
  [[nodiscard]] std::size_t batches() const { return source().steps(); }
  /// The learning rate of the online model at a batch of this epoch.
  [[nodiscard]] double rate(std::size_t batch) const {
    const TrainOptions& options = owner_->options();
    return optim::Cosine{options.rate, options.min_rate}(epoch_ * batches() + batch,
                                                         static_cast<std::uint64_t>(options.epochs) * batches());
  }
  /// The strategy's optimiser, with its settings.
  [[nodiscard]] const Optimizer& optimizer() const { return owner_->optimizer(); }

  /// @brief For each batch: use(gradient, batch), the gradient [n] of the strategy's objective at `theta`, which may be
  /// changed by `use` between batches. `gradient` is scratch. **Errors.** NumericError, DataError.
  template <class Use>
  void objective(const Real* theta, const Use& use) {
    gradients(theta, [this](auto& step) { return owner_->objective_loss(step); }, use);
  }
  /// The same for loss(step), any scalar of a step's outputs.
  template <class Loss, class Use>
  void gradients(const Real* theta, const Loss& loss, const Use& use) {
    source().start(epoch_);
    std::size_t index = 0;
    while (const data::Batch* batch = source().next()) {
      owner_->differentiate(theta, *batch, source(), loss);
      use(owner_->gradient(), index++);
      Backend::zero(owner_->gradient(), size());
    }
  }

 private:
  [[nodiscard]] data::BatchSource& source() const {
    if (source_ != nullptr) return *source_;
    throw UsageError(
        "Learner::end_task: expected the task's batches, which the penalty walks through, found none; call "
        "learn(source, name) or end_task(&source)");
  }

  Owner* owner_;
  data::BatchSource* source_;
  std::uint32_t epoch_;
};

}  // namespace ctp
