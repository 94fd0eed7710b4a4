/// @file   ctp/backend/cuda/kernel/read_ahead.hpp
/// @brief  A loop whose loads do not wait for each other.
/// @layer  backend
#pragma once

#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cuda::kernel {

/// @brief Calls use(read(i), i) for each i in [begin, end), in this order, with up to `Ahead` reads before the first of
/// their uses.
///
/// A thread waits for a load at its first use, and a compiler moves no load above a store that may write to the same
/// address. `read` therefore only loads: read(i) must not depend on the uses of smaller i.
template <int Ahead, class Read, class Use>
CTP_HD void read_ahead(Index begin, Index end, const Read& read, const Use& use) {
  decltype(read(begin)) loaded[Ahead] = {};
  Index i = begin;
  for (; i + Ahead <= end; i += Ahead) {
    CTP_UNROLL
    for (int k = 0; k < Ahead; ++k) loaded[k] = read(i + k);
    CTP_UNROLL
    for (int k = 0; k < Ahead; ++k) use(loaded[k], i + k);
  }
  const auto left = static_cast<int>(end - i);
  if (left <= 0) return;
  CTP_UNROLL
  for (int k = 0; k < Ahead; ++k)
    if (k < left) loaded[k] = read(i + k);
  CTP_UNROLL
  for (int k = 0; k < Ahead; ++k)
    if (k < left) use(loaded[k], i + k);
}

/// @brief A body whose work at a place is split: read(place...) loads and returns what it loaded, use(loaded, place...)
/// computes and writes. The read of one place must not depend on the use of another.
template <class Body, class... Place>
concept ReadsAhead = requires(const Body& body, Place... place) { body.use(body.read(place...), place...); };

}  // namespace ctp::backend::cuda::kernel
