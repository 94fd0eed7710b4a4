/// @file   ctp/distill/lwf.hpp
/// @brief  Keep the distribution that the previous model's projections make of each pair.
/// @layer  distill
#pragma once

#include <utility>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/distill/keep_scores.hpp>

namespace ctp::distill {

/// @brief (KL of images + KL of texts) / 2 between softmax(x_r / temp) of the previous model and softmax(x / temp),
/// where
///        x [B,E] are the raw projections and the softmax runs over the E features; mean over rows.
///
/// **Units.** nats per row.  **Gradient.** to the online model.
/// **Source.** Li and Hoiem 2016, Learning without Forgetting, arXiv:1606.09282, eq. 3, with the projections in place
/// of class scores; `lwf_distillation` of the oracle.
struct Lwf {
  static constexpr const char* name = "lwf";
  static constexpr Needs needs{.previous = Output::Features};

  template <class Step>
  auto loss(Step& step) const {
    const double factor = 1 / step.model().config().temperature;
    return detail::keep_scores(step, [&](auto& model) {
      return std::pair(scale(model.pass(), model.image_raw(), factor), scale(model.pass(), model.text_raw(), factor));
    });
  }
};

}  // namespace ctp::distill
