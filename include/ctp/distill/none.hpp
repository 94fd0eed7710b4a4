/// @file   ctp/distill/none.hpp
/// @brief  No distillation.
/// @layer  distill
#pragma once

#include <ctp/objective/all.hpp>

namespace ctp::distill {

/// Learns from the data alone.
using None = All<>;

}  // namespace ctp::distill
