/// @file   ctp/tensor/arena.hpp
/// @brief  Arena allocator: allocates in order, frees everything at once.
/// @layer  tensor
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ctp {

/// @brief Arena allocator of a backend. Rewinding frees all allocations at once and keeps the memory.
///
/// The first step of a training sizes the arena; later steps with the same requests allocate nothing from the backend.
/// Allocations do not move until the next rewind. A rewind joins all chunks into one of the size that was needed; from
/// then on, the same requests get the same addresses, without gaps.
template <class Backend>
class Arena {
 public:
  /// A state of the arena, for release().
  struct Mark {
    std::size_t chunk = 0, used = 0;  ///< start of the next allocation
    std::size_t total = 0;            ///< bytes allocated
  };

  /// Allocates `bytes`, aligned to 64, not initialised. **Errors.** as Backend::allocate().
  std::byte* allocate(std::size_t bytes) {
    bytes = (bytes + 63) / 64 * 64;
    while (at_.chunk < chunks_.size() && at_.used + bytes > chunks_[at_.chunk].size)
      at_ = {at_.chunk + 1, 0, at_.total};
    if (at_.chunk == chunks_.size()) grow(bytes);
    std::byte* p = begin(at_.chunk) + at_.used;
    at_.used += bytes;
    at_.total += bytes;
    most_ = std::max(most_, at_.total);
    return p;
  }
  template <class T>
  T* allocate_array(std::ptrdiff_t count) {
    return reinterpret_cast<T*>(allocate(static_cast<std::size_t>(count) * sizeof(T)));
  }

  [[nodiscard]] Mark mark() const { return at_; }
  /// Frees all allocations since `mark`.
  void release(Mark mark) { at_ = mark; }
  /// Frees all allocations. Returns whether memory has moved: the same requests then get new addresses.
  /// **Errors.** as Backend::allocate().
  bool rewind() {
    at_ = {};
    if (chunks_.size() < 2) return false;
    chunks_.clear();  // first, so that old and new memory are not held at a time
    chunks_.push_back({Backend::allocate(most_), most_});
    return true;
  }
  /// Calls use(begin, bytes) for each range of memory allocated between two marks, unused ends of chunks included.
  template <class Use>
  void between(Mark from, Mark to, const Use& use) {
    for (std::size_t c = from.chunk; c <= to.chunk && c < chunks_.size(); ++c) {
      const std::size_t first = c == from.chunk ? from.used : 0, end = c == to.chunk ? to.used : chunks_[c].size;
      if (end > first) use(begin(c) + first, end - first);
    }
  }

  /// Bytes held, allocated or free.
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
    constexpr std::size_t smallest = std::size_t{1} << 20U, largest = std::size_t{1} << 30U;
    const std::size_t size = std::max(bytes, std::clamp(capacity(), smallest, largest));
    chunks_.push_back({Backend::allocate(size), size});
  }

  [[nodiscard]] std::byte* begin(std::size_t chunk) const {
    return reinterpret_cast<std::byte*>(chunks_[chunk].memory.get());
  }
  std::vector<Chunk> chunks_;
  Mark at_;
  std::size_t most_ = 0;  ///< peak of bytes allocated at a time
};

}  // namespace ctp
