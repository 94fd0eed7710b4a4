/// @file   ctp/backend/cuda/runtime/copy_stream.cuh
/// @brief  A stream for copies beside the current context's stream.
/// @layer  backend
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

#include <ctp/backend/cuda/runtime/context.cuh>
#include <ctp/backend/cuda/runtime/event.cuh>
#include <ctp/backend/cuda/runtime/input_queue.hpp>

namespace ctp::backend::cuda {

/// Streams of an InputQueue: copies run on a stream of their own, computation on the stream of Context::current().
class CopyStream {
 public:
  using Event = cuda::Event;

  CopyStream() {
    static_cast<void>(Context::current());  // selects the device
    cudaStream_t made = nullptr;
    check(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking), "cudaStreamCreate");
    copies_.reset(made);
  }

  static PinnedMemory allocate_pinned(std::size_t bytes) { return cuda::allocate_pinned(bytes); }
  static DeviceMemory allocate(std::size_t bytes) {
    static_cast<void>(Context::current());
    return allocate_device(bytes);
  }

  void copy(const std::byte* from, std::size_t bytes, std::byte* to, const Event& after, Event& copied) {
    after.hold(copies_.get());
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, copies_.get()), "cudaMemcpyAsync to the device");
    copied.record(copies_.get());
    copied.hold(Context::current().stream());
  }
  void mark(Event& event) { event.record(Context::current().stream()); }

 private:
  struct Destroy {
    void operator()(cudaStream_t stream) const { static_cast<void>(cudaStreamDestroy(stream)); }
  };
  std::unique_ptr<std::remove_pointer_t<cudaStream_t>, Destroy> copies_;
};

}  // namespace ctp::backend::cuda
