/// @file   ctp/nn/layout.hpp
/// @brief  Names, shapes and places of a model's parameters. A model is structure; its weights are a vector.
/// @layer  nn
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ctp/autograd/pass.hpp>

namespace ctp {

/// What a parameter is at the start, when no weights are loaded.
enum class Start {
  Weight,  ///< normal; scaled by 1/sqrt(fan-in), or as published
  Table,   ///< embeddings and positions: normal; scaled by 1/sqrt(width), or as published
  Ones,
  Zeros,
};

/// One named parameter.
struct ParameterInfo {
  std::string name;
  std::vector<std::int64_t> shape;
  Index offset = 0;
  Start start = Start::Zeros;

  [[nodiscard]] Index size() const {
    Index n = 1;
    for (const std::int64_t extent : shape) n *= static_cast<Index>(extent);
    return n;
  }
};

/// @brief The parameters of a model in the order in which its layers asked for them.
///
/// Each begins at a multiple of 16 values, so that a pass over the vector meets aligned rows. The gaps are zero, have
/// zero gradient, and stay zero.
class Layout {
 public:
  template <std::size_t Rank>
  Parameter<Rank> add(std::string name, Shape<Rank> shape, Start start) {
    const Parameter<Rank> p{size_, shape};
    parameters_.push_back({std::move(name), {shape.begin(), shape.end()}, size_, start});
    size_ += (count(shape) + 15) / 16 * 16;
    return p;
  }

  /// Length of a parameter vector, gaps included.
  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] const std::vector<ParameterInfo>& parameters() const { return parameters_; }
  /// Number of weights, gaps not included.
  [[nodiscard]] Index weights() const {
    Index n = 0;
    for (const auto& p : parameters_) n += p.size();
    return n;
  }

 private:
  std::vector<ParameterInfo> parameters_;
  Index size_ = 0;
};

}  // namespace ctp
