/// @file   ctp/objective/parameters.hpp
/// @brief  Registration of the parameters that a loss policy owns in the layout of a model.
/// @layer  objective
#pragma once

#include <concepts>

#include <ctp/core/error.hpp>
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

namespace detail {
/// **Errors.** UsageError if a layout has parameters of policies.
[[gnu::cold]] inline void require_without_policies(const Layout& layout) {
  for (const ParameterInfo& p : layout.parameters())
    if (p.name.starts_with(policy_prefix))
      throw UsageError(Complaint{"model", "layout", "parameters of the model alone",
                                 p.name + ", which a policy of another learner added",
                                 "make the model anew: Model(other.model().config())"}
                           .text());
}
}  // namespace detail

}  // namespace objective

/// @brief Adds the parameters of `policy`, a loss or an All, behind those of `model`. A policy that was registered
/// with another model is registered anew. **Errors.** UsageError for a model that has parameters of policies already,
/// such as the model of another learner; as Layout::add().
template <class Policy, class Model>
void register_parameters(Policy& policy, Model& model) {
  if constexpr (requires {
                  { model.layout() } -> std::convertible_to<const Layout&>;
                })
    objective::detail::require_without_policies(model.layout());
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
