/// @file   ctp/tensor/buffer.hpp
/// @brief  Owning array in a backend's memory.
/// @layer  tensor
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include <ctp/backend/generic/memory.hpp>
#include <ctp/tensor/tensor.hpp>

namespace ctp {

/// @brief A fixed number of values in the backend's memory. Movable, not copyable. All bytes are zero at the start.
template <class T, class Backend>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(Index size) : memory_(Backend::allocate(static_cast<std::size_t>(size) * sizeof(T))), size_(size) {
    Backend::zero(data(), size);
  }

  [[nodiscard]] T* data() { return reinterpret_cast<T*>(memory_.get()); }
  [[nodiscard]] const T* data() const { return reinterpret_cast<const T*>(memory_.get()); }
  [[nodiscard]] Index size() const { return size_; }

  /// A view of the memory as a tensor. **Errors.** ShapeError unless the sizes agree.
  template <std::size_t Rank>
  [[nodiscard]] Tensor<T, Rank, Backend> view(Shape<Rank> shape) {
    require_shape(count(shape) == size_, "Buffer::view", "buffer", Shape<1>{size_}, "view", shape, "sizes must agree");
    return {data(), shape};
  }
  /// Replaces all values. **Errors.** ShapeError unless the sizes agree.
  template <class From>
  void assign(const std::vector<From>& host) {
    assign(std::span<const From>(host));
  }
  /// Replaces all values by the values of a span. **Errors.** ShapeError unless the sizes agree.
  template <class From>
  void assign(std::span<const From> host) {
    const auto n = static_cast<Index>(host.size());
    require_shape(n == size_, "Buffer::assign", "buffer", Shape<1>{size_}, "values", Shape<1>{n}, "sizes must agree");
    Backend::upload(host.data(), n, data());
  }
  /// A copy of all values on the host.
  template <class To = T>
  [[nodiscard]] std::vector<To> to_host() const {
    std::vector<To> host(static_cast<std::size_t>(size_));
    Backend::download(data(), size_, host.data());
    return host;
  }
  /// The bytes of all values on the host. A host backend's are copied in one pass.
  [[nodiscard]] std::vector<std::byte> bytes_on_host() const {
    const std::size_t count = static_cast<std::size_t>(size_) * sizeof(T);
    if constexpr (std::derived_from<Backend, backend::generic::Memory>) {
      const auto* const first = reinterpret_cast<const std::byte*>(data());
      return std::vector<std::byte>(first, first + count);
    } else {
      std::vector<std::byte> bytes(count);
      Backend::download(data(), size_, reinterpret_cast<T*>(bytes.data()));
      return bytes;
    }
  }

 private:
  decltype(Backend::allocate(0)) memory_{};
  Index size_ = 0;
};

/// Copies numbers from the host to a new buffer of the backend, converted to Backend::Real.
template <class Backend, class From>
Buffer<typename Backend::Real, Backend> uploaded(std::span<const From> host) {
  Buffer<typename Backend::Real, Backend> buffer(static_cast<Index>(host.size()));
  buffer.assign(host);
  return buffer;
}

}  // namespace ctp
