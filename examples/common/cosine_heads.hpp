/// @file   cosine_heads.hpp
/// @brief  Weights of linear projections as a start for cosine ones.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include <ctp/nn/layers.hpp>
#include <ctp/tensor/named.hpp>

namespace examples {

/// @brief The file as a model with such projections reads it: for cosine projections without sigma, the biases are left
/// out and sigma is 1; everything else is as it was. `prefix` stands before the names.
template <class Projection>
ctp::TensorFile with_heads(ctp::TensorFile file, const std::string& prefix = "") {
  if constexpr (std::is_same_v<Projection, ctp::nn::CosineLinear>) {
    for (const char* head : {"vision_proj", "text_proj"}) {
      const std::string bias = prefix + head + ".bias", sigma = prefix + head + ".sigma";
      std::erase_if(file.tensors, [&](const ctp::NamedTensor& t) { return t.name == bias; });
      const double one = 1;
      if (file.find(sigma) == nullptr)
        file.tensors.push_back(ctp::make_named(sigma, {1}, std::span<const double>(&one, 1)));
    }
  }
  return file;
}

}  // namespace examples
