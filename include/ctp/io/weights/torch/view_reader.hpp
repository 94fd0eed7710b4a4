/// @file   ctp/io/weights/torch/view_reader.hpp
/// @brief  Reads the elements of a view from a file, row-major, without more memory than the tensor's.
/// @layer  io
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <ctp/io/files.hpp>
#include <ctp/io/weights/torch/view.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io::torch {

namespace detail {

/// A piece of the file that holds the elements at and behind the one that was asked for last.
class Window {
 public:
  /// Reads from the bytes [begin, begin + size) of the file.
  Window(const InputFile& file, std::uint64_t begin, std::uint64_t size) : file_(file), begin_(begin), size_(size) {}

  /// The `bytes` bytes at `offset`; valid until the next call.
  const std::byte* at(std::uint64_t offset, std::size_t bytes) {
    if (offset < from_ || offset + bytes > from_ + piece_.size()) {
      piece_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(most, size_ - offset)));
      file_.read_at(begin_ + offset, piece_);
      from_ = offset;
    }
    return piece_.data() + (offset - from_);
  }

 private:
  static constexpr std::uint64_t most = std::uint64_t{1} << 18U;  // bytes
  const InputFile& file_;
  std::uint64_t begin_, size_, from_ = 0;
  std::vector<std::byte> piece_;
};

/// True if the elements of the view lie one behind the other in its own order.
inline bool is_contiguous(const View& view) {
  std::int64_t step = 1;
  for (std::size_t i = view.shape.size(); i-- > 0;) {
    if (view.shape[i] != 1 && view.strides[i] != step) return false;
    step *= view.shape[i];
  }
  return true;
}

}  // namespace detail

/// @brief The bytes of a view, row-major. `begin`: where the storage begins in the file. The view must have no problem
/// (problem_of()), so that its elements are visited in the order of the file and each byte is read once.
/// **Errors.** as InputFile::read_at().
inline std::vector<std::byte> read_view(const InputFile& file, std::uint64_t begin, DType dtype, const View& view) {
  const std::size_t size = dtype_size(dtype);
  std::vector<std::byte> out(static_cast<std::size_t>(*checked_byte_count(dtype, view.shape)));
  if (out.empty()) return out;
  if (detail::is_contiguous(view)) {
    file.read_at(begin + view.offset * size, out);
    return out;
  }
  const std::vector<std::size_t> order = detail::by_stride(view);
  std::array<std::size_t, limits::dimensions> place{};  // in bytes of `out`, by dimension
  for (std::size_t i = view.shape.size(), step = size; i-- > 0;) {
    place[i] = step;
    step *= static_cast<std::size_t>(view.shape[i]);
  }
  detail::Window window(file, begin + view.offset * size, span_of(view) * size);
  std::array<std::int64_t, limits::dimensions> index{};  // by place in `order`
  std::uint64_t from = 0;
  std::size_t to = 0;
  for (;;) {
    std::memcpy(out.data() + to, window.at(from, size), size);
    std::size_t i = order.size();
    for (; i-- > 0;) {  // the innermost dimension that has a next element
      const auto stride = static_cast<std::uint64_t>(view.strides[order[i]]) * size;
      const auto last = static_cast<std::uint64_t>(view.shape[order[i]] - 1);
      if (static_cast<std::uint64_t>(index[i]) < last) {
        ++index[i];
        from += stride;
        to += place[order[i]];
        break;
      }
      index[i] = 0;
      from -= last * stride;
      to -= static_cast<std::size_t>(last) * place[order[i]];
    }
    if (i == static_cast<std::size_t>(-1)) return out;
  }
}

}  // namespace ctp::io::torch
