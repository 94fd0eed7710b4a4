/// @file   ctp/data/text/utf8.hpp
/// @brief  UTF-8 decoding and encoding; malformed bytes become U+FFFD.
/// @layer  data
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <ctp/core/utf8.hpp>

namespace ctp::data {

/// Replacement for bytes that are not UTF-8.
inline constexpr char32_t replacement_character = 0xFFFD;

/// @brief One code point; `valid` is false if it replaces a malformed sequence.
struct CodePoint {
  char32_t value = 0;
  bool valid = true;
};

/// @brief The code point that starts at text[at]; moves `at` behind it. Requires at < text.size().
///
/// A malformed sequence gives U+FFFD for its longest well-formed prefix, or for one byte if it has none. The Unicode
/// Standard recommends this rule, and Python's bytes.decode(errors="replace") follows it.
/// **Source.** Unicode Standard, section 3.9, tables 3-7 and 3-8.
constexpr CodePoint next_code_point(std::string_view text, std::size_t& at) {
  const Utf8Lead lead = utf8_lead(static_cast<unsigned char>(text[at++]));
  if (lead.length == 0) return {replacement_character, false};
  char32_t value = lead.bits;
  for (std::size_t i = 1; i < lead.length; ++i) {
    if (at == text.size()) return {replacement_character, false};
    const auto b = static_cast<unsigned char>(text[at]);
    if (b < (i == 1 ? lead.low : 0x80) || b > (i == 1 ? lead.high : 0xBF)) return {replacement_character, false};
    value = (value << 6U) | (b & 0x3FU);
    ++at;
  }
  return {value, true};
}

/// True if every byte of `text` belongs to a well-formed sequence.
constexpr bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!next_code_point(text, at).valid) return false;
  }
  return true;
}

/// @brief The code points of `text`. If `replaced` is given, adds the number of malformed sequences to it.
inline std::u32string decode_utf8(std::string_view text, std::size_t* replaced = nullptr) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = next_code_point(text, at);
    out.push_back(c.value);
    if (!c.valid && replaced != nullptr) ++*replaced;
  }
  return out;
}

/// Appends `c` to `out`. Surrogates and values above U+10FFFF are written as U+FFFD.
inline void append_utf8(std::string& out, char32_t c) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = replacement_character;
  if (c < 0x80) {
    out.push_back(static_cast<char>(c));
    return;
  }
  const int tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
  out.push_back(static_cast<char>(marks[tail] | (c >> (6U * static_cast<unsigned>(tail)))));
  for (int i = tail - 1; i >= 0; --i) {
    out.push_back(static_cast<char>(0x80U | ((c >> (6U * static_cast<unsigned>(i))) & 0x3FU)));
  }
}

/// The UTF-8 form of `text`.
inline std::string encode_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

/// @brief The longest prefix of `text` of at most `limit` bytes that ends between characters.
constexpr std::string_view first_bytes(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  // A character has at most four bytes, so at most three of its bytes precede the cut.
  for (int back = 0; back < 3 && end > 0; ++back, --end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U) return text.substr(0, end);
  }
  return text.substr(0, (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U ? end : limit);
}

}  // namespace ctp::data
