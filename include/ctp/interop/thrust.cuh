/// @file   ctp/interop/thrust.cuh
/// @brief  Views of tensors and buffers as Thrust iterators, and Thrust's algorithms on the library's stream.
/// @layer  interop
///
/// Thrust's device system is CUDA under nvcc. With THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP, any C++ compiler
/// takes this header: a thrust::device_ptr then points to host memory, and the views are those of a host backend.
#pragma once

#include <thrust/device_ptr.h>
#include <thrust/execution_policy.h>

#include <cstddef>

#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#include <ctp/backend/cuda/runtime/context.cuh>
#endif
#include <ctp/interop/span.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/tensor/tensor.hpp>

namespace ctp::interop {

/// @brief A range of elements in the memory of Thrust's device system, for Thrust's algorithms. No copy.
template <class T>
struct DeviceRange {
  thrust::device_ptr<T> first, last;

  [[nodiscard]] thrust::device_ptr<T> begin() const { return first; }
  [[nodiscard]] thrust::device_ptr<T> end() const { return last; }
};

/// n elements in the memory of a backend.
template <class B, class T>
DeviceRange<T> as_thrust(T* data, Index n) {
  constexpr bool on_device = THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA;
  static_assert(HostMemory<B> != on_device,
                "[ctp.interop.device] this memory and THRUST_DEVICE_SYSTEM disagree: memory of a host backend needs "
                "-DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP (or as_span()), memory of a device needs nvcc");
  const auto first = thrust::device_pointer_cast(data);
  return {first, first + n};
}
/// The elements of a tensor in row-major order. The range is valid as long as the tensor's memory.
template <class T, std::size_t Rank, class B>
DeviceRange<T> as_thrust(const Tensor<T, Rank, B>& tensor) {
  return as_thrust<B>(tensor.data, tensor.size());
}
/// The elements of a buffer. The range is valid as long as the buffer.
template <class T, class B>
DeviceRange<T> as_thrust(Buffer<T, B>& buffer) {
  return as_thrust<B>(buffer.data(), buffer.size());
}

/// @brief The execution policy for algorithms on these ranges: on the library's stream, so in the order of the
/// library's operations, and waiting only where an algorithm returns a value.
///
/// Without the policy, Thrust takes CUDA's default stream, which is **not** ordered with the library's. So do a
/// thrust::device_vector's constructors and every `*pointer` on the host: use Buffer, and download() of the backend.
/// Algorithms may allocate and free device memory: not in a step.
inline auto thrust_policy() {
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
  return thrust::cuda::par_nosync.on(backend::cuda::Context::current().stream());
#else
  return thrust::device;
#endif
}

}  // namespace ctp::interop
