/// @file   ctp/backend/cuda/runtime/input_queue.hpp
/// @brief  Input on its way to a device that computes meanwhile.
/// @layer  backend
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

namespace ctp::backend::cuda {

/// @brief A device's two orders of work: what is computed, and what is copied beside it.
///
/// An event stands for a place in one of them, at first for one that is passed; `wait()` holds the host until it is
/// passed. `copy(from, bytes, to, after, copied)` copies once `after` is passed and lets `copied` stand behind that;
/// what is launched later computes after it. `mark(event)` lets `event` stand behind what was launched so far.
template <class S>
concept Streams = std::default_initializable<S> && std::default_initializable<typename S::Event> &&
                  requires(S& streams, const std::byte* from, std::size_t bytes, std::byte* to, typename S::Event& e) {
                    { S::allocate_pinned(bytes).get() } -> std::same_as<std::byte*>;
                    { S::allocate(bytes).get() } -> std::same_as<std::byte*>;
                    streams.copy(from, bytes, to, e, e);
                    streams.mark(e);
                    e.wait();
                  };

/// @brief Two blocks that take turns, each with a place on the host and one on the device. For one thread.
///
/// The members are explained at backend::CopiesAhead. While the device reads one block the next one is copied, and the
/// host may fill a third: it waits only for the copy out of the memory that it wants to fill.
template <class S>
  requires Streams<S>
class InputQueue {
 public:
  /// **Errors.** ResourceError if there is no memory.
  std::byte* prepare(std::size_t bytes) {
    Landing& landing = landings_[turn_];
    landing.copied.wait();
    if (bytes > landing.capacity) {
      landing.read.wait();
      landing.capacity = 0;
      landing.host = S::allocate_pinned(bytes);
      landing.device = S::allocate(bytes);
      landing.capacity = bytes;
    }
    bytes_ = bytes;
    return landing.host.get();
  }
  const std::byte* send() {
    Landing& landing = landings_[turn_];
    streams_.copy(landing.host.get(), bytes_, landing.device.get(), landing.read, landing.copied);
    return landing.device.get();
  }
  void release() {
    streams_.mark(landings_[turn_].read);
    turn_ = 1 - turn_;
  }

 private:
  struct Landing {
    decltype(S::allocate_pinned(0)) host;
    decltype(S::allocate(0)) device;
    std::size_t capacity = 0;
    typename S::Event copied, read;  // last: an event that goes away waits, before the memory does
  };

  S streams_;
  std::array<Landing, 2> landings_;
  std::size_t turn_ = 0, bytes_ = 0;
};

}  // namespace ctp::backend::cuda
