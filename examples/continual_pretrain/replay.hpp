/// @file   replay.hpp
/// @brief  The option --replay: losses and gradients of a stored batch, with the state of a run's newest checkpoint.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/eval/task_matrix.hpp>
#include <ctp/report/loss_watch.hpp>
#include <ctp/train/batch/batch_tensors.hpp>
#include <ctp/train/checkpoint/facts.hpp>
#include <ctp/train/guard/step_probe.hpp>
#include <ctp/train/learner.hpp>
#include <ctp/train/state_archive.hpp>

#include "../common/model.hpp"
#include "policy_settings.hpp"
#include "run_context.hpp"
#include "run_logs.hpp"
#include "run_state.hpp"
#include "training_options.hpp"

namespace pretrain {

/// Prints a replayed step. `step`: of the batch, or -1 if it is not known; `at`: steps of the state. `same`: whether
/// the state is the one before that step.
inline void print_probe(const ctp::StepProbe& probe, const RunContext& context, std::int64_t step, std::uint64_t at,
                        bool same) {
  std::vector<ctp::ParameterGradient> gradients = probe.gradients;
  std::sort(gradients.begin(), gradients.end(), [](const auto& a, const auto& b) {
    if (a.not_finite != b.not_finite) return a.not_finite > b.not_finite;
    return a.norm != b.norm ? a.norm > b.norm : a.name < b.name;
  });
  if (context.json) {
    ctp::JsonLine line, parts;
    for (const auto& [name, value] : probe.parts) parts.add(name, value);
    line.add("kind", "replay").add("batch_step", step).add("state_step", at).add("loss", probe.loss);
    line.add("same_state", same).add("losses", parts).add("complaint", probe.complaint);
    ctp::JsonArray list;
    for (const ctp::ParameterGradient& g : gradients)
      list.push(
          ctp::JsonLine().add("name", g.name).add("size", g.size).add("not_finite", g.not_finite).add("norm", g.norm));
    std::printf("%s\n", line.add("gradients", list).text().c_str());
    return;
  }
  std::printf("state after %llu steps", static_cast<unsigned long long>(at));
  if (step >= 0) std::printf(", batch of step %lld", static_cast<long long>(step));
  if (!same) std::printf("\nthe state is not the one before the batch's step: no checkpoint of that place is left");
  std::printf("\nloss %g", probe.loss);
  for (const auto& [name, value] : probe.parts) std::printf(", %s %g", name.c_str(), value);
  std::printf("\n%s\n", probe.complaint.empty() ? "all losses and gradients are finite"
                                                : ("not finite: " + probe.complaint).c_str());
  std::printf("%14s %12s  gradient of\n", "norm", "not finite");
  constexpr std::size_t shown = 12;
  for (std::size_t i = 0; i < std::min(shown, gradients.size()); ++i) {
    const ctp::ParameterGradient& g = gradients[i];
    std::printf("%14.6g %12zu  %s [%zu]\n", g.norm, g.not_finite, g.name.c_str(), g.size);
  }
  if (gradients.size() > shown) std::printf("... and %zu more: --json shows all\n", gradients.size() - shown);
}

/// @brief Restores the checkpoint of the context, computes the losses and gradients of its batch, and prints them.
/// Writes nothing. **Errors.** CheckpointError for another setting of a policy; UsageError for a batch that the model
/// cannot take.
template <class Strategy, class Backend>
void replay(const RunContext& context) {
  using Model = examples::Model<Backend, typename Strategy::Projection>;
  ctp::Learner<Strategy, Model> learner(Model(context.model), train_options(context), [&](auto& policies) {
    configure(context.settings, context.policy_settings, policies);
  });
  ctp::io::Checkpoint& saved = *context.resumed;
  ctp::require_same_facts(saved, ctp::settings_facts(learner), {context.allow}, allow_remedy);
  RunState state{ctp::eval::TaskMatrix(context.tasks.size())};
  ctp::report::LossWatch losses({});
  learner.restore(ctp::StateArchive(std::move(saved.tensors)), state, losses, context.bad_pictures);
  const ctp::data::Batch batch = ctp::batch_of(*context.replayed);
  const auto fact = context.replayed->metadata.find("fault.step");
  const std::int64_t step = fact == context.replayed->metadata.end()
                                ? -1
                                : ctp::detail::batch_number<std::int64_t>(*context.replayed, "fault.step");
  const ctp::Position place = learner.place();
  const bool same = step >= 0 && static_cast<std::uint64_t>(step) == place.step && place.in_task && place.epoch_begun &&
                    place.tasks_seen == batch.task && place.epoch == batch.epoch;
  print_probe(learner.probe(batch), context, step, place.step, same);
}

}  // namespace pretrain
