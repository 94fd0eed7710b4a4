/// @file   ctp/distill/lwf.hpp
/// @brief  Learning without Forgetting on the raw projections.
/// @layer  distill
#pragma once

#include <utility>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/distill/mean_kl.hpp>

namespace ctp::distill {

/// @brief Distillation of the raw projections: (KL of images + KL of texts) / 2 with KL(softmax(x_r / temp) ||
/// softmax(x / temp)), mean over rows. x_r: raw projections of the previous model; x: of the online model.
///
/// **Shapes.** x, x_r [B,E]; the softmax runs over the E features.  **Units.** nats per row.  **Gradient.** to the
/// online model.
/// **Source.** Li and Hoiem 2016, Learning without Forgetting, arXiv:1606.09282, eq. 3, with the projections in place
/// of class scores; `tests/oracle: lwf_distillation`.
struct Lwf {
  static constexpr const char* name = "lwf";
  static constexpr Needs needs{.previous = Output::Features};

  template <class Step>
  auto loss(Step& step) const {
    const double inverse_temperature = 1 / step.model().config().temperature;
    return detail::mean_kl(step, [&](auto& model) {
      return std::pair(scale(model.pass(), model.image_raw(), inverse_temperature),
                       scale(model.pass(), model.text_raw(), inverse_temperature));
    });
  }
};

}  // namespace ctp::distill
