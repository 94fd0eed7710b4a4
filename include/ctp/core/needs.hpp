/// @file   ctp/core/needs.hpp
/// @brief  What a policy asks of the Learner, as part of its type.
/// @layer  core
#pragma once

namespace ctp {

/// Outputs of one model that a policy reads. Every one of them includes the model's weights.
enum class Output : unsigned {
  Nothing = 0,
  Weights = 1,           ///< the parameter vector itself
  Features = 2 | 1,      ///< unit-length image and text features, and the raw projections
  Tokens = 4 | 1,        ///< all image and text tokens
  MaskedScores = 8 | 1,  ///< masked-language scores at the masked positions
};
constexpr Output operator|(Output a, Output b) {
  return static_cast<Output>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool includes(Output set, Output part) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(part)) == static_cast<unsigned>(part);
}

/// @brief Which teachers a policy needs, and what of them. The Learner keeps and runs only what some policy needs.
///
/// The online model's outputs are always there. A policy whose teacher does not exist yet is silent.
struct Needs {
  Output previous = Output::Nothing;  ///< the model as it was at the end of the previous task
  Output momentum = Output::Nothing;  ///< the slowly moving copy that the momentum policy keeps
};
constexpr Needs operator|(Needs a, Needs b) { return {a.previous | b.previous, a.momentum | b.momentum}; }

}  // namespace ctp
