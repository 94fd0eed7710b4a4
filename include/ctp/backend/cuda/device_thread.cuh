/// @file   ctp/backend/cuda/device_thread.cuh
/// @brief  A thread of a running kernel, on a device.
/// @layer  backend - may include: core
#pragma once

#if !defined(__CUDACC__)
#error "ctp: a .cuh header was included from a file nvcc does not compile; include it from .cu files only"
#endif

#include <cstddef>

#include <ctp/backend/cuda/thread.hpp>

namespace ctp::backend::cuda {

/// @brief KernelThread by CUDA's built-in variables. The members are callable from host code for the compiler's sake
/// only: kernel bodies are written for both sides.
struct DeviceThread {
#if defined(__CUDA_ARCH__)
  [[nodiscard]] CTP_HD Index block() const { return static_cast<Index>(blockIdx.x); }
  [[nodiscard]] CTP_HD Index blocks() const { return static_cast<Index>(gridDim.x); }
  [[nodiscard]] CTP_HD int id() const { return static_cast<int>(threadIdx.x); }
  [[nodiscard]] CTP_HD int threads() const { return static_cast<int>(blockDim.x); }
  template <class T>
  [[nodiscard]] CTP_HD T* shared() const {
    extern __shared__ __align__(16) unsigned char memory[];
    return reinterpret_cast<T*>(memory);
  }
  CTP_HD void sync() const { __syncthreads(); }
  CTP_HD void sync_warp() const { __syncwarp(); }
  template <class T>
  [[nodiscard]] CTP_HD T shuffle_xor(T x, int mask) const {
    return __shfl_xor_sync(0xFFFFFFFFU, x, mask);
  }
#else
  [[nodiscard]] CTP_HD Index block() const { return 0; }
  [[nodiscard]] CTP_HD Index blocks() const { return 1; }
  [[nodiscard]] CTP_HD int id() const { return 0; }
  [[nodiscard]] CTP_HD int threads() const { return warp_size; }
  template <class T>
  [[nodiscard]] CTP_HD T* shared() const {
    return nullptr;
  }
  CTP_HD void sync() const {}
  CTP_HD void sync_warp() const {}
  template <class T>
  [[nodiscard]] CTP_HD T shuffle_xor(T x, int /*mask*/) const {
    return x;
  }
#endif
};
static_assert(KernelThread<DeviceThread>);

/// The one entry point of all kernels. `static`: objects built for different architectures keep their own.
template <class Body>
static __global__ void __launch_bounds__(threads_of<Body>(), least_blocks_of<Body>())
    run_body(const __grid_constant__ Body body) {
  body(DeviceThread{});
}

}  // namespace ctp::backend::cuda
