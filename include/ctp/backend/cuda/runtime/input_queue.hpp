/// @file   ctp/backend/cuda/runtime/input_queue.hpp
/// @brief  Double-buffered copies of input to a device that computes meanwhile.
/// @layer  backend
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

namespace ctp::backend::cuda {

/// @brief Two streams of a device: one computes, one copies.
///
/// An event marks a point of a stream; a new event is complete. `wait()` blocks the host until the event is complete.
/// `copy(from, bytes, to, after, copied)` copies when `after` is complete and records `copied` behind the copy; later
/// launches compute after the copy. `mark(event)` records `event` behind all launches so far.
template <class S>
concept Streams = std::default_initializable<S> && std::default_initializable<typename S::Event> &&
                  requires(S& streams, const std::byte* from, std::size_t bytes, std::byte* to, typename S::Event& e) {
                    { S::allocate_pinned(bytes).get() } -> std::same_as<std::byte*>;
                    { S::allocate(bytes).get() } -> std::same_as<std::byte*>;
                    streams.copy(from, bytes, to, e, e);
                    streams.mark(e);
                    e.wait();
                  };

/// @brief Two blocks in turn, each with memory on the host and on the device. For one host thread.
///
/// backend::CopiesAhead documents the members. While the device reads one block, the next block is copied, and the host
/// may fill a third: the host waits only for the copy from the memory that it is about to fill.
template <class S>
  requires Streams<S>
class InputQueue {
 public:
  /// **Errors.** ResourceError if there is no memory.
  std::byte* prepare(std::size_t bytes) {
    Slot& slot = slots_[turn_];
    slot.copied.wait();
    if (bytes > slot.capacity) {
      slot.read.wait();
      slot.capacity = 0;
      slot.host = S::allocate_pinned(bytes);
      slot.device = S::allocate(bytes);
      slot.capacity = bytes;
    }
    bytes_ = bytes;
    return slot.host.get();
  }
  const std::byte* send() {
    Slot& slot = slots_[turn_];
    streams_.copy(slot.host.get(), bytes_, slot.device.get(), slot.read, slot.copied);
    return slot.device.get();
  }
  void release() {
    streams_.mark(slots_[turn_].read);
    turn_ = 1 - turn_;
  }

 private:
  struct Slot {
    decltype(S::allocate_pinned(0)) host;
    decltype(S::allocate(0)) device;
    std::size_t capacity = 0;
    typename S::Event copied, read;  // last: destroyed first, and the destructor of an event waits
  };

  S streams_;
  std::array<Slot, 2> slots_;
  std::size_t turn_ = 0, bytes_ = 0;
};

}  // namespace ctp::backend::cuda
