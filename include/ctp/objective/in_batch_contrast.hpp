/// @file   ctp/objective/in_batch_contrast.hpp
/// @brief  Symmetric InfoNCE (image-text contrast) over the batch.
/// @layer  objective
#pragma once

#include <cstdint>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/losses.hpp>
#include <ctp/autograd/scores.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/objective/learned_temperature.hpp>

namespace ctp::objective {

/// @brief Symmetric InfoNCE over the global batch.
///
/// (CE(v w^T / temp) + CE(w v^T / temp)) / 2, where row i of both feature matrices is pair i. temp is the model's
/// `temperature`; with `learn_temperature` it is the start of a parameter of this policy, add_logit_scale().
/// **Shapes.** v, w [B,E], unit length.  **Units.** nats per pair.  **Gradient.** to the online model, and to the
/// policy's parameter.
/// **Source.** Radford et al. 2021, arXiv:2103.00020, figure 3; `tests/oracle: in_batch_contrast`.
struct InBatchContrast {
  static constexpr const char* name = "in_batch_contrast";
  static constexpr Needs needs{};
  static constexpr int least_pairs = 2;  ///< a single pair has nothing to be told apart from: the loss is 0
  bool learn_temperature = false;        ///< to be changed before the Learner is made
  Parameter<0> logit_scale{};            ///< log(1 / temperature), if learned

  /// **Errors.** as add_logit_scale().
  void parameters(Layout& layout, const ModelConfig& config) {
    if (learn_temperature) logit_scale = add_logit_scale(layout, name, config.temperature);
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("learn_temperature", learn_temperature);
  }

  template <class Step>
  auto loss(Step& step) const {
    using B = typename Step::Backend;
    const auto& pass = step.online.pass();
    const double temperature = step.model().config().temperature;
    const auto similarity = [&](auto rows, auto columns) {
      return learn_temperature ? scores(pass, sharpened(pass, logit_scale, rows), columns, 1)
                               : scores(pass, rows, columns, 1 / temperature);
    };
    const auto image = step.online.image(), text = step.online.text();
    const Index n = image.local.value.shape[0];
    const auto positive_column = pass.tape->template make<std::int32_t>(Shape<1>{n});
    B::ramp(n, static_cast<std::int32_t>(image.first_row), positive_column.data);
    const auto weight = mean_weights(pass, n);
    const auto i2t = cross_entropy(pass, similarity(image.local, text.all), positive_column, weight);
    const auto t2i = cross_entropy(pass, similarity(text.local, image.all), positive_column, weight);
    return scale(pass, add(pass, i2t, t2i), 0.5);
  }
};

}  // namespace ctp::objective
