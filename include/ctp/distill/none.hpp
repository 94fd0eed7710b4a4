/// @file   ctp/distill/none.hpp
/// @brief  No distillation.
/// @layer  distill
#pragma once

#include <ctp/objective/all.hpp>

namespace ctp::distill {

/// The empty sum of losses: no teacher is needed.
using None = All<>;

}  // namespace ctp::distill
