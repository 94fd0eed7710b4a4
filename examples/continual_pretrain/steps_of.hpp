/// @file   steps_of.hpp
/// @brief  Steps of one epoch over a number of pairs, by --batch-size and --last-batch.
#pragma once

#include <cstddef>

#include "settings.hpp"

namespace pretrain {

/// @brief Steps of one epoch over `pairs` pairs, as ctp::data::batches_per_epoch() counts them; 0 where that refuses.
/// `least`: pairs of the smallest batch that the losses learn from.
inline std::size_t steps_of(std::size_t pairs, const Settings& s, int least) {
  const auto batch = static_cast<std::size_t>(s.batch_size), rest = pairs % batch;
  const bool keeps = s.last_batch == "keep" && rest > 0 && rest >= static_cast<std::size_t>(least);
  return pairs / batch + (keeps ? 1 : 0);
}

}  // namespace pretrain
