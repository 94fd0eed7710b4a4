/// @file   ctp/core/shape.hpp
/// @brief  Shapes of tensors, and checks of arguments that throw errors.
/// @layer  core
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include <ctp/core/error.hpp>

namespace ctp {

using Index = std::ptrdiff_t;

/// Extents, outermost first. The rank is part of the type, the extents are not.
template <std::size_t Rank>
using Shape = std::array<Index, Rank>;

/// Number of elements.
template <std::size_t Rank>
constexpr Index count(const Shape<Rank>& shape) {
  Index n = 1;
  for (const Index extent : shape) n *= extent;
  return n;
}

/// "[2,3]"
template <std::size_t Rank>
std::string to_string(const Shape<Rank>& shape) {
  std::string text = "[";
  for (const Index extent : shape) text += (text.size() > 1 ? "," : "") + std::to_string(extent);
  return text + "]";
}

/// Throws ShapeError "<where>: <a> is [..] but <b> is [..]; <rule>" unless `ok`.
template <std::size_t RankA, std::size_t RankB>
void require_shape(bool ok, const char* where, const char* a, const Shape<RankA>& a_is, const char* b,
                   const Shape<RankB>& b_is, const char* rule) {
  if (!ok) [[unlikely]]
    throw ShapeError(std::string(where) + ": " + a + " is " + to_string(a_is) + " but " + b + " is " + to_string(b_is) +
                     "; " + rule);
}

/// Throws UsageError "<where>: <message>" unless `ok`. In code that every step runs, build a message of several parts
/// only behind `if (!ok)`: building a message allocates.
inline void require(bool ok, const char* where, const char* message) {
  if (!ok) [[unlikely]]
    throw UsageError(std::string(where) + ": " + message);
}
inline void require(bool ok, const char* where, const std::string& message) {
  if (!ok) [[unlikely]]
    throw UsageError(std::string(where) + ": " + message);
}

}  // namespace ctp
