/// @file   ctp/core/shape.hpp
/// @brief  Shapes of tensors, and checks of arguments that throw errors.
/// @layer  core
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

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

namespace detail {

[[gnu::cold]] inline std::string extents_text(const Index* extents, std::size_t rank) {
  std::string text = "[";
  for (std::size_t i = 0; i < rank; ++i) {
    if (i > 0) text += ',';
    text += std::to_string(extents[i]);
  }
  return text += ']';
}

[[noreturn, gnu::cold]] inline void refuse_shapes(const char* where, const char* a, const std::string& a_is,
                                                  const char* b, const std::string& b_is, const char* rule) {
  std::string text = where;
  for (const std::string_view part : {": ", a, " is ", a_is.c_str(), " but ", b, " is ", b_is.c_str(), "; ", rule})
    text += part;
  throw ShapeError(text);
}

[[noreturn, gnu::cold]] inline void refuse(const char* where, std::string_view message) {
  std::string text = where;
  text += ": ";
  text += message;
  throw UsageError(text);
}

}  // namespace detail

/// "[2,3]"
template <std::size_t Rank>
std::string to_string(const Shape<Rank>& shape) {
  return detail::extents_text(shape.data(), Rank);
}

/// Throws ShapeError "<where>: <a> is [..] but <b> is [..]; <rule>" unless `ok`.
template <std::size_t RankA, std::size_t RankB>
void require_shape(bool ok, const char* where, const char* a, const Shape<RankA>& a_is, const char* b,
                   const Shape<RankB>& b_is, const char* rule) {
  if (!ok) [[unlikely]]
    detail::refuse_shapes(where, a, to_string(a_is), b, to_string(b_is), rule);
}

/// Throws UsageError "<where>: <message>" unless `ok`. In code that every step runs, build a message of several parts
/// only behind `if (!ok)`: building a message allocates.
inline void require(bool ok, const char* where, std::string_view message) {
  if (!ok) [[unlikely]]
    detail::refuse(where, message);
}

}  // namespace ctp
