/// @file   ctp/objective/parameters.hpp
/// @brief  Registration of the parameters that a loss policy owns in the layout of a model.
/// @layer  objective
#pragma once

#include <concepts>

#include <ctp/core/model_config.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp {

namespace objective {

/// The policy has `parameters(layout)`, or `parameters(layout, config)` for parameters that depend on the model's
/// sizes.
template <class P>
concept OwnsParameters = requires(P& policy, Layout& layout) {
  policy.parameters(layout);
} || requires(P& policy, Layout& layout, const ModelConfig& config) { policy.parameters(layout, config); };

/// Adds the parameters of one policy, if the policy has some. **Errors.** as Layout::add().
template <class Policy>
void add_parameters(Policy& policy, Layout& layout, const ModelConfig& config) {
  if constexpr (requires { policy.parameters(layout, config); })
    policy.parameters(layout, config);
  else if constexpr (OwnsParameters<Policy>)
    policy.parameters(layout);
}

}  // namespace objective

/// @brief Adds the parameters of `policy`, a loss or an All, behind those of `model`. A policy of another model or of
/// an earlier call is registered anew. **Errors.** as Layout::add().
template <class Policy, class Model>
void register_parameters(Policy& policy, Model& model) {
  if constexpr (objective::OwnsParameters<Policy>) {
    static_assert(
        requires {
          { model.layout_to_extend() } -> std::same_as<Layout&>;
        },
        "[ctp.strategy.parameters] a policy has parameters of its own, but this model cannot take them; derive the "
        "model from ctp::VisionLanguageModel, or give it 'ctp::Layout& layout_to_extend()'. See "
        "docs/policies/objective.md");
    objective::add_parameters(policy, model.layout_to_extend(), model.config());
  }
}

}  // namespace ctp
