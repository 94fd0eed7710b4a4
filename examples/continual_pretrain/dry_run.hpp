/// @file   dry_run.hpp
/// @brief  The costs of a training for every strategy, computed without training.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/data.hpp>
#include <ctp/testing/synthetic_batch.hpp>

#include "../common/strategies.hpp"
#include "counted.hpp"
#include "settings.hpp"
#include "training.hpp"

namespace pretrain {

/// @brief Memory and work of a strategy for one model and one batch size. **Units.** bytes, multiplications.
struct StrategyCost {
  std::string name;
  std::size_t weights = 0, gradient = 0, moments = 0, previous = 0, momentum = 0, penalty = 0, queue = 0;
  std::size_t step = 0;             ///< the tape of a step: activations and their gradients
  std::size_t first_step = 0;       ///< the tape of the first step, before the arenas are joined
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

  Walks(ctp::Index size, Real* vector) : size_(size), vector_(vector) {}
  [[nodiscard]] ctp::Index size() const { return size_; }
  [[nodiscard]] const Real* theta() const { return vector_; }
  [[nodiscard]] std::uint32_t task() const { return 1; }
  [[nodiscard]] std::uint32_t epoch() const { return 0; }
  [[nodiscard]] std::size_t batches() const { return 1; }
  [[nodiscard]] double rate(std::size_t) const { return 1; }
  [[nodiscard]] const Optimizer& optimizer() const { return optimizer_; }
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
/// library's own policies and model report their allocations and products. **Errors.** UsageError for a batch that does
/// not fit the model.
template <class Strategy>
StrategyCost cost_of(const ctp::ModelConfig& sizes, const ctp::data::Batch& pairs, int kept_pairs) {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Counted, typename Strategy::Projection>;
  using Learner = ctp::Learner<Strategy, Model>;
  using Penalty = typename Learner::Penalty;
  const Model model(sizes);
  const ctp::Index n = model.layout().size();
  const auto thetas_bytes = [&](bool previous, bool momentum) {
    return detail::bytes_of([&] { return ctp::Thetas<Counted>(n, previous, momentum); });
  };
  const auto state_bytes = [&](const auto& policy) {
    return detail::bytes_of([&] { return ctp::make_state(policy, model, 0); });
  };
  typename Learner::Losses losses;
  const Penalty penalty;
  const typename Learner::Rehearsal rehearsal;

  StrategyCost cost;
  cost.name = Strategy::name;
  cost.weights = thetas_bytes(false, false);
  cost.previous = thetas_bytes(Learner::keeps_previous, false) - cost.weights;
  cost.momentum = thetas_bytes(false, Learner::keeps_momentum) - cost.weights;
  cost.gradient = detail::bytes_of([&] { return ctp::Buffer<float, Counted>(n); });
  cost.moments = state_bytes(typename Learner::Optimizer{});
  cost.penalty = state_bytes(penalty);
  cost.queue = state_bytes(losses);

  ctp::Thetas<Counted> thetas(n, Learner::keeps_previous, Learner::keeps_momentum);
  ctp::Buffer<float, Counted> gradient(n);
  auto losses_state = ctp::make_state(losses, model, 0);
  ctp::DeviceBatch<Counted> batch;
  batch.load(pairs, sizes);
  ctp::Tape<Counted> tape;
  const std::uint64_t before = Counted::multiply_adds;
  ctp::Step<Model> step(model, batch, {thetas.online(), &tape, gradient.data(), {}});
  if (Learner::keeps_previous) step.previous.emplace(model, ctp::Pass<Counted>{thetas.previous(), &tape}, batch);
  if (Learner::keeps_momentum) step.momentum.emplace(model, ctp::Pass<Counted>{thetas.momentum(), &tape}, batch);
  losses.loss(step, losses_state);
  tape.backward();
  cost.multiply_adds = Counted::multiply_adds - before;
  cost.first_step = tape.capacity();
  tape.rewind();  // in one piece, as from the second step on
  cost.step = tape.capacity();

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

/// @brief Report of a dry run: sizes of the training and costs of all strategies. Trains and writes nothing.
class DryRun {
 public:
  /// `batch`: any batch of the training, for its sizes. `kept_pairs`: budget of the chosen strategy's rehearsal.
  DryRun(const RunContext& context, const ctp::data::Batch& batch, int kept_pairs) : context_(context) {
    Counted::on_device = context.settings.device == "cuda";
    Counted::rounds_operands = Counted::on_device && context.settings.precision == "bf16";
    examples::for_each_strategy([&]<class Strategy>() {
      const bool chosen = context.settings.strategy == Strategy::name;
      costs_.push_back(cost_of<Strategy>(context.model, batch, chosen ? kept_pairs : context.settings.memory_size));
      if (chosen) parameters_ = parameters_of<Strategy>();
    });
  }

  void print() const {
    std::size_t pairs = 0;
    for (const auto& task : context_.tasks) pairs += task.members.size();
    std::printf("would train %s on %zu tasks, %zu pairs, %d epochs each, in batches of %d\n",
                context_.settings.strategy.c_str(), context_.tasks.size(), pairs, context_.settings.epochs,
                context_.settings.batch_size);
    for (const auto& task : context_.tasks)
      std::printf("  %s: %zu pairs, steps in an epoch: %zu\n", ctp::printable(task.name).c_str(), task.members.size(),
                  steps(task));
    std::printf("model: %td parameters, %d words, pictures of %d pixels, texts of %d tokens\n", parameters_,
                context_.model.vocab, context_.model.image, context_.settings.max_words);
    std::printf("\n%-8s %9s %9s %9s %9s %9s %9s %9s %9s %10s %6s %7s %7s %9s %7s\n", "strategy", "weights", "gradient",
                "moments", "previous", "momentum", "penalty", "queue", "state", "step", "work", "passes", "passes",
                "features", "kept");
    std::printf("%-8s %9s %9s %9s %9s %9s %9s %9s %9s %10s %6s %7s %7s %9s %7s\n", "", "MiB", "MiB", "MiB", "MiB",
                "MiB", "MiB", "MiB", "MiB", "MiB", "", "/epoch", "/task", "/task", "pairs");
    for (const StrategyCost& c : costs_) {
      std::printf("%-8s", c.name.c_str());
      for (const std::size_t part :
           {c.weights, c.gradient, c.moments, c.previous, c.momentum, c.penalty, c.queue, c.state()})
        std::printf(" %9.2f", mebibytes(part));
      std::printf(" %10.2f %6.2f %7d %7d %9d %7d\n", mebibytes(c.step), work(c), c.epoch_passes, c.task_passes,
                  c.feature_passes, c.kept_pairs);
    }
    const StrategyCost& most =
        *std::max_element(costs_.begin(), costs_.end(),
                          [](const StrategyCost& a, const StrategyCost& b) { return a.first_step < b.first_step; });
    std::printf(
        "\nstate: memory kept from step to step, counted while the strategy's parts were built at this size.\n"
        "step: memory of one step, reused by the next: activations and their gradients; in the first step up to\n"
        "%.2f MiB (%s), because its size is not known yet. A device needs some 0.5 GiB more.\n"
        "work: multiplications in the matrix products of one step from the second task on, forward and backward,\n"
        "counted, not timed; seqf = 1, which is %.3g. All other work of a step is left out.\n"
        "passes: over a task's data in addition to its steps, forward and backward: before each epoch, and at the end\n"
        "of a task; features: the same, forward only. kept: earlier pairs that each later task may add to its own.\n",
        mebibytes(most.first_step), most.name.c_str(), static_cast<double>(costs_.front().multiply_adds));
  }

  [[nodiscard]] ctp::JsonLine line() const {
    ctp::JsonArray tasks, costs;
    for (const auto& task : context_.tasks)
      tasks.push(
          ctp::JsonLine().add("name", task.name).add("pairs", task.members.size()).add("steps_per_epoch", steps(task)));
    for (const StrategyCost& c : costs_)
      costs.push(ctp::JsonLine()
                     .add("strategy", c.name)
                     .add("weights", c.weights)
                     .add("gradient", c.gradient)
                     .add("moments", c.moments)
                     .add("previous", c.previous)
                     .add("momentum", c.momentum)
                     .add("penalty", c.penalty)
                     .add("queue", c.queue)
                     .add("state", c.state())
                     .add("step", c.step)
                     .add("first_step", c.first_step)
                     .add("multiply_adds", c.multiply_adds)
                     .add("work", work(c))
                     .add("passes_per_epoch", c.epoch_passes)
                     .add("passes_per_task", c.task_passes)
                     .add("feature_passes_per_task", c.feature_passes)
                     .add("kept_pairs", c.kept_pairs));
    ctp::JsonLine line;
    return line.add("kind", "dry_run")
        .add("strategy", context_.settings.strategy)
        .add("tasks", tasks)
        .add("epochs", context_.settings.epochs)
        .add("batch_size", context_.settings.batch_size)
        .add("parameters", parameters_)
        .add("vocabulary", context_.model.vocab)
        .add("costs", costs);
  }

 private:
  template <class Strategy>
  [[nodiscard]] ctp::Index parameters_of() const {
    return typename Training<Strategy, ctp::Cpu>::Model(context_.model).layout().weights();
  }
  [[nodiscard]] std::size_t steps(const ctp::data::Task& task) const {
    return task.members.size() / static_cast<std::size_t>(context_.settings.batch_size);
  }
  [[nodiscard]] double work(const StrategyCost& cost) const {
    return static_cast<double>(cost.multiply_adds) / static_cast<double>(costs_.front().multiply_adds);
  }
  static double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

  const RunContext& context_;
  std::vector<StrategyCost> costs_;
  ctp::Index parameters_ = 0;
};

/// Calls use(learner) with a learner of a micro model with these settings of its policies. **Errors.** as configure().
template <class Strategy, class Use>
void with_small_learner(const Settings& settings, const std::vector<Assignment>& policies, const Use& use) {
  using Type = Training<Strategy, ctp::Cpu>;
  typename Type::Learner learner{typename Type::Model(ctp::testing::micro)};
  configure(settings, policies, learner);
  use(learner);
}

/// dry_run() on the CPU: sets a training up and prints its costs.
inline void print_costs(const RunContext& context) {
  int kept = 0;
  examples::with_strategy(context.settings.strategy, [&]<class Strategy>() {
    using Model = typename Training<Strategy, ctp::Cpu>::Model;
    with_small_learner<Strategy>(context.settings, context.policy_settings,
                                 [&](auto& learner) { kept = kept_pairs(learner, context.settings); });
    if (context.init != nullptr)
      ctp::read_weights<float>(Model(context.model).layout(),
                               examples::with_heads<typename Model::Projection>(*context.init));
  });
  ctp::data::LoadingOptions loading = loading_options(context);
  loading.workers = 0;
  loading.report_bad_image = nullptr;  // a dry run writes nothing
  ctp::data::Loader loader(
      context.tasks.front(),
      ctp::data::loader_options(loading, context.model, context.settings.max_words, context.settings.seed));
  loader.start(0);
  const DryRun report(context, *loader.next(), kept);
  if (context.json)
    std::printf("%s\n", report.line().text().c_str());
  else
    report.print();
}

}  // namespace pretrain
