/// @file   least_batch.hpp
/// @brief  Refusal of batches that are too small for the losses of a strategy, and of losses that all have weight 0.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include <ctp/core/needs.hpp>
#include <ctp/core/policy.hpp>

#include "../common/strategies.hpp"
#include "settings.hpp"

namespace pretrain {

/// @brief Pairs of the smallest batch that the strategy's objective can learn from, with the weights that `policies`
/// set. **Errors.** UsageError for a batch of fewer pairs, and for weights that are all 0.
inline int require_batch(const Settings& settings, const std::vector<Assignment>& policies) {
  int least = 1;
  std::string weights;  // names of the objective's weights
  bool learns = false;
  examples::with_strategy(settings.strategy, [&]<class Strategy>() {
    typename Strategy::Objective objective;
    auto set = [&](const std::string& key, auto& field) {
      for (const Assignment& a : policies)
        if (a.key == key) assign_in_range(a, field);
      if constexpr (std::is_arithmetic_v<std::remove_reference_t<decltype(field)>>) {
        if (!key.ends_with(".weight")) return;
        weights += (weights.empty() ? "" : ", ") + key;
        learns = learns || field != 0;
      }
    };
    ctp::visit_settings(objective, set);
    least = ctp::least_pairs_of(objective);
  });
  if (!weights.empty() && !learns)
    throw ctp::UsageError(ctp::Complaint{weights, "", "at least one weight above 0", "0 for all of them",
                                         "the training would have no loss: leave one of them out"}
                              .text());
  if (settings.batch_size < least)
    throw ctp::UsageError(ctp::Complaint{"--batch-size", "", "at least " + std::to_string(least),
                                         std::to_string(settings.batch_size),
                                         "the objective contrasts the pairs of a batch: choose a larger batch"}
                              .text());
  return least;
}

}  // namespace pretrain
