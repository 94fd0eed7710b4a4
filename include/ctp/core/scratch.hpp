/// @file   ctp/core/scratch.hpp
/// @brief  Host memory that one thread reuses between calls.
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

/// What a piece of scratch memory is for: two uses that overlap in time need two purposes.
enum class Scratch { PackedLeft, PackedRight, Attention, Rows, Reduction };

/// @brief At least `count` values of T for the calling thread, valid until it asks for the same purpose again.
///
/// The memory only grows, so work of constant shape allocates on its first turn and never again.
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
