/// @file   ctp/distill/topology.hpp
/// @brief  Keep how similar the previous model found the pairs of a batch to each other.
/// @layer  distill
#pragma once

#include <utility>

#include <ctp/autograd/scores.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/distill/keep_scores.hpp>

namespace ctp::distill {

/// @brief (KL of image-to-text + KL of text-to-image similarities) / 2, the previous model's being the target.
///
/// KL(softmax(v_r w_r^T / temp) || softmax(v w^T / temp)), mean over rows.
/// **Units.** nats per row.  **Gradient.** to the online model.
/// **Source.** CTP, ICCV 2023, arXiv:2308.07146, topology preservation, cross-modal part; `topology_preservation` of
/// the oracle.
struct CrossModalTopology {
  static constexpr const char* name = "cross_modal_topology";
  static constexpr Needs needs{.previous = Output::Features};

  template <class Step>
  auto loss(Step& step) const {
    const double factor = 1 / step.model().config().temperature;
    return detail::keep_scores(step, [&](auto& model) {
      const auto image = model.image(), text = model.text();
      return std::pair(scores(model.pass(), image.local, text.all, factor),
                       scores(model.pass(), text.local, image.all, factor));
    });
  }
};

/// @brief The same for image-to-image and text-to-text similarities, each row's similarity to itself taken out.
///
/// The diagonal is -1000 before the temperature, in both models.
/// **Units.** nats per row.  **Gradient.** to the online model.
/// **Source.** as CrossModalTopology, same-modal part. One process only: rows are compared within the local batch.
struct SameModalTopology {
  static constexpr const char* name = "same_modal_topology";
  static constexpr Needs needs{.previous = Output::Features};

  template <class Step>
  auto loss(Step& step) const {
    const double factor = 1 / step.model().config().temperature;
    return detail::keep_scores(step, [&](auto& model) {
      const auto among = [&](const auto& x) {
        return with_diagonal(model.pass(), scores(model.pass(), x.local, x.all, factor), -1000 * factor);
      };
      return std::pair(among(model.image()), among(model.text()));
    });
  }
};

}  // namespace ctp::distill
