/// @file   ctp/train/kept_pairs.hpp
/// @brief  Rehearsal in the training loop: adds kept pairs to a task, and selects pairs of a learned task.
/// @layer  train
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/data/source.hpp>
#include <ctp/rehearsal/candidates.hpp>
#include <ctp/train/extract.hpp>

namespace ctp {

/// @brief Requires that a task's pairs come from `source`: an ordinal names a pair within one source only.
/// **Errors.** UsageError; `owner` names the pairs that come from `source`.
inline void require_same_source(const data::Task& task, const std::shared_ptr<const data::Source>& source,
                                const char* owner) {
  if (task.source == source) return;
  throw UsageError("Learner: task '" + task.name + "': expected pairs of the source that " + owner +
                   " come from, found another source; add the pairs of all tasks to one source");
}

/// @brief A task and, after its own pairs, the pairs that the rehearsal keeps. `kept_source`: the source of the kept
/// pairs, null before the first task. **Errors.** UsageError if the task has another source.
template <class Policies>
data::Task with_kept_pairs(data::Task task, const Policies& policies,
                           const std::shared_ptr<const data::Source>& kept_source) {
  if constexpr (Policies::keeps_pairs) {
    const auto& kept = policies.rehearsal().members(policies.rehearsal_state());
    if (!std::empty(kept) && kept_source != nullptr) require_same_source(task, kept_source, "the kept pairs");
    task.members.insert(task.members.end(), std::begin(kept), std::end(kept));
  }
  return task;
}

/// @brief Lets the rehearsal select pairs of a learned task. `index`: number of the task, from 0; `features(task)`
/// extracts the fusion features, and is called only if the rehearsal asks for them.
template <class Policies, class Features>
void keep_pairs(Policies& policies, const data::Task& task, std::uint32_t index, const Features& features) {
  rehearsal::Candidates candidates;
  candidates.task = index;
  candidates.members = task.members;
  candidates.name = [&](std::uint32_t ordinal) { return task.source->name(ordinal); };
  candidates.features = [&]() -> rehearsal::FeatureRows {
    ExtractedFeatures found = features(task);
    return {found.width, std::move(found.fusion)};
  };
  policies.rehearsal().choose(policies.rehearsal_state(), candidates);
}

}  // namespace ctp
