/// @file   ctp/encoder/initialize.hpp
/// @brief  Random initialisation of a parameter vector.
/// @layer  encoder
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include <ctp/core/parallel.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp {

/// Distribution of initial weights and tables. Constants and other distributions are the same in both schemes: gains
/// of norms are one and biases zero.
enum class Initialization {
  FanIn,      ///< normal with deviation 1/sqrt(fan-in), so that small models learn from scratch
  Published,  ///< normal with deviation 0.02, as in the published BERT and ViT
};

namespace detail {
/// The next initial value of a parameter. `deviation`: of the normal numbers of a weight or table.
inline double initial_value(const ParameterInfo& p, double deviation, RandomSubstream& random) {
  switch (p.start.kind()) {
    case Start::Kind::Constant:
      return p.start.first();
    case Start::Kind::Uniform:
      return random.uniform(p.start.first(), p.start.second());
    case Start::Kind::Normal:
      return p.start.first() + p.start.second() * random.normal();
    case Start::Kind::Weight:
    case Start::Kind::Table:
      break;
  }
  return deviation * random.normal();
}
}  // namespace detail

/// @brief Initial parameter vector, a function of layout, seed and scheme. **Shapes.** [layout.size()], gaps zero.
template <class Real>
std::vector<Real> initial_weights(const Layout& layout, std::uint64_t seed,
                                  Initialization scheme = Initialization::FanIn) {
  std::vector<Real> theta(static_cast<std::size_t>(layout.size()));
  const RandomStream stream(seed, "initialization");
  const auto& parameters = layout.parameters();
  parallel_for(static_cast<std::ptrdiff_t>(parameters.size()), [&](std::ptrdiff_t ordinal) {
    const ParameterInfo& p = parameters[static_cast<std::size_t>(ordinal)];
    Real* out = theta.data() + p.offset;
    RandomSubstream random(stream, {.sample = static_cast<std::uint32_t>(ordinal)});
    const Index n = p.size();
    Index fan_in = 1;  // for a table: its width
    for (std::size_t i = p.start == Start::Table ? p.shape.size() - 1 : 1; i < p.shape.size(); ++i)
      fan_in *= static_cast<Index>(p.shape[i]);
    const double deviation = scheme == Initialization::Published ? 0.02 : 1 / std::sqrt(static_cast<double>(fan_in));
    for (Index i = 0; i < n; ++i) out[i] = static_cast<Real>(detail::initial_value(p, deviation, random));
  });
  return theta;
}

}  // namespace ctp
