/// @file   cosine_heads.hpp
/// @brief  Converts weights of linear projection heads into starting weights of cosine heads.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include <ctp/nn/layers.hpp>
#include <ctp/tensor/named.hpp>

namespace examples {

/// @brief The file in the form that a model with `Projection` heads reads. For cosine heads: removes the biases, and
/// adds sigma = 1 if the file has none. All other tensors are unchanged. `prefix` precedes the tensors' names.
template <class Projection>
ctp::TensorFile with_heads(ctp::TensorFile file, const std::string& prefix = "") {
  if constexpr (std::is_same_v<Projection, ctp::nn::CosineLinear>) {
    for (const char* head : {"vision_proj", "text_proj"}) {
      const std::string bias = prefix + head + ".bias", sigma = prefix + head + ".sigma";
      std::erase_if(file.tensors, [&](const ctp::NamedTensor& t) { return t.name == bias; });
      const double initial_sigma = 1;
      if (file.find(sigma) == nullptr)
        file.tensors.push_back(ctp::make_named(sigma, {1}, std::span<const double>(&initial_sigma, 1)));
    }
  }
  return file;
}

}  // namespace examples
