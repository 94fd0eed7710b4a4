/// @file   ctp/interop/features.hpp
/// @brief  Extracted features as tensors of a safetensors file, and back.
/// @layer  interop
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/tensor/named.hpp>
#include <ctp/train/extract.hpp>

namespace ctp::interop {

/// @brief The features as tensors `image`, `text` and `fusion`, for io::write_safetensors(). Kinds that were not
/// extracted are left out.
///
/// **Shapes.** image, text [pairs,embed]; fusion [pairs,width].
inline TensorFile features_file(const ExtractedFeatures& features) {
  TensorFile file;
  const auto add = [&](const char* name, const std::vector<float>& values, std::size_t width) {
    if (values.empty()) return;
    file.tensors.push_back(make_named(name,
                                      {static_cast<std::int64_t>(features.pairs), static_cast<std::int64_t>(width)},
                                      std::span<const float>(values)));
  };
  add("image", features.image, features.embed);
  add("text", features.text, features.embed);
  add("fusion", features.fusion, features.width);
  return file;
}

/// @brief The features of a file with the tensors of features_file(). Kinds that the file lacks are empty.
///
/// **Errors.** DataError naming file and tensor for a tensor that is no matrix, another number of pairs than the first
/// tensor's, image and text of different widths, or a file without any of the tensors.
inline ExtractedFeatures features_of(const TensorFile& file) {
  ExtractedFeatures features;
  bool any = false;
  const auto refuse = [&](const std::string& name, std::string expected, std::string found) {
    throw DataError(Complaint{file.origin.empty() ? "features" : file.origin, "tensor " + name, std::move(expected),
                              std::move(found), "is this a file of features?"}
                        .text());
  };
  const auto take = [&](const char* name, std::size_t& width, std::vector<float>& values) {
    const NamedTensor* tensor = file.find(name);
    if (tensor == nullptr) return;
    if (tensor->shape.size() != 2 || tensor->shape[0] < 0 || tensor->shape[1] < 0)
      refuse(name, "a matrix, one row for each pair", tensor->shape_text());
    const auto rows = static_cast<std::size_t>(tensor->shape[0]), columns = static_cast<std::size_t>(tensor->shape[1]);
    if (any && rows != features.pairs)
      refuse(name, std::to_string(features.pairs) + " rows as in the other tensors", tensor->shape_text());
    if (width != 0 && columns != width)
      refuse(name, std::to_string(width) + " columns as in tensor image", tensor->shape_text());
    values = tensor->as_floats();
    features.pairs = rows;
    width = columns;
    any = true;
  };
  take("image", features.embed, features.image);
  take("text", features.embed, features.text);
  take("fusion", features.width, features.fusion);
  if (!any) refuse("image, text or fusion", "at least one of them", std::to_string(file.tensors.size()) + " others");
  return features;
}

}  // namespace ctp::interop
