/// @file   ctp/distill/topology.hpp
/// @brief  Keep how similar the previous model found the pairs of a batch to each other.
/// @layer  distill - may include: core, backend, tensor, autograd, nn, objective
#pragma once

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/losses.hpp>
#include <ctp/autograd/scores.hpp>
#include <ctp/core/needs.hpp>

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
    const auto& pass = step.online.pass();
    const auto& teacher = step.previous->pass();
    const double factor = 1 / step.model().config().temp;
    const auto image = step.online.image(), text = step.online.text();
    const auto image_r = step.previous->image(), text_r = step.previous->text();
    const auto weight = mean_weights(pass, image.local.value.shape[0]);
    const auto i2t =
        soft_cross_entropy(pass, scores(pass, image.local, text.all, factor),
                           scores(teacher, image_r.local, text_r.all, factor).value, weight, 1, Entropy::Subtracted);
    const auto t2i =
        soft_cross_entropy(pass, scores(pass, text.local, image.all, factor),
                           scores(teacher, text_r.local, image_r.all, factor).value, weight, 1, Entropy::Subtracted);
    return scale(pass, add(pass, i2t, t2i), 0.5);
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
    const auto& pass = step.online.pass();
    const auto& teacher = step.previous->pass();
    const double factor = 1 / step.model().config().temp;
    const auto weight = mean_weights(pass, step.online.image().local.value.shape[0]);
    const auto between = [&](const auto& p, const auto& x) {
      return with_diagonal(p, scores(p, x.local, x.all, factor), -1000 * factor);
    };
    const auto images =
        soft_cross_entropy(pass, between(pass, step.online.image()), between(teacher, step.previous->image()).value,
                           weight, 1, Entropy::Subtracted);
    const auto texts =
        soft_cross_entropy(pass, between(pass, step.online.text()), between(teacher, step.previous->text()).value,
                           weight, 1, Entropy::Subtracted);
    return scale(pass, add(pass, images, texts), 0.5);
  }
};

}  // namespace ctp::distill
