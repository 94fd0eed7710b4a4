/// @file   ctp/backend/cuda/runtime/event.cuh
/// @brief  Places in a stream's work that others wait for.
/// @layer  backend
#pragma once

#include <memory>
#include <type_traits>

#include <ctp/backend/cuda/runtime/check.cuh>

namespace ctp::backend::cuda {

/// @brief Stands behind what a stream was given when record() was called last; passed until then. Moves, does not
/// copy; one that goes away waits.
class Event {
 public:
  Event() {
    cudaEvent_t made = nullptr;
    check(cudaEventCreateWithFlags(&made, cudaEventDisableTiming), "cudaEventCreate");
    event_.reset(made);
  }

  void record(cudaStream_t stream) { check(cudaEventRecord(event_.get(), stream), "cudaEventRecord"); }
  /// Holds the host.
  void wait() const { check(cudaEventSynchronize(event_.get()), "cudaEventSynchronize"); }
  /// Holds what `stream` is given from now on.
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
