/// @file   ctp/momentum/view.hpp
/// @brief  What a momentum rule sees of a training: the weights, and the place in the task.
/// @layer  momentum
#pragma once

#include <cstdint>

#include <ctp/core/needs.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::momentum {

/// @brief View of the weights and of the step for a momentum rule, made before every step.
///
/// `NeedsPrevious`: whether the rule's `needs` name the previous model; without it previous() does not compile.
/// **Shapes.** all vectors [size()], in the backend's memory.
template <class BackendType, bool NeedsPrevious>
class View {
 public:
  using Backend = BackendType;
  using Real = typename Backend::Real;

  /// Vectors and numbers of one update.
  struct Parts {
    Index size = 0;
    Real* slow = nullptr;
    const Real* online = nullptr;
    const Real* previous = nullptr;
    std::uint32_t task = 0;
    std::uint64_t step = 0, steps = 0;
  };
  explicit View(const Parts& parts) : parts_(parts) {}

  [[nodiscard]] Index size() const { return parts_.size; }
  /// The momentum weights, to be updated.
  [[nodiscard]] Real* slow() const { return parts_.slow; }
  [[nodiscard]] const Real* online() const { return parts_.online; }
  /// The weights at the end of the previous task; null on the first task.
  [[nodiscard]] const Real* previous() const {
    static_assert(NeedsPrevious,
                  "[ctp.momentum.previous] this momentum rule reads the previous model, which its 'needs' do not name; "
                  "write 'static constexpr ctp::Needs needs{.previous = ctp::Output::Weights}'. See "
                  "docs/policies/momentum.md");
    return parts_.previous;
  }
  /// Number of the task, from 0.
  [[nodiscard]] std::uint32_t task() const { return parts_.task; }
  /// Number of the step in the task, from 0.
  [[nodiscard]] std::uint64_t step() const { return parts_.step; }
  /// Planned steps of the task, over all its epochs. An observer may end the task earlier.
  [[nodiscard]] std::uint64_t steps() const { return parts_.steps; }

 private:
  Parts parts_;
};

/// The view that `Policy` gets on `Backend`.
template <class Policy, class Backend>
using ViewFor = View<Backend, Policy::needs.previous != Output::Nothing>;

/// Updates the momentum weights: calls policy.update(view, state), or policy.update(view) of a rule without a State.
template <class Policy, class ViewType, class State>
void update(const Policy& policy, const ViewType& view, [[maybe_unused]] State& state) {
  if constexpr (requires { policy.update(view, state); })
    policy.update(view, state);
  else
    policy.update(view);
}

}  // namespace ctp::momentum
