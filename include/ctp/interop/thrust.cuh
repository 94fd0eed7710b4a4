/// @file   ctp/interop/thrust.cuh
/// @brief  Views of tensors and buffers in a device's memory as Thrust iterators.
/// @layer  interop
#pragma once

#include <thrust/device_ptr.h>

#include <cstddef>

#include <ctp/interop/span.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/tensor/tensor.hpp>

namespace ctp::interop {

/// @brief A range of elements in a device's memory, for Thrust's algorithms. No copy.
///
/// Run the algorithms on the library's stream: thrust::cuda::par.on(ctp::backend::cuda::Context::current().stream()).
template <class T>
struct DeviceRange {
  thrust::device_ptr<T> first, last;

  [[nodiscard]] thrust::device_ptr<T> begin() const { return first; }
  [[nodiscard]] thrust::device_ptr<T> end() const { return last; }
};

/// The elements of a tensor in row-major order. The range is valid as long as the tensor's memory.
template <class T, std::size_t Rank, class B>
DeviceRange<T> as_thrust(const Tensor<T, Rank, B>& tensor) {
  static_assert(!HostMemory<B>, "[ctp.interop.device] this memory lies on the host; use as_span()");
  const auto first = thrust::device_pointer_cast(tensor.data);
  return {first, first + tensor.size()};
}
/// The elements of a buffer. The range is valid as long as the buffer.
template <class T, class B>
DeviceRange<T> as_thrust(Buffer<T, B>& buffer) {
  return as_thrust(buffer.view(Shape<1>{buffer.size()}));
}

}  // namespace ctp::interop
