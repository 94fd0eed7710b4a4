/// @file   ctp/penalty/none.hpp
/// @brief  No penalty on the parameters.
/// @layer  penalty - may include: core, backend, tensor, autograd, nn, optim
#pragma once

namespace ctp::penalty {

/// Parameters may go where the loss takes them.
struct None {
  static constexpr bool active = false;
};

}  // namespace ctp::penalty
