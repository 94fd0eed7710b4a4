/// @file   ctp/distill/topology.hpp
/// @brief  Topology preservation: distillation of the similarities among the pairs of a batch.
/// @layer  distill
#pragma once

#include <utility>

#include <ctp/autograd/scores.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/distill/mean_kl.hpp>

namespace ctp::distill {

/// @brief Cross-modal topology preservation: (KL of image-to-text + KL of text-to-image similarities) / 2, with the
/// previous model's similarities as target.
///
/// KL(softmax(v_r w_r^T / temp) || softmax(v w^T / temp)), mean over rows; index r marks the previous model.
/// **Shapes.** v, w [B,E], unit length.  **Units.** nats per row.  **Gradient.** to the online model.
/// **Source.** CTP, ICCV 2023, arXiv:2308.07146, topology preservation, cross-modal part;
/// `tests/oracle: topology_preservation`.
struct CrossModalTopology {
  static constexpr const char* name = "cross_modal_topology";
  static constexpr Needs needs{.previous = Output::Features};

  template <class Step>
  auto loss(Step& step) const {
    const double inverse_temperature = 1 / step.model().config().temperature;
    return detail::mean_kl(step, [&](auto& model) {
      const auto image = model.image(), text = model.text();
      return std::pair(scores(model.pass(), image.local, text.all, inverse_temperature),
                       scores(model.pass(), text.local, image.all, inverse_temperature));
    });
  }
};

/// @brief Same-modal topology preservation: (KL of image-to-image + KL of text-to-text similarities) / 2, without each
/// row's similarity to itself.
///
/// The diagonal of both models' similarities is set to -1000 before the division by the temperature.
/// **Units.** nats per row.  **Gradient.** to the online model.
/// **Source.** as CrossModalTopology, same-modal part. One process only: rows are compared within the local batch.
struct SameModalTopology {
  static constexpr const char* name = "same_modal_topology";
  static constexpr Needs needs{.previous = Output::Features};

  template <class Step>
  auto loss(Step& step) const {
    const double inverse_temperature = 1 / step.model().config().temperature;
    return detail::mean_kl(step, [&](auto& model) {
      const auto among = [&](const auto& x) {
        return with_diagonal(model.pass(), scores(model.pass(), x.local, x.all, inverse_temperature),
                             -1000 * inverse_temperature);
      };
      return std::pair(among(model.image()), among(model.text()));
    });
  }
};

}  // namespace ctp::distill
