/// @file   ctp/rehearsal/require.hpp
/// @brief  What a type must offer to be a rehearsal policy, and what is wrong with one that does not, in words.
/// @layer  rehearsal - may include: core, backend, tensor, autograd, nn, data
#pragma once

#include <concepts>

namespace ctp::rehearsal {

/// @brief `Policy::joins_all_tasks` says whether the tasks of a stream are trained together, once.
template <class P>
concept RehearsalPolicy = std::copyable<P> && requires {
  { P::joins_all_tasks } -> std::same_as<const bool&>;
};

/// Stops the compilation with one sentence for what `Policy` lacks.
template <class Policy>
consteval bool require_rehearsal_policy() {
  static_assert(
      RehearsalPolicy<Policy>,
      "[ctp.rehearsal.joins] a rehearsal policy is copyable and needs 'static constexpr bool joins_all_tasks', true "
      "if a stream is trained as one task. See docs/policies/rehearsal.md");
  return true;
}

}  // namespace ctp::rehearsal
