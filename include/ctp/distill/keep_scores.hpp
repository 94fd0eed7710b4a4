/// @file   ctp/distill/keep_scores.hpp
/// @brief  The divergence that distillations of two score matrices have in common.
/// @layer  distill
#pragma once

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/losses.hpp>

namespace ctp::distill::detail {

/// @brief (KL(q1 || p1) + KL(q2 || p2)) / 2, mean over rows, where compare(outputs) gives two score matrices [B,n]:
///        p = softmax of the online model's, q = softmax of the previous one's.
template <class Step, class Compare>
auto keep_scores(Step& step, const Compare& compare) {
  const auto& pass = step.online.pass();
  const auto now = compare(step.online), then = compare(*step.previous);
  const auto weight = mean_weights(pass, now.first.value.shape[0]);
  const auto divergence = [&](const auto& scores, const auto& target) {
    return soft_cross_entropy(pass, scores, target.value, weight, 1, Entropy::Subtracted);
  };
  return scale(pass, add(pass, divergence(now.first, then.first), divergence(now.second, then.second)), 0.5);
}

}  // namespace ctp::distill::detail
