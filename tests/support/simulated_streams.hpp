// The compute stream and the copy stream of a simulated device, which runs every operation at once.
#pragma once

#include <cstddef>
#include <cstring>
#include <stdexcept>

#include <ctp/backend/cuda/runtime/input_queue.hpp>
#include <ctp/core/scratch.hpp>

namespace ctp::test {

/// Fills new memory, and copied memory that may be overwritten, with 0xFF bytes, so that a test finds reads that come
/// too early or too late.
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
