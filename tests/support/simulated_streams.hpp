/// Streams of a simulated device that runs all work at once.
#pragma once

#include <cstddef>
#include <cstring>
#include <stdexcept>

#include <ctp/backend/cuda/runtime/input_queue.hpp>
#include <ctp/core/scratch.hpp>

namespace ctp::test {

/// New memory is filled with NaN bit patterns, and so is a copied block after its release, so that a read too early or
/// too late shows.
class SimulatedStreams {
 public:
  struct Event {
    void wait() const {}
  };

  static AlignedMemory allocate_pinned(std::size_t bytes) { return allocate(bytes); }
  static AlignedMemory allocate(std::size_t bytes) {
    AlignedMemory memory = allocate_aligned(bytes);
    std::memset(memory.get(), 0xFF, bytes);
    return memory;
  }
  void copy(const std::byte* from, std::size_t bytes, std::byte* to, const Event&, Event&) {
    if (copy_ != nullptr) throw std::logic_error("simulated copy: the previous block was not released");
    std::memcpy(to, from, bytes);
    copy_ = to;
    copied_ = bytes;
  }
  void mark(Event&) {
    std::memset(copy_, 0xFF, copied_);
    copy_ = nullptr;
  }

 private:
  std::byte* copy_ = nullptr;
  std::size_t copied_ = 0;
};

}  // namespace ctp::test
