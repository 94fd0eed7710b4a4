/// @file   ctp/core/utf8.hpp
/// @brief  Well-formed UTF-8: table of first bytes, length of a sequence, valid prefix of a text.
/// @layer  core
#pragma once

#include <cstddef>
#include <string_view>

namespace ctp {

/// Rule that a first byte gives for its UTF-8 sequence. `length` is 0 if no sequence starts with this byte.
struct Utf8Lead {
  std::size_t length;       // bytes of the sequence, the first byte included
  unsigned char low, high;  // limits of the second byte; later ones lie in 0x80..0xBF
  char32_t bits;            // bits of the code point in the first byte
};

/// The rule for a first byte. **Source.** Unicode Standard 15.0, table 3-7 (no overlong forms, no surrogates, nothing
/// above U+10FFFF).
constexpr Utf8Lead utf8_lead(unsigned char b) noexcept {
  if (b < 0x80) return {1, 0x80, 0xBF, b};
  if (b < 0xC2 || b > 0xF4) return {0, 0, 0, 0};
  if (b < 0xE0) return {2, 0x80, 0xBF, static_cast<char32_t>(b & 0x1FU)};
  const auto low = static_cast<unsigned char>(b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80);   // no overlong forms
  const auto high = static_cast<unsigned char>(b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF);  // no surrogates
  if (b < 0xF0) return {3, low, high, static_cast<char32_t>(b & 0x0FU)};
  return {4, low, high, static_cast<char32_t>(b & 0x07U)};
}

/// Bytes of the well-formed UTF-8 sequence that starts at text[at]; 0 if there is none.
constexpr std::size_t utf8_length(std::string_view text, std::size_t at) noexcept {
  if (at >= text.size()) return 0;
  const Utf8Lead lead = utf8_lead(static_cast<unsigned char>(text[at]));
  if (text.size() - at < lead.length) return 0;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const auto byte = static_cast<unsigned char>(text[at + i]);
    if (byte < (i == 1 ? lead.low : 0x80) || byte > (i == 1 ? lead.high : 0xBF)) return 0;
  }
  return lead.length;
}

/// Offset of the first byte that is not part of well-formed UTF-8; text.size() if all of it is.
constexpr std::size_t valid_utf8_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return at;
    at += length;
  }
  return at;
}

}  // namespace ctp
