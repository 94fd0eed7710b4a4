/// @file   steps_of.hpp
/// @brief  Steps of one epoch over a number of pairs, by --batch-size and --last-batch.
#pragma once

#include <cstddef>

#include "settings.hpp"

namespace pretrain {

/// Steps of one epoch over `pairs` pairs.
inline std::size_t steps_of(std::size_t pairs, const Settings& s) {
  const auto batch = static_cast<std::size_t>(s.batch_size);
  return (pairs + (s.last_batch == "keep" ? batch - 1 : 0)) / batch;
}

}  // namespace pretrain
