/// @file   ctp/io/json/number.hpp
/// @brief  A JSON number, which is an integer by its spelling.
/// @layer  io
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace ctp::io {

/// @brief A number. Its spelling, not its value, decides whether it is an integer.
struct JsonNumber {
  bool whole = false;           ///< written without fraction and exponent, and magnitude fits 64 bits
  bool negative = false;        ///< written with a minus sign; true for -0
  std::uint64_t magnitude = 0;  ///< if whole
  double value = 0;             ///< always finite

  /// The number if it is whole, in range and written without a sign.
  [[nodiscard]] std::optional<std::uint64_t> as_uint64() const {
    if (!whole || negative) return std::nullopt;
    return magnitude;
  }
  /// The number if it is whole, in range and not -0.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const {
    constexpr std::uint64_t edge = std::uint64_t{1} << 63U;
    if (!whole || (negative && magnitude == 0) || magnitude > (negative ? edge : edge - 1)) return std::nullopt;
    if (!negative) return static_cast<std::int64_t>(magnitude);
    return -static_cast<std::int64_t>(magnitude - 1) - 1;  // no overflow at the lowest value
  }
};

namespace detail {

/// The number with the spelling `text`, which a parser has accepted.
inline JsonNumber number_of(std::string_view text) {
  JsonNumber number;
  number.negative = text.starts_with('-');
  if (number.negative) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number.magnitude);
  number.whole = stop == end && fault == std::errc{};
  if (!number.whole) number.magnitude = 0;
  number.value = std::strtod(std::string(text).c_str(), nullptr);
  if (number.negative) number.value = -number.value;
  return number;
}

}  // namespace detail

}  // namespace ctp::io
