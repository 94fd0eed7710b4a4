/// @file   least_batch.hpp
/// @brief  Refusal of batches that are too small for the losses of a strategy.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <ctp/core/needs.hpp>
#include <ctp/core/policy.hpp>

#include "../common/strategies.hpp"
#include "settings.hpp"

namespace pretrain {

/// **Errors.** UsageError for a batch of fewer pairs than the strategy's objective can learn from, with the weights
/// that `policies` set.
inline void require_batch(const Settings& settings, const std::vector<Assignment>& policies) {
  int least = 1;
  examples::with_strategy(settings.strategy, [&]<class Strategy>() {
    typename Strategy::Objective objective;
    auto set = [&](const std::string& key, auto& field) {
      for (const Assignment& a : policies)
        if (a.key == key) assign(a, field);
    };
    ctp::visit_settings(objective, set);
    least = ctp::least_pairs_of(objective);
  });
  if (settings.batch_size < least)
    throw ctp::UsageError(ctp::Complaint{"--batch-size", "", "at least " + std::to_string(least),
                                         std::to_string(settings.batch_size),
                                         "the objective contrasts the pairs of a batch: choose a larger batch"}
                              .text());
}

}  // namespace pretrain
