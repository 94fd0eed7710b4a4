/// @file   ctp/backend/generic/memory.hpp
/// @brief  Memory of backends that compute on the host.
/// @layer  backend
#pragma once

#include <cstring>

#include <ctp/core/scratch.hpp>

namespace ctp::backend::generic {

/// @brief Allocation and copies of a host backend.
struct Memory {
  /// Owns a block of memory, aligned to 64 bytes, not initialised.
  using Block = AlignedMemory;

  static Block allocate(std::size_t bytes) { return allocate_aligned(bytes); }
  template <class T>
  static void zero(T* p, std::ptrdiff_t n) {
    std::memset(static_cast<void*>(p), 0, static_cast<std::size_t>(n) * sizeof(T));
  }
  /// Copies within the backend's memory.
  template <class T>
  static void copy(const T* from, std::ptrdiff_t n, T* to) {
    if (n > 0) std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
  }
  /// Copies from host memory, converting. Later operations may read `to`.
  template <class From, class To>
  static void upload(const From* from, std::ptrdiff_t n, To* to) {
    for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = static_cast<To>(from[i]);
  }
  /// Copies to host memory, converting, after all earlier operations.
  template <class From, class To>
  static void download(const From* from, std::ptrdiff_t n, To* to) {
    for (std::ptrdiff_t i = 0; i < n; ++i) to[i] = static_cast<To>(from[i]);
  }
};

}  // namespace ctp::backend::generic
