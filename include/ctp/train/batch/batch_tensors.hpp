/// @file   ctp/train/batch/batch_tensors.hpp
/// @brief  A batch as named tensors, and back: how a batch is stored, so that its step can be looked at again.
/// @layer  train
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp {

namespace detail {

template <class T>
constexpr DType batch_dtype() {
  if constexpr (std::is_same_v<T, float>) return DType::F32;
  if constexpr (std::is_same_v<T, std::uint8_t>) return DType::U8;
  if constexpr (std::is_same_v<T, std::int32_t>) return DType::I32;
  if constexpr (std::is_same_v<T, std::uint32_t>) return DType::U32;
}

/// Calls visitor("name", member, shape) for each list of a batch.
template <class BatchType, class Visitor>
void batch_lists(BatchType& batch, const Visitor& visitor) {
  const std::int64_t b = batch.size, side = batch.image_size, l = batch.length;
  using Shape = std::vector<std::int64_t>;
  if (batch.images.empty())
    visitor("pixels", batch.pixels, Shape{b, side, side, 3});
  else
    visitor("images", batch.images, Shape{b, 3, side, side});
  visitor("ids", batch.ids, Shape{b, l});
  visitor("attend", batch.attend, Shape{b, l});
  visitor("masked", batch.masked, Shape{b, l});
  visitor("labels", batch.labels, Shape{b, l});
  visitor("sample", batch.sample, Shape{b});
}

/// A number of the metadata. **Errors.** DataError naming file and key.
template <class Number>
Number batch_number(const TensorFile& file, const std::string& key) {
  const auto found = file.metadata.find(key);
  const std::string text = found == file.metadata.end() ? "nothing" : found->second;
  Number number{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size())
    throw DataError(Complaint{file.origin, "metadata " + key, "a number of a stored batch", text, ""}.text());
  return number;
}

}  // namespace detail

/// @brief The lists of a batch under the names of data::Batch, with shapes, and task, epoch and full size as metadata.
inline TensorFile batch_tensors(const data::Batch& batch) {
  TensorFile file;
  detail::batch_lists(batch, [&](const char* name, const auto& list, std::vector<std::int64_t> shape) {
    using T = typename std::remove_cvref_t<decltype(list)>::value_type;
    NamedTensor tensor{name, detail::batch_dtype<T>(), std::move(shape), {}};
    tensor.bytes.resize(list.size() * sizeof(T));
    if (!list.empty()) std::memcpy(tensor.bytes.data(), list.data(), tensor.bytes.size());
    file.tensors.push_back(std::move(tensor));
  });
  file.metadata["batch.full"] = std::to_string(batch.full);
  file.metadata["batch.task"] = std::to_string(batch.task);
  file.metadata["batch.epoch"] = std::to_string(batch.epoch);
  return file;
}

/// @brief The batch of batch_tensors(). Its numbers are checked when a model takes the batch.
/// **Errors.** DataError naming file, tensor, expected and found.
inline data::Batch batch_of(const TensorFile& file) {
  data::Batch batch;
  const bool pixels = file.find("pixels") != nullptr;
  const NamedTensor& pictures = file.at(pixels ? "pixels" : "images");
  const NamedTensor& ids = file.at("ids");
  constexpr std::int64_t most = 1 << 20;
  const auto extent = [&](const NamedTensor& tensor, std::size_t rank, std::size_t axis) {
    if (tensor.shape.size() != rank || tensor.shape[axis] < 1 || tensor.shape[axis] > most)
      throw DataError(Complaint{file.origin, "tensor " + tensor.name,
                                "the shape of a batch: " + std::to_string(rank) + " dimensions from 1",
                                tensor.shape_text(), ""}
                          .text());
    return static_cast<int>(tensor.shape[axis]);
  };
  batch.size = extent(ids, 2, 0);
  batch.length = extent(ids, 2, 1);
  batch.image_size = extent(pictures, 4, 2);
  batch.full = detail::batch_number<int>(file, "batch.full");
  batch.task = detail::batch_number<std::uint32_t>(file, "batch.task");
  batch.epoch = detail::batch_number<std::uint32_t>(file, "batch.epoch");
  if (!pixels) batch.images.resize(1);  // says which of the two lists is used
  detail::batch_lists(batch, [&](const char* name, auto& list, const std::vector<std::int64_t>& shape) {
    using T = typename std::remove_cvref_t<decltype(list)>::value_type;
    const NamedTensor& tensor = file.at(name);
    const NamedTensor expected{name, detail::batch_dtype<T>(), shape, {}};
    if (tensor.dtype != expected.dtype || tensor.shape != shape || tensor.bytes.size() % sizeof(T) != 0)
      throw DataError(Complaint{file.origin, std::string("tensor ") + name,
                                std::string(dtype_name(expected.dtype)) + " " + expected.shape_text(),
                                std::string(dtype_name(tensor.dtype)) + " " + tensor.shape_text(), ""}
                          .text());
    list.resize(tensor.element_count());
    if (!list.empty()) std::memcpy(list.data(), tensor.bytes.data(), tensor.bytes.size());
  });
  return batch;
}

}  // namespace ctp
