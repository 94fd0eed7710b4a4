/// @file   ctp/tensor/arena.hpp
/// @brief  Memory that is handed out in order and taken back all at once.
/// @layer  tensor - may include: core, backend
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ctp {

/// @brief Hands out memory in order; rewinding makes all of it free again without giving any back to the system.
///
/// The first step of a training sizes it; later steps that ask for the same again find it there. What was handed out
/// never moves, and a rewound arena hands out the same addresses for the same requests.
template <class Backend>
class Arena {
 public:
  /// A state to return to.
  struct Mark {
    std::size_t chunk = 0, used = 0;
  };

  /// `bytes` aligned to 64, not initialised.
  std::byte* allocate(std::size_t bytes) {
    bytes = (bytes + 63) / 64 * 64;
    while (at_.chunk < chunks_.size() && at_.used + bytes > chunks_[at_.chunk].size) at_ = {at_.chunk + 1, 0};
    if (at_.chunk == chunks_.size()) grow(bytes);
    std::byte* p = reinterpret_cast<std::byte*>(chunks_[at_.chunk].memory.get()) + at_.used;
    at_.used += bytes;
    return p;
  }
  template <class T>
  T* allocate_array(std::ptrdiff_t count) {
    return reinterpret_cast<T*>(allocate(static_cast<std::size_t>(count) * sizeof(T)));
  }

  [[nodiscard]] Mark mark() const { return at_; }
  /// Takes back everything handed out since `mark`.
  void release(Mark mark) { at_ = mark; }
  void rewind() { at_ = {}; }

  /// Bytes held, in use or not.
  [[nodiscard]] std::size_t capacity() const {
    std::size_t total = 0;
    for (const Chunk& c : chunks_) total += c.size;
    return total;
  }

 private:
  struct Chunk {
    decltype(Backend::allocate(0)) memory;
    std::size_t size;
  };

  void grow(std::size_t bytes) {
    constexpr std::size_t smallest = std::size_t{1} << 20U, largest = std::size_t{1} << 28U;
    const std::size_t size = std::max(bytes, std::clamp(capacity(), smallest, largest));
    chunks_.push_back({Backend::allocate(size), size});
  }

  std::vector<Chunk> chunks_;
  Mark at_;
};

}  // namespace ctp
