/// @file   ctp/core/scratch.hpp
/// @brief  Thread-local scratch memory of the host, reused between calls.
/// @layer  core
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace ctp {

namespace detail {
struct FreeAligned {
  void operator()(std::byte* p) const { std::free(p); }
};
}  // namespace detail

/// Host memory aligned to 64 bytes, not initialised. **Errors.** std::bad_alloc.
using AlignedMemory = std::unique_ptr<std::byte[], detail::FreeAligned>;
inline AlignedMemory allocate_aligned(std::size_t bytes) {
  auto* p = static_cast<std::byte*>(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  if (p == nullptr && bytes > 0) throw std::bad_alloc();
  return AlignedMemory(p);
}

/// Purpose of scratch memory. Two uses that overlap in time need two purposes.
enum class Scratch { PackedLeft, PackedRight, Attention, Rows, Reduction };

/// @brief Scratch memory of the calling thread for at least `count` values of T, not initialised.
///
/// The memory is valid until the thread's next call with the same T and Purpose. The memory only grows, so work of
/// constant shape allocates in its first call only. **Errors.** std::bad_alloc.
template <class T, Scratch Purpose>
T* thread_scratch(std::size_t count) {
  thread_local AlignedMemory memory;
  thread_local std::size_t capacity = 0;
  if (count * sizeof(T) > capacity) {
    memory.reset();
    memory = allocate_aligned(count * sizeof(T));
    capacity = count * sizeof(T);
  }
  return reinterpret_cast<T*>(memory.get());
}

}  // namespace ctp
