/// @file   ctp/interop/span.hpp
/// @brief  Views of tensors and buffers in host memory as std::span.
/// @layer  interop
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include <ctp/backend/generic/memory.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/tensor/tensor.hpp>

namespace ctp::interop {

/// True for a backend whose memory the host can read and write.
template <class B>
concept HostMemory = std::derived_from<B, backend::generic::Memory>;

/// The sentence of the compiler for memory that the host cannot reach.
template <class B>
consteval bool require_host_memory() {
  static_assert(
      HostMemory<B>,
      "[ctp.interop.host] this memory lies on a device; copy it first, with Buffer::to_host() or B::download()");
  return true;
}

/// @brief The elements of a tensor in row-major order. No copy: the span is valid as long as the tensor's memory.
template <class T, std::size_t Rank, class B>
std::span<T> as_span(const Tensor<T, Rank, B>& tensor) {
  static_assert(require_host_memory<B>());
  return {tensor.data, static_cast<std::size_t>(tensor.size())};
}

/// @brief The elements of a buffer. No copy: the span is valid as long as the buffer.
template <class T, class B>
std::span<T> as_span(Buffer<T, B>& buffer) {
  static_assert(require_host_memory<B>());
  return {buffer.data(), static_cast<std::size_t>(buffer.size())};
}
template <class T, class B>
std::span<const T> as_span(const Buffer<T, B>& buffer) {
  static_assert(require_host_memory<B>());
  return {buffer.data(), static_cast<std::size_t>(buffer.size())};
}

}  // namespace ctp::interop
