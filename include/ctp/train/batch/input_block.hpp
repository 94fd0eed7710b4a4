/// @file   ctp/train/batch/input_block.hpp
/// @brief  Transfer of a batch's block of bytes from the host to the backend.
/// @layer  train
#pragma once

#include <cstddef>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp {

/// @brief Synchronous transfer, for a backend without an InputQueue: send() uploads the block. backend::CopiesAhead
/// documents the members.
template <class B>
class UploadedBlock {
 public:
  std::byte* prepare(std::size_t bytes) {
    host_.resize(bytes);
    return host_.data();
  }
  const std::byte* send() {
    const auto bytes = static_cast<Index>(host_.size());
    if (there_.size() < bytes) there_ = Buffer<std::byte, B>(bytes);
    B::upload(host_.data(), bytes, there_.data());
    return there_.data();
  }
  void release() {}

 private:
  std::vector<std::byte> host_;
  Buffer<std::byte, B> there_;
};

namespace detail {
template <class B>
struct InputBlockOf {
  using type = UploadedBlock<B>;
};
template <backend::CopiesAhead B>
struct InputBlockOf<B> {
  using type = typename B::InputQueue;
};
}  // namespace detail

/// The backend's InputQueue if the backend copies ahead, else UploadedBlock.
template <class B>
using InputBlock = typename detail::InputBlockOf<B>::type;

}  // namespace ctp
