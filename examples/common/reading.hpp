// How programs read pictures: the largest ones, and what lies behind transparent pixels.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>

namespace examples {

inline constexpr int default_max_pixels = 89'478'485;  ///< data::DecodeLimits::max_pixels

/// The grey level of a setting `background`; nullopt for "none". **Errors.** UsageError naming `where`.
inline std::optional<std::uint8_t> background_of(const std::string& text, const std::string& where) {
  if (text == "none") return std::nullopt;
  int level = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error != std::errc{} || end != text.data() + text.size() || level < 0 || level > 255)
    throw ctp::UsageError(
        ctp::Complaint{where, "", "a grey level from 0 to 255, or none", ctp::quoted(text), ""}.text());
  return static_cast<std::uint8_t>(level);
}

}  // namespace examples
