/// @file   ctp/backend/cuda/runtime/event.cuh
/// @brief  CUDA events: points in a stream's work to wait for.
/// @layer  backend
#pragma once

#include <memory>
#include <type_traits>

#include <ctp/backend/cuda/runtime/check.cuh>

namespace ctp::backend::cuda {

/// @brief Marks the point that a stream had reached at the last record(); complete until the first record(). Move-only.
/// The destructor waits for the event.
class Event {
 public:
  Event() {
    cudaEvent_t made = nullptr;
    check(cudaEventCreateWithFlags(&made, cudaEventBlockingSync | cudaEventDisableTiming), "cudaEventCreate");
    event_.reset(made);
  }

  void record(cudaStream_t stream) { check(cudaEventRecord(event_.get(), stream), "cudaEventRecord"); }
  /// Blocks the host thread until the event is complete. The thread sleeps: its processor is free for other threads.
  void wait() const { check(cudaEventSynchronize(event_.get()), "cudaEventSynchronize"); }
  /// Makes later work of `stream` wait for the event.
  void hold(cudaStream_t stream) const { check(cudaStreamWaitEvent(stream, event_.get(), 0), "cudaStreamWaitEvent"); }

 private:
  struct Destroy {
    void operator()(cudaEvent_t event) const {
      static_cast<void>(cudaEventSynchronize(event));
      static_cast<void>(cudaEventDestroy(event));
    }
  };
  std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, Destroy> event_;
};

}  // namespace ctp::backend::cuda
