/// @file   ctp/backend/cuda/kernel/wide_access.hpp
/// @brief  Reads and writes of several neighbours in one access.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/config.hpp>

namespace ctp::backend::cuda::kernel {

/// Two or four neighbours.
template <class T, int N>
struct alignas(N * sizeof(T)) Neighbours {
  T x[N];
  CTP_HD Neighbours& operator+=(const Neighbours& other) {
    CTP_UNROLL
    for (int k = 0; k < N; ++k) x[k] += other.x[k];
    return *this;
  }
};
template <class T>
using Pair = Neighbours<T, 2>;
template <class T>
using Quad = Neighbours<T, 4>;

/// Whether an access of sizeof(T) bytes may begin at `p`.
template <class T>
CTP_HD bool is_aligned(const void* p) {
  return reinterpret_cast<std::uintptr_t>(p) % alignof(T) == 0;
}

/// The T at `p`, which is aligned for it, by one access on a device.
template <class T>
CTP_HD T read_wide(const void* p) {
#if defined(__CUDA_ARCH__)
  return *static_cast<const T*>(p);
#else
  T value;
  // The elements may have another type. The sanitizers check the alignment.
  __builtin_memcpy(&value, __builtin_assume_aligned(p, alignof(T)), sizeof value);
  return value;
#endif
}
template <class T>
CTP_HD void write_wide(void* p, const T& value) {
#if defined(__CUDA_ARCH__)
  *static_cast<T*>(p) = value;
#else
  __builtin_memcpy(__builtin_assume_aligned(p, alignof(T)), &value, sizeof value);
#endif
}

}  // namespace ctp::backend::cuda::kernel
