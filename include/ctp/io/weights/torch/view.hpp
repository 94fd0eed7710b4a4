/// @file   ctp/io/weights/torch/view.hpp
/// @brief  A tensor as a view of a storage: shape, strides and offset, checked against the storage.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/io/weights/torch/rules.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io::torch {

/// @brief Which elements of a storage a tensor has. Offset and strides count elements, as in PyTorch.
struct View {
  std::uint64_t offset = 0;           ///< of the first element
  std::vector<std::int64_t> shape;    ///< elements along each dimension
  std::vector<std::int64_t> strides;  ///< from one element to the next along each dimension
};

/// What is wrong with a view.
struct ViewProblem {
  std::string expected, found;
};

namespace detail {

/// The dimensions along which a view moves, by falling stride; those with stride 0 come last.
inline std::vector<std::size_t> by_stride(const View& view) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < view.shape.size(); ++i)
    if (view.shape[i] > 1) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return view.strides[a] != view.strides[b] ? view.strides[a] > view.strides[b] : a < b;
  });
  return order;
}

/// Distance from the first to the last element of dimensions order[from...]; nothing if it exceeds 64 bits.
inline std::optional<std::uint64_t> reach(const View& view, const std::vector<std::size_t>& order, std::size_t from) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t sum = 0;
  for (std::size_t i = from; i < order.size(); ++i) {
    const auto steps = static_cast<std::uint64_t>(view.shape[order[i]] - 1);
    const auto stride = static_cast<std::uint64_t>(view.strides[order[i]]);
    if (stride != 0 && steps > (most - sum) / stride) return std::nullopt;
    sum += steps * stride;
  }
  return sum;
}

}  // namespace detail

/// Elements of a storage from the view's first to its last; 0 for an empty view. For views without a problem.
inline std::uint64_t span_of(const View& view) {
  for (const std::int64_t n : view.shape)
    if (n == 0) return 0;
  return detail::reach(view, detail::by_stride(view), 0).value_or(0) + 1;
}

/// @brief What keeps a view from being read; nothing if all of these rules hold: at most limits::dimensions dimensions,
/// none negative, no stride negative, as many strides as dimensions, a product that fits 64 bits, all elements within
/// the `count` elements of the storage, and each stride 0, or larger than the distance from the first to the last
/// element along the dimensions of smaller strides.
///
/// The last rule keeps the reading in the order of the file: no element is reached twice other than by a stride of 0,
/// and every byte is read once. Windows that overlap
/// (`Tensor.unfold`) break it; `expand` does not.
inline std::optional<ViewProblem> problem_of(const View& view, DType dtype, std::uint64_t count) {
  const auto text = [](const std::vector<std::int64_t>& list) { return NamedTensor{{}, {}, list, {}}.shape_text(); };
  if (view.shape.size() > limits::dimensions)
    return ViewProblem{"at most " + std::to_string(limits::dimensions) + " dimensions",
                       std::to_string(view.shape.size())};
  if (view.strides.size() != view.shape.size())
    return ViewProblem{"a stride for each dimension of shape " + text(view.shape), "strides " + text(view.strides)};
  for (std::size_t i = 0; i < view.shape.size(); ++i)
    if (view.shape[i] < 0 || view.strides[i] < 0)
      return ViewProblem{"no negative dimension or stride",
                         "shape " + text(view.shape) + " with strides " + text(view.strides)};
  if (!checked_byte_count(dtype, view.shape))
    return ViewProblem{"a shape whose bytes fit 64 bits", "shape " + text(view.shape)};
  if (*checked_element_count(view.shape) == 0) return std::nullopt;
  const std::vector<std::size_t> order = detail::by_stride(view);
  const std::optional<std::uint64_t> all = detail::reach(view, order, 0);
  if (!all || view.offset >= count || *all > count - 1 - view.offset)
    return ViewProblem{
        "elements within the " + std::to_string(count) + " of the storage",
        "offset " + std::to_string(view.offset) + ", shape " + text(view.shape) + ", strides " + text(view.strides)};
  for (std::size_t i = 0; i < order.size() && view.strides[order[i]] != 0; ++i)
    if (static_cast<std::uint64_t>(view.strides[order[i]]) <= *detail::reach(view, order, i + 1))
      return ViewProblem{"each stride 0, or larger than the reach of the smaller ones",
                         "shape " + text(view.shape) + " with strides " + text(view.strides)};
  return std::nullopt;
}

}  // namespace ctp::io::torch
