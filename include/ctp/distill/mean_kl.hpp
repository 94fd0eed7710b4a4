/// @file   ctp/distill/mean_kl.hpp
/// @brief  Mean of two KL divergences between score matrices of the previous and the online model.
/// @layer  distill
#pragma once

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/losses.hpp>

namespace ctp::distill::detail {

/// @brief Mean of two KL divergences: (KL(q1 || p1) + KL(q2 || p2)) / 2, mean over rows. p is the softmax of the online
/// model's scores, q the softmax of the previous model's scores.
///
/// compare(outputs) returns two score matrices of one model. **Shapes.** each [B,n].  **Units.** nats per row.
/// **Gradient.** to the online model's scores.
template <class Step, class Compare>
auto mean_kl(Step& step, const Compare& compare) {
  const auto& pass = step.online.pass();
  const auto online = compare(step.online), previous = compare(*step.previous);
  const auto weight = mean_weights(pass, online.first.value.shape[0]);
  const auto divergence = [&](const auto& scores, const auto& target) {
    return soft_cross_entropy(pass, scores, target.value, weight, 1, Entropy::Subtracted);
  };
  return scale(pass, add(pass, divergence(online.first, previous.first), divergence(online.second, previous.second)),
               0.5);
}

}  // namespace ctp::distill::detail
