/// @file   ctp/penalty/importance.hpp
/// @brief  How much each parameter matters for what was learned, and what moving it costs.
/// @layer  penalty - may include: core, backend, tensor, autograd, nn, optim
#pragma once

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::penalty {

/// @brief Mean lengths of the raw image projection, the raw text projection and the raw fusion feature, added up.
///
/// Its gradient's magnitude is the importance of MAS.
/// **Source.** Aljundi et al. 2018, arXiv:1711.09601, eq. 3, on these outputs; `mas_objective` of the oracle.
template <class Outputs>
auto mas_objective(Outputs& outputs) {
  const auto& pass = outputs.pass();
  const auto image = mean(pass, row_lengths(pass, outputs.image_raw()));
  const auto text = mean(pass, row_lengths(pass, outputs.text_raw()));
  return add(pass, add(pass, image, text), mean(pass, row_lengths(pass, outputs.fused())));
}

/// @brief factor * sum_i importance[i] (theta[i] - anchor[i])^2.
///
/// **Shapes.** [n] each.  **Source.** Kirkpatrick et al. 2017, arXiv:1612.00796, eq. 3.
template <class B>
double quadratic_penalty(Index n, const typename B::Real* theta, const typename B::Real* anchor,
                         const typename B::Real* importance, double factor) {
  return factor * B::weighted_distance(n, theta, anchor, importance);
}

}  // namespace ctp::penalty
