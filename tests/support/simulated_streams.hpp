/// The two orders of work of a simulated device, which does everything at once.
#pragma once

#include <cstddef>
#include <cstring>
#include <stdexcept>

#include <ctp/backend/cuda/runtime/input_queue.hpp>
#include <ctp/core/scratch.hpp>

namespace ctp::test {

/// Memory begins as nonsense, and what was copied is nonsense again once it may be overwritten, so that whoever reads
/// it too early or too late is found out.
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
    if (copy_ != nullptr) throw std::logic_error("simulated copy: the block before was not released");
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
