/// @file   ctp/train/steps/momentum_steps.hpp
/// @brief  The update of the momentum weights before a step.
/// @layer  train
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#include <ctp/momentum/compatible.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/momentum/view.hpp>
#include <ctp/train/thetas.hpp>

namespace ctp {

/// The place of a step, for a momentum rule.
struct MomentumPlace {
  std::uint32_t task = 0;
  std::uint64_t step = 0, steps = 0;  ///< of the task
  std::uint64_t global_step = 0;
  bool has_previous = false;  ///< whether the previous weights are there
};

/// @brief Updates the momentum weights once before each step: not again if the step failed and is done again. Part of
/// the state of a training.
///
/// Not captured: a rule's numbers may change with the step.
class MomentumSteps {
 public:
  /// A task begins with step `step` of the training: the update before this step is still to be done.
  void begin(std::uint64_t step) { done_ = step; }
  /// Takes note that the steps behind `step` did not happen, but for its update.
  void failed(std::uint64_t step) { done_ = step + 1; }

  /// Updates the momentum weights of `thetas` by the policies' rule, if that was not done for this step. `submit(work)`
  /// calls work(). A rule of a user's own is given the momentum weights for good.
  template <class B, class Policies, class Submit>
  void update(Policies& policies, Thetas<B>& thetas, const MomentumPlace& place, const Submit& submit) {
    if (done_ > place.global_step) return;
    done_ = place.global_step + 1;
    using Rule = typename Policies::Momentum;
    const auto update_slow = [&](typename B::Real* slow) {
      const momentum::ViewFor<Rule, B> view(
          {.size = thetas.size(),
           .slow = slow,
           .online = std::as_const(thetas).online(),
           .previous = place.has_previous ? std::as_const(thetas).previous() : nullptr,
           .task = place.task,
           .step = place.step,
           .steps = place.steps});
      submit([&] { momentum::update(policies.momentum(), view, policies.momentum_state()); });
    };
    if constexpr (std::is_same_v<Rule, momentum::Ema> || std::is_same_v<Rule, momentum::Compatible>)
      thetas.change_momentum(update_slow);  // one pass of the backend over all weights
    else
      update_slow(thetas.momentum());
  }

  /// Calls archive("name", member) for each member.
  template <class Archive>
  void visit(Archive& archive) {
    archive("momentum_steps", done_);
  }

 private:
  std::uint64_t done_ = 0;  ///< steps of the whole training that have had their update
};

}  // namespace ctp
