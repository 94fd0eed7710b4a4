/// @file   ctp/core/quoted.hpp
/// @brief  Quoting of text: as a JSON string, and shortened for messages.
/// @layer  core
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <ctp/core/printable.hpp>
#include <ctp/core/utf8.hpp>

namespace ctp {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD; control, directional and
/// invisible characters are escaped, as by printable().
inline void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    const char c = text[at];
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (const char32_t code = detail::code_point(text, at, length); detail::is_control(code)) {
      detail::append_escaped(out, code);
    } else {
      out += text.substr(at, length);
    }
    at += length == 0 ? 1 : length;
  }
  out += '"';
}

/// Text from a user or a file for a one-line message: quoted, escaped, and cut after `limit` bytes.
inline std::string quoted(std::string_view text, std::size_t limit = 120) {
  std::string out;
  if (text.size() <= limit) {
    append_json_string(out, text);
    return out;
  }
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;  // not inside a character
  append_json_string(out, text.substr(0, limit));
  return out + "... (" + std::to_string(text.size()) + " bytes)";
}

}  // namespace ctp
