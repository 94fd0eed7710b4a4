/// @file   strategy_cost.hpp
/// @brief  Memory and work of a strategy, counted on a backend that computes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/data/batch.hpp>

#include "../common/model.hpp"
#include "counted.hpp"
#include "settings.hpp"
#include "training_plan.hpp"

namespace pretrain {

/// @brief Memory and work of a strategy for one model and one batch size. **Units.** bytes, multiplications.
struct StrategyCost {
  std::string name;
  std::size_t weights = 0, gradient = 0, moments = 0, previous = 0, momentum = 0, penalty = 0, queue = 0;
  std::size_t step = 0;             ///< the tape of a step, activations and their gradients, and weights it rounds
  std::size_t first_step = 0;       ///< the same for the first step, before the arenas are joined
  std::uint64_t multiply_adds = 0;  ///< of the matrix products of a step, from the second task on
  int epoch_passes = 0;             ///< passes over a task's data before each of its epochs, forward and backward
  int task_passes = 0;              ///< passes over a task's data at its end, forward and backward
  int feature_passes = 0;           ///< forward passes over a task's data at its end
  int kept_pairs = 0;               ///< earlier pairs that may be added to a task

  [[nodiscard]] std::size_t state() const {
    return weights + gradient + moments + previous + momentum + penalty + queue;
  }
};

namespace detail {

/// A task walk that counts how often a penalty reads a task's data.
template <class OptimizerType>
class Walks {
 public:
  using Backend = Counted;
  using Real = float;
  using Optimizer = OptimizerType;

  Walks(ctp::Index size, Real* vector) : size_(size), vector_(vector), ranges_(size) {}
  [[nodiscard]] ctp::Index size() const { return size_; }
  [[nodiscard]] const Real* theta() const { return vector_; }
  [[nodiscard]] std::uint32_t task() const { return 1; }
  [[nodiscard]] std::uint32_t epoch() const { return 0; }
  [[nodiscard]] std::size_t batches() const { return 1; }
  [[nodiscard]] double rate(std::size_t) const { return 1; }
  [[nodiscard]] const Optimizer& optimizer() const { return optimizer_; }
  [[nodiscard]] const ctp::optim::Ranges& ranges() const { return ranges_; }
  template <class Use>
  void objective(const Real*, const Use& use) {
    ++count_;
    use(vector_, std::size_t{0});
  }
  template <class Loss, class Use>
  void gradients(const Real* theta, const Loss&, const Use& use) {
    objective(theta, use);
  }
  /// Walks since the last call.
  int taken() { return std::exchange(count_, 0); }

 private:
  ctp::Index size_;
  Real* vector_;
  ctp::optim::Ranges ranges_;
  Optimizer optimizer_;
  int count_ = 0;
};

/// Bytes that `make` allocates for its result.
template <class Make>
std::size_t bytes_of(const Make& make) {
  const std::size_t before = Counted::bytes;
  [[maybe_unused]] const auto kept = make();
  return Counted::bytes - before;
}

}  // namespace detail

/// @brief Builds the state of a Learner of this strategy and computes one step of a later task, all on Counted: the
/// policies and the model report their allocations and products. `settings`: of which encoders are frozen, so that no
/// backward pass runs through them. **Errors.** UsageError for a batch that does not fit the model; as
/// ctp::Layout::add() for the policies' parameters.
template <class Strategy>
StrategyCost cost_of(const ctp::ModelConfig& sizes, const ctp::data::Batch& pairs, int kept_pairs,
                     ctp::ChosenPolicies<Strategy> policies, const Settings& settings) {
  using Model = examples::Model<Counted, typename Strategy::Projection>;
  using Learner = ctp::Learner<Strategy, Model>;
  using Penalty = typename Learner::Penalty;
  Model model(sizes);
  ctp::register_parameters(policies.losses(), model);
  const ctp::Index n = model.layout().size();
  const auto thetas_bytes = [&](bool previous, bool momentum) {
    return detail::bytes_of([&] { return ctp::Thetas<Counted>(n, previous, momentum); });
  };
  const auto state_bytes = [&](const auto& policy) {
    return detail::bytes_of([&] { return ctp::make_state(policy, model, 0); });
  };
  const auto& losses = policies.losses();
  const Penalty& penalty = policies.penalty();
  const auto& rehearsal = policies.rehearsal();

  StrategyCost cost;
  cost.name = Strategy::name;
  cost.weights = thetas_bytes(false, false);
  cost.previous = thetas_bytes(Learner::keeps_previous, false) - cost.weights;
  cost.momentum = thetas_bytes(false, Learner::keeps_momentum) - cost.weights;
  cost.gradient = detail::bytes_of([&] { return ctp::Buffer<float, Counted>(n); });
  cost.moments = state_bytes(policies.optimizer());
  cost.penalty = state_bytes(penalty);
  cost.queue = state_bytes(losses);

  ctp::Thetas<Counted> thetas(n, Learner::keeps_previous, Learner::keeps_momentum);
  ctp::Buffer<float, Counted> gradient(n);
  auto losses_state = ctp::make_state(losses, model, 0);
  ctp::DeviceBatch<Counted> batch;
  batch.load(pairs, sizes);
  ctp::Tape<Counted> tape;
  const std::uint64_t before = Counted::multiply_adds;
  const std::size_t copied_before = Counted::copied_weights;
  thetas.round(Learner::keeps_previous);
  ctp::Step<Model> step(
      model, batch, {thetas.online(), &tape, gradient.data(), {}},
      ctp::frozen_towers(model, ctp::parameter_ranges(model.layout(), groups_within(settings, model.layout()))));
  if (Learner::keeps_previous) step.previous.emplace(model, ctp::Pass<Counted>{thetas.previous(), &tape}, batch);
  if (Learner::keeps_momentum) step.momentum.emplace(model, ctp::Pass<Counted>{thetas.momentum(), &tape}, batch);
  losses.loss(step, losses_state);
  tape.backward();
  cost.multiply_adds = Counted::multiply_adds - before;
  const std::size_t copied = Counted::copied_weights - copied_before;
  cost.first_step = tape.capacity() + copied;
  tape.rewind();  // in one piece, as from the second step on
  cost.step = tape.capacity() + copied;

  auto penalty_state = ctp::make_state(penalty, model, 0);
  using Walks = detail::Walks<typename Learner::Optimizer>;
  static_assert(ctp::penalty::TaskWalk<Walks>);
  Walks walks(n, gradient.data());
  if constexpr (ctp::penalty::BeginsEpochs<Penalty, Model, Walks>) penalty.begin_epoch(penalty_state, walks);
  cost.epoch_passes = walks.taken();
  if constexpr (ctp::penalty::EndsTasks<Penalty, Model, Walks>) penalty.end_task(penalty_state, walks);
  cost.task_passes = walks.taken();
  if constexpr (Learner::keeps_pairs) {
    cost.kept_pairs = kept_pairs;
    auto memory = ctp::make_state(rehearsal, model, 0);
    const std::vector<std::uint32_t> members{0, 1};
    ctp::rehearsal::Candidates two;
    two.members = members;
    two.name = [](std::uint32_t ordinal) { return std::to_string(ordinal); };
    two.features = [&]() -> ctp::rehearsal::FeatureRows {
      ++cost.feature_passes;
      return {1, {1, 1}};
    };
    rehearsal.choose(memory, two);
  }
  return cost;
}

}  // namespace pretrain
