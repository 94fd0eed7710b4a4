/// @file   ctp/core/printable.hpp
/// @brief  Escaping of foreign text for a terminal and for one-line messages.
/// @layer  core
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <ctp/core/utf8.hpp>

namespace ctp {

namespace detail {

/// The code point of the well-formed UTF-8 sequence of `length` bytes at text[at].
constexpr char32_t code_point(std::string_view text, std::size_t at, std::size_t length) noexcept {
  char32_t code = utf8_lead(static_cast<unsigned char>(text[at])).bits;
  for (std::size_t i = 1; i < length; ++i) code = code << 6U | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
  return code;
}

/// True for code points that move the cursor, end a line, reorder or hide text: C0, DEL, C1, line and paragraph
/// separators, directional controls, and characters without a width other than joiners.
constexpr bool is_control(char32_t c) noexcept {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
  return c == 0xAD || c == 0x61C || c == 0x180E || c == 0x200B || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE007F);
}

/// Appends `digits` hexadecimal digits of `number`.
inline void append_hex(std::string& out, char32_t number, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
    out += "0123456789abcdef"[number >> static_cast<unsigned>(shift) & 15U];
}

/// Appends a control character as an escape sequence of JSON: \n, \t, \u001b, above U+FFFF a surrogate pair.
inline void append_escaped(std::string& out, char32_t c) {
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\t') {
    out += "\\t";
  } else {
    if (c > 0xFFFF) {
      append_hex(out += "\\u", 0xD800 + ((c - 0x10000) >> 10U), 4);
      c = 0xDC00 + (c & 0x3FFU);
    }
    append_hex(out += "\\u", c, 4);
  }
}

}  // namespace detail

/// @brief Text from a file, a user or another library, safe to print: one line without control characters.
///
/// Control characters, directional overrides and invisible characters become escapes such as \n and \u001b. Bytes that
/// are not UTF-8 become \x and two digits. Everything else stays as it is, so printable(printable(x)) is printable(x).
/// Text longer than `limit` bytes is cut.
[[nodiscard, gnu::cold]] inline std::string printable(std::string_view text, std::size_t limit = 4096) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size() && at < limit) {
    const std::size_t length = utf8_length(text, at);
    const char32_t code = length == 0 ? 0 : detail::code_point(text, at, length);
    if (length == 0)
      detail::append_hex(out += "\\x", static_cast<unsigned char>(text[at]), 2);
    else if (detail::is_control(code))
      detail::append_escaped(out, code);
    else
      out += text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  if (at < text.size()) out += "... (" + std::to_string(text.size()) + " bytes)";
  return out;
}

}  // namespace ctp
