/// @file   ctp/nn/layout.hpp
/// @brief  Layout of the flat parameter vector: names, shapes and offsets of a model's parameters.
/// @layer  nn
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ctp/autograd/pass.hpp>

namespace ctp {

/// Initial value of a parameter, if no weights are loaded.
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
  double decay = 1, rate = 1;  ///< factors of weight decay and of the learning rate
  double least = -std::numeric_limits<double>::infinity(),
         most = std::numeric_limits<double>::infinity();  ///< clamp after a step

  [[nodiscard]] Index size() const {
    Index n = 1;
    for (const std::int64_t extent : shape) n *= static_cast<Index>(extent);
    return n;
  }
};

/// @brief Layout of a model's parameter vector: its parameters in the order of the layers' calls of add().
///
/// Each parameter begins at a multiple of 16 values, so that every parameter is aligned. The gaps are zero, have zero
/// gradient, and stay zero.
class Layout {
 public:
  /// Appends a parameter and returns its place in the vector. **Errors.** UsageError if an extent is negative or the
  /// vector becomes longer than 2^60 values.
  template <std::size_t Rank>
  Parameter<Rank> add(std::string name, Shape<Rank> shape, Start start) {
    const Parameter<Rank> p{size_, shape};
    const Index end = size_ + (checked_count(name, shape) + 15) / 16 * 16;
    parameters_.push_back({std::move(name), {shape.begin(), shape.end()}, size_, start});
    size_ = end;
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
  static constexpr Index limit = Index{1} << 60;  ///< values

  /// Number of values of a shape. The length of the vector with them is at most `limit`, so sums do not wrap around.
  template <std::size_t Rank>
  [[nodiscard]] Index checked_count(const std::string& name, const Shape<Rank>& shape) const {
    const Index room = limit - size_;
    Index n = 1;
    bool fits = room >= 1;
    for (const Index extent : shape) {
      fits = fits && extent >= 0 && (extent == 0 || n <= room / extent);
      if (fits) n *= extent;
    }
    if (!fits)
      throw UsageError(Complaint{"parameter " + name, "shape", "at most 2^60 values in all parameters",
                                 to_string(shape), "choose a smaller model"}
                           .text());
    return n;
  }

  std::vector<ParameterInfo> parameters_;
  Index size_ = 0;
};

}  // namespace ctp
