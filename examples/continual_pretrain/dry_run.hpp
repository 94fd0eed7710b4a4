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

#include "../common/policy_parameters.hpp"
#include "../common/strategies.hpp"
#include "counted.hpp"
#include "notes.hpp"
#include "policy_settings.hpp"
#include "room.hpp"
#include "settings.hpp"
#include "steps_of.hpp"
#include "strategy_cost.hpp"
#include "training.hpp"
#include "training_options.hpp"

namespace pretrain {

/// @brief Report of a dry run: sizes of the training and costs of all strategies. Trains and writes nothing.
class DryRun {
 public:
  /// `batch`: any batch of the training, for its sizes. `kept_pairs`: budget of the chosen strategy's rehearsal.
  DryRun(const RunContext& context, const Room& room, const ctp::data::Batch& batch, int kept_pairs)
      : context_(context), room_(room) {
    Counted::on_device = context.settings.device == "cuda";
    Counted::rounds_operands = Counted::on_device && context.settings.precision == "bf16";
    examples::for_each_strategy([&]<class Strategy>() {
      const bool chosen = context.settings.strategy == Strategy::name;
      ctp::ChosenPolicies<Strategy> policies;
      if (chosen) configure(context.settings, context.policy_settings, policies);
      if (chosen) frozen_ = frozen_of(context.settings, layout_of<Strategy>(policies));
      costs_.push_back(cost_of<Strategy>(context.model, batch, chosen ? kept_pairs : context.settings.memory_size,
                                         std::move(policies), context.settings));
    });
  }

  void print() const {
    std::size_t pairs = 0;
    for (const auto& task : context_.tasks) pairs += task.members.size();
    std::printf("would train %s on %zu tasks, %zu pairs, %s epochs each, in batches of %d\n",
                context_.settings.strategy.c_str(), context_.tasks.size(), pairs,
                epochs_text(context_.settings).c_str(), context_.settings.batch_size);
    for (const auto& task : context_.tasks)
      std::printf("  %s: %zu pairs, steps in an epoch: %zu\n", ctp::printable(task.name).c_str(), task.members.size(),
                  steps(task));
    std::printf("model: %td parameters, %d words, pictures of %d pixels, texts of %d tokens\n", frozen_.weights,
                context_.model.vocab, context_.model.image, context_.settings.max_words);
    if (frozen_.count.parameters > 0) std::printf("%s\n", frozen_.text().c_str());
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
        "step: memory of one step, reused by the next: activations and their gradients, and in bf16 the weights that\n"
        "are rounded; in the first step up to %.2f MiB (%s), because its size is not known yet. A device needs some\n"
        "0.5 GiB more.\n"
        "work: multiplications in the matrix products of one step from the second task on, forward and backward,\n"
        "counted, not timed; %s = 1, which is %.3g. All other work of a step is left out.\n"
        "passes: over a task's data in addition to its steps, forward and backward: before each epoch, and at the end\n"
        "of a task; features: the same, forward only. kept: earlier pairs that each later task may add to its own.\n",
        mebibytes(most.first_step), most.name.c_str(), costs_.front().name.c_str(),
        static_cast<double>(costs_.front().multiply_adds));
    std::printf("%s", room_text(room_, context_).c_str());
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
    line.add("kind", "dry_run")
        .add("strategy", context_.settings.strategy)
        .add("tasks", tasks)
        .add("epochs", context_.settings.epochs)
        .add("task_epochs", context_.settings.task_epochs)
        .add("frozen", frozen_.count.weights)
        .add("batch_size", context_.settings.batch_size)
        .add("parameters", frozen_.weights)
        .add("vocabulary", context_.model.vocab)
        .add("costs", costs);
    add_room(line, room_, context_);
    if (!context_.opening.empty()) line.add("check", context_.opening.front());
    return line;
  }

 private:
  /// The model's layout with the parameters of the policies.
  template <class Strategy>
  [[nodiscard]] ctp::Layout layout_of(ctp::ChosenPolicies<Strategy> policies) const {
    typename Training<Strategy, ctp::Cpu>::Model model(context_.model);
    ctp::register_parameters(policies.losses(), model);
    return model.layout();
  }
  [[nodiscard]] std::size_t steps(const ctp::data::Task& task) const {
    return steps_of(task.members.size(), context_.settings, context_.least_pairs);
  }
  [[nodiscard]] double work(const StrategyCost& cost) const {
    return static_cast<double>(cost.multiply_adds) / static_cast<double>(costs_.front().multiply_adds);
  }
  static double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

  const RunContext& context_;
  Room room_;
  std::vector<StrategyCost> costs_;
  Frozen frozen_;  ///< of the chosen strategy's model
};

/// Calls use(learner) with a learner of a micro model with these settings of its policies. **Errors.** as configure().
template <class Strategy, class Use>
void with_small_learner(const Settings& settings, const std::vector<Assignment>& policies, const Use& use) {
  using Type = Training<Strategy, ctp::Cpu>;
  typename Type::Learner learner{
      typename Type::Model(ctp::testing::micro), {}, [&](auto& chosen) { configure(settings, policies, chosen); }};
  use(learner);
}

/// dry_run() on the CPU: sets a training up and prints its costs. **Errors.** as require_room(), after the report.
inline void print_costs(const RunContext& context) {
  int kept = 0;
  Room room;
  std::vector<std::string> notes;
  examples::with_strategy(context.settings.strategy, [&]<class Strategy>() {
    using Model = typename Training<Strategy, ctp::Cpu>::Model;
    with_small_learner<Strategy>(context.settings, context.policy_settings,
                                 [&](auto& learner) { kept = kept_pairs(learner, context.settings); });
    room = room_of<Strategy>(context);
    if (context.init == nullptr) return;
    Model model(context.model);
    auto policies = configured<Strategy>(context.settings, context.policy_settings);
    ctp::register_parameters(policies.losses(), model);
    std::vector<float> theta(static_cast<std::size_t>(model.layout().size()));
    notes = examples::notes_on(
        ctp::read_starting_weights(model.layout(), examples::with_heads<typename Model::Projection>(*context.init),
                                   theta, "", context.starts_fresh),
        context.init->origin);
  });
  ctp::data::LoadingOptions loading = loading_options(context);
  loading.workers = 0;
  loading.report_bad_image = nullptr;  // a dry run writes nothing
  ctp::data::Loader loader(
      context.tasks.front(),
      ctp::data::loader_options(loading, context.model, context.settings.max_words, context.settings.seed));
  loader.start(0);
  const ctp::data::Batch& first = *loader.next();
  const bool full = first.size == context.settings.batch_size;  // not so with --last-batch keep and few pairs
  const DryRun report(context, room, full ? first : detail::shape_of_batches(context), kept);
  if (context.json)
    std::printf("%s\n", report.line().text().c_str());
  else
    report.print();
  say_notes(notes, context.json);
  require_room(room, context, true);
}

}  // namespace pretrain
