/// @file   ctp/backend/cuda/runtime/capture.cuh
/// @brief  CUDA graph capture and replay.
/// @layer  backend
#pragma once

#include <memory>
#include <type_traits>

#include <ctp/backend/cuda/runtime/context.cuh>

namespace ctp::backend::cuda {

/// @brief A captured sequence of launches on the current context's stream, replayed with one launch.
///
/// Addresses and arguments are fixed at capture: values that change between replays must lie in device memory.
class Capture {
 public:
  /// @brief Captures the launches of work(); nothing runs. **Errors.** exceptions of work(); Error (internal) if work()
  /// waits for the device, or allocates on the device.
  template <class Work>
  void capture(const Work& work) {
    cudaStream_t stream = Context::current().stream();
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    cudaGraph_t graph = nullptr;
    try {
      work();
    } catch (...) {
      static_cast<void>(cudaStreamEndCapture(stream, &graph));
      if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
      static_cast<void>(cudaGetLastError());
      throw;
    }
    check(cudaStreamEndCapture(stream, &graph), "cudaStreamEndCapture");
    cudaGraphExec_t executable = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&executable, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    check(status, "cudaGraphInstantiate");
    executable_.reset(executable);
  }
  void replay() { check(cudaGraphLaunch(executable_.get(), Context::current().stream()), "cudaGraphLaunch"); }

 private:
  struct Destroy {
    void operator()(cudaGraphExec_t graph) const { static_cast<void>(cudaGraphExecDestroy(graph)); }
  };
  std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, Destroy> executable_;
};

}  // namespace ctp::backend::cuda
