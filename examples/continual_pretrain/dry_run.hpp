/// @file   dry_run.hpp
/// @brief  What a training would cost, strategy by strategy, without one.
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

/// @brief What a strategy keeps and does with one model and one size of batch. **Units.** bytes, multiplications.
struct StrategyCost {
  std::string name;
  std::size_t weights = 0, gradient = 0, moments = 0, previous = 0, momentum = 0, penalty = 0, queue = 0;
  std::size_t step = 0;             ///< what the tape of a step holds: activations and their gradients
  std::size_t first_step = 0;       ///< the same in the first step, which does not know yet what it will need
  std::uint64_t multiply_adds = 0;  ///< of the matrix products of a step, from the second task on
  int epoch_passes = 0;             ///< passes over a task's data before each of its epochs, forward and backward
  int task_passes = 0;              ///< the same, at its end
  int feature_passes = 0;           ///< forward only, at its end
  int kept_pairs = 0;               ///< earlier pairs that may be added to a task

  [[nodiscard]] std::size_t state() const {
    return weights + gradient + moments + previous + momentum + penalty + queue;
  }
};

namespace detail {

/// Counts how often a penalty walks through a task's data.
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

/// What `make` allocates and returns, in bytes.
template <class Make>
std::size_t bytes_of(const Make& make) {
  const std::size_t before = Counted::bytes;
  [[maybe_unused]] const auto kept = make();
  return Counted::bytes - before;
}

}  // namespace detail

/// @brief Builds what a Learner of this strategy keeps and takes a step of a later task, all on Counted: the very
/// policies and model say what they allocate and multiply. **Errors.** UsageError for a batch the model cannot take.
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

/// @brief The facts of a training and the costs of all strategies. Trains nothing and writes nothing.
class DryRun {
 public:
  /// `batch`: any of the training, for its sizes. `kept_pairs`: what the chosen strategy's rehearsal may keep.
  DryRun(const Workbench& bench, const ctp::data::Batch& batch, int kept_pairs) : bench_(bench) {
    Counted::on_device = bench.settings.device == "cuda";
    Counted::rounds_operands = Counted::on_device && bench.settings.precision == "bf16";
    examples::for_each_strategy([&]<class Strategy>() {
      const bool chosen = bench.settings.strategy == Strategy::name;
      costs_.push_back(cost_of<Strategy>(bench.model, batch, chosen ? kept_pairs : bench.settings.memory_size));
      if (chosen) parameters_ = parameters_of<Strategy>();
    });
  }

  void print() const {
    std::size_t pairs = 0;
    for (const auto& task : bench_.tasks) pairs += task.members.size();
    std::printf("would train %s on %zu tasks, %zu pairs, %d epochs each, in batches of %d\n",
                bench_.settings.strategy.c_str(), bench_.tasks.size(), pairs, bench_.settings.epochs,
                bench_.settings.batch_size);
    for (const auto& task : bench_.tasks)
      std::printf("  %s: %zu pairs, steps in an epoch: %zu\n", task.name.c_str(), task.members.size(), steps(task));
    std::printf("model: %td parameters, %d words, pictures of %d pixels, texts of %d tokens\n", parameters_,
                bench_.model.vocab, bench_.model.image, bench_.settings.max_words);
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
        "\nstate: what is kept from step to step, counted while the strategy's own parts were built at this size.\n"
        "step: what a step holds until it is over, and keeps for the next: activations and their gradients; the first\n"
        "one, which does not know yet how much that is, up to %.2f MiB (%s). Beside it a device needs some 0.5 GiB.\n"
        "work: multiplications in the matrix products of one step from the second task on, forward and backward, as\n"
        "counted, not timed; seqf = 1, which is %.3g. Everything else that a step does is left out.\n"
        "passes: over a task's data beside its steps, forward and backward: before each epoch, and at the end of a\n"
        "task; features: the same, forward only. kept: earlier pairs that each later task may have beside its own.\n",
        mebibytes(most.first_step), most.name.c_str(), static_cast<double>(costs_.front().multiply_adds));
  }

  [[nodiscard]] ctp::JsonLine line() const {
    ctp::JsonArray tasks, costs;
    for (const auto& task : bench_.tasks)
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
        .add("strategy", bench_.settings.strategy)
        .add("tasks", tasks)
        .add("epochs", bench_.settings.epochs)
        .add("batch_size", bench_.settings.batch_size)
        .add("parameters", parameters_)
        .add("vocabulary", bench_.model.vocab)
        .add("costs", costs);
  }

 private:
  template <class Strategy>
  [[nodiscard]] ctp::Index parameters_of() const {
    return typename Training<Strategy, ctp::Cpu>::Model(bench_.model).layout().weights();
  }
  [[nodiscard]] std::size_t steps(const ctp::data::Task& task) const {
    return task.members.size() / static_cast<std::size_t>(bench_.settings.batch_size);
  }
  [[nodiscard]] double work(const StrategyCost& cost) const {
    return static_cast<double>(cost.multiply_adds) / static_cast<double>(costs_.front().multiply_adds);
  }
  static double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

  const Workbench& bench_;
  std::vector<StrategyCost> costs_;
  ctp::Index parameters_ = 0;
};

/// @brief Sets a training up and says what it would cost. **Errors.** those of the training before its first step.
inline void dry_run(const Workbench& bench) {
  int kept = 0;
  examples::with_strategy(bench.settings.strategy, [&]<class Strategy>() {
    using Model = typename Training<Strategy, ctp::Cpu>::Model;
    typename Training<Strategy, ctp::Cpu>::Learner learner{Model(ctp::testing::micro)};
    configure(bench, learner);
    kept = kept_pairs(learner, bench.settings);
    if (bench.init != nullptr)
      ctp::read_weights<float>(Model(bench.model).layout(),
                               examples::with_heads<typename Model::Projection>(*bench.init));
  });
  ctp::data::Loader loader(
      bench.tasks.front(),
      ctp::data::loader_options(
          {.batch_size = bench.settings.batch_size, .augment = !bench.settings.no_augment, .workers = 0}, bench.model,
          bench.settings.max_words, bench.settings.seed));
  loader.start(0);
  const DryRun found(bench, *loader.next(), kept);
  if (bench.json)
    std::printf("%s\n", found.line().text().c_str());
  else
    found.print();
}

}  // namespace pretrain
