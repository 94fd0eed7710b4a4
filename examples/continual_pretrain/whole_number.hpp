/// @file   whole_number.hpp
/// @brief  Digits of whole numbers that configuration files write with an exponent or a point.
#pragma once

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <system_error>

namespace pretrain {

/// The digits of a number whose text has a point or an exponent, such as "100000" for "1e5"; empty if the text is not
/// a number, or not a whole number below 2^53.
inline std::string digits_of_whole(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.find_first_not_of("+-.0123456789eE") != std::string_view::npos)
    return "";
  if (std::abs(number) >= 0x1p53 || std::trunc(number) != number) return "";
  return std::to_string(static_cast<long long>(number));
}

}  // namespace pretrain
