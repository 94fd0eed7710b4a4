/// @file   ctp/backend/cuda/runtime/capture.cuh
/// @brief  Work taken down as a CUDA graph.
/// @layer  backend
#pragma once

#include <memory>
#include <type_traits>

#include <ctp/backend/cuda/runtime/context.cuh>

namespace ctp::backend::cuda {

/// @brief What some work launches on the current context's stream, to be run again with one launch.
///
/// The work keeps its addresses and its arguments: what changes from run to run lies in device memory.
class Capture {
 public:
  /// @brief Takes down what work() launches; nothing runs. **Errors.** what work() throws; Error (internal) if it waits
  /// for the device, or allocates on it.
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
    cudaGraphExec_t ready = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&ready, graph, 0);
    static_cast<void>(cudaGraphDestroy(graph));
    check(status, "cudaGraphInstantiate");
    ready_.reset(ready);
  }
  void replay() { check(cudaGraphLaunch(ready_.get(), Context::current().stream()), "cudaGraphLaunch"); }

 private:
  struct Destroy {
    void operator()(cudaGraphExec_t graph) const { static_cast<void>(cudaGraphExecDestroy(graph)); }
  };
  std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, Destroy> ready_;
};

}  // namespace ctp::backend::cuda
