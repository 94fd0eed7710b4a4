/// @file   ctp/objective/learned_temperature.hpp
/// @brief  Learned temperature of a contrast: its parameter, and its effect on features.
/// @layer  objective
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/elementwise.hpp>
#include <ctp/autograd/views.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp::objective {

/// @brief Adds the parameter `logit_scale` [], the logarithm of 1 / temperature: start log(1 / temperature), limits 0
/// and log 100, no weight decay. `policy`: name of the policy, for messages.
///
/// **Errors.** UsageError for a temperature outside of [0.01, 1], which the limits exclude.
/// **Source.** Radford et al. 2021, arXiv:2103.00020, section 2.5 (limits), figure 3.
[[gnu::cold]] inline Parameter<0> add_logit_scale(Layout& layout, const char* policy, double temperature) {
  if (!(temperature >= 0.01 && temperature <= 1)) {
    std::string found;
    ctp::detail::append_json_number(found, temperature);
    throw UsageError(Complaint{std::string(policy) + ".learn_temperature", "the model's temperature (model.temp)",
                               "a number from 0.01 to 1, the limits of a learned temperature", found,
                               "choose such a number, or do not learn the temperature"}
                         .text());
  }
  const double most = std::log(100.0);
  return layout.add<0>(
      "logit_scale", {},
      {.start = Start::constant(std::clamp(-std::log(temperature), 0.0, most)), .decay = 0, .least = 0, .most = most});
}

/// @brief Features divided by the learned temperature, exp(logit_scale) x: their inner products are the scores.
/// **Shapes.** x [n,d]; returns [n,d].  **Gradient.** to x and logit_scale.
template <class B>
Variable<2, B> sharpened(const Pass<B>& pass, const Parameter<0>& logit_scale, Variable<2, B> x) {
  const Scalar<B> factor = map(pass, pass[logit_scale], elementwise::Exp{});
  return scale_by(pass, x, ctp::detail::reshaped(factor, Shape<1>{1}));
}

}  // namespace ctp::objective
