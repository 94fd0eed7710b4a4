/// @file   ctp/testing/loss_state.hpp
/// @brief  Check of a loss's State: it is filled, and visit() shows the whole of it.
/// @layer  testing
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

#include <ctp/core/policy.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/objective/parameters.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/testing/restored_state.hpp>
#include <ctp/testing/synthetic_batch.hpp>
#include <ctp/train/state_archive.hpp>
#include <ctp/train/step.hpp>

namespace ctp::testing {

/// `policy.commit(step, state)` exists for the policy's view of a step.
template <class Policy, class Model>
concept Commits = requires(const Policy& policy, ViewFor<Policy, Step<Model>>& step,
                           PolicyState<Policy, Model>& state) { policy.commit(step, state); };

/// @brief Runs a loss with its State through a few steps on synthetic batches with synthetic teachers.
///
/// Reported: a State that stays as init() made it, for lack of a commit() (an empty commit() says that this is meant);
/// a State that visit() does not show whole, so that a training that goes on from a checkpoint has other losses; two
/// members of one name. A loss without a State has no faults. `policy`: one loss, not an All.
/// **Errors.** as the loss; UsageError if commit() reads an output that loss() does not.
template <class Policy, class Model>
Report check_loss_state(const Policy& policy, Model model) {
  Report report;
  if constexpr (!std::same_as<PolicyState<Policy, Model>, NoState>) {
    using B = typename Model::Backend;
    const std::string name = std::string(Policy::name) + ": ";
    All<Policy> losses{{policy}};
    register_parameters(losses, model);
    const auto weights = [&](std::uint64_t seed) {
      Buffer<typename Model::Real, B> buffer(model.layout().size());
      buffer.assign(synthetic_weights(model.layout(), seed));
      return buffer;
    };
    const auto online = weights(0), previous = weights(1), momentum = weights(2);
    DeviceBatch<B> batch;
    Tape<B> tape;
    /// One step on batch number `seed`. Returns the loss.
    const auto run = [&](auto& state, std::uint64_t seed) {
      tape.rewind();
      batch.load(synthetic_batch(model.config(), 4, 5, {.seed = seed}), model.config());
      Step<Model> step(model, batch, Pass<B>{online.data(), &tape});
      step.previous.emplace(model, Pass<B>{previous.data(), &tape}, batch);
      step.momentum.emplace(model, Pass<B>{momentum.data(), &tape}, batch);
      const Scalar<B> loss = losses.loss(step, state);
      step.seal();  // as in a training: commit() computes no further outputs
      losses.commit(step, state);
      typename Model::Real value = 0;
      B::download(loss.value.data, 1, &value);
      return static_cast<double>(value);
    };

    auto state = losses.init(model, 0);
    const StateArchive start = StateArchive::of(state);
    if (const std::string& twice = start.name_of_two(); !twice.empty())
      report.fail(name + "visit() gives two members the name \"" + twice + "\"; give each a name of its own");
    std::uint64_t batches = 0;
    while (batches < 3) run(state, batches++);
    const StateArchive before = StateArchive::of(state);
    auto restored = losses.init(model, 0);
    detail::restore_or_report(before, restored, name, report);
    for (; report.ok && batches < 6; ++batches) {
      const double went_on = run(state, batches), continued = run(restored, batches);
      const bool same = went_on == continued || (std::isnan(went_on) && std::isnan(continued));
      if (!same)
        report.fail(name + "visit() does not show the whole State: the next losses are " + detail::number(went_on) +
                    ", but " + detail::number(continued) + " after a restore; visit() shows " + start.names() +
                    "; call archive(\"name\", member) for the others");
    }
    if (report.ok && !Commits<Policy, Model> && start.changed_in(StateArchive::of(state)).empty())
      report.fail(
          name + "the State stays as init() made it: visit() shows " + start.names() +
          ", and nothing of it changes in six steps; write 'void commit(Step& step, State<typename Step::Model>& "
          "state) const', an empty one if this is meant");
  }
  return report;
}

}  // namespace ctp::testing
