/// @file   ctp/core/needs.hpp
/// @brief  Teacher outputs that a policy reads, as part of the policy's type.
/// @layer  core
#pragma once

namespace ctp {

/// Outputs of one model that a policy reads. Every output includes the model's weights.
enum class Output : unsigned {
  Nothing = 0,
  Weights = 1,           ///< the parameter vector itself
  Features = 2 | 1,      ///< unit-length image and text features, and the raw projections
  Tokens = 4 | 1,        ///< all image and text tokens
  MaskedScores = 8 | 1,  ///< masked-language scores at the masked positions
  Fused = 16 | 1,        ///< the class token of text fused with image
};
constexpr Output operator|(Output a, Output b) {
  return static_cast<Output>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool includes(Output set, Output part) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(part)) == static_cast<unsigned>(part);
}

/// @brief Teachers that a policy reads, and which outputs of each. The Learner keeps a teacher, and computes an output
/// of a teacher, only if some policy needs it.
///
/// The online model's outputs always exist. A policy without its teacher (on the first task) is silent and adds no
/// loss. A loss that reads what its `needs` do not name does not compile (StepView).
struct Needs {
  Output previous = Output::Nothing;  ///< the model at the end of the previous task
  Output momentum = Output::Nothing;  ///< the momentum model, whose weights the momentum policy updates
};
constexpr Needs operator|(Needs a, Needs b) { return {a.previous | b.previous, a.momentum | b.momentum}; }

namespace detail {
/// Whether a teacher of a step exists. A view of a step answers by exists() for a teacher that no `needs` name, too.
template <class Teacher>
bool teacher_exists(const Teacher& teacher) {
  if constexpr (requires { teacher.exists(); })
    return teacher.exists();
  else
    return static_cast<bool>(teacher);
}
}  // namespace detail

/// Whether the teachers that a policy needs exist in this step.
template <class Step>
bool can_run(const Step& step, Needs needs) {
  return (needs.previous == Output::Nothing || detail::teacher_exists(step.previous)) &&
         (needs.momentum == Output::Nothing || detail::teacher_exists(step.momentum));
}

/// @brief The smallest batch that a loss can learn from: `Policy::least_pairs`, or 1. All gives the largest number of
/// its losses with a weight.
template <class Policy>
int least_pairs_of(const Policy& policy) {
  if constexpr (requires { policy.least_pairs_in_use(); })
    return policy.least_pairs_in_use();
  else if constexpr (requires { Policy::least_pairs; })
    return Policy::least_pairs;
  else
    return 1;
}

}  // namespace ctp
