/// @file   ctp/backend/attention_shape.hpp
/// @brief  The extents of one multi-head attention.
/// @layer  backend
#pragma once

#include <ctp/core/shape.hpp>

namespace ctp::backend {

/// Extents of one attention. Row i of sample b of q starts at q + (b * queries + i) * q_stride; k and v likewise.
struct AttentionShape {
  Index batch = 0, heads = 0, queries = 0, keys = 0;
  Index width = 0;  ///< of one head
  Index q_stride = 0, k_stride = 0, v_stride = 0;
};

}  // namespace ctp::backend
