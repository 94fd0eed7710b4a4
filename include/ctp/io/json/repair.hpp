/// @file   ctp/io/json/repair.hpp
/// @brief  Replacement of what Python's json module reads and writes beyond RFC 8259.
/// @layer  io
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ctp::io::detail {

/// Text of equal length that a strict parser reads, and the places of the replaced surrogates.
struct RepairedJson {
  std::string text;                     ///< empty if nothing was replaced
  std::vector<std::size_t> surrogates;  ///< offsets of the backslashes of lone surrogates, rising
};

/// Value of the escape \uXXXX whose backslash is text[at]; nullopt for anything else.
inline std::optional<std::uint32_t> unicode_escape(std::string_view text, std::size_t at) {
  if (text.size() < at + 6 || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = text[i];
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

/// True if `text` is a number by the grammar of RFC 8259 with a value outside double.
inline bool is_number_beyond_double(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t first = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at - first;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const bool zero = at < text.size() && text[at] == '0';
  if (const std::size_t whole = digits(); whole == 0 || (zero && whole > 1)) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size() && std::isinf(std::strtod(std::string(text).c_str(), nullptr));
}

/// @brief Replaces lone surrogates by \ufffd, NaN by 0e0, and numbers beyond double by numbers of the same length.
///
/// Everything else stays, faults included: the parser reports them. One pass over the text; copies the text only if
/// there is something to replace.
inline RepairedJson repair_json(std::string_view text) {
  RepairedJson out;
  const auto replace = [&](std::size_t at, std::string_view by) {
    if (out.text.empty()) out.text = text;
    out.text.replace(at, by.size(), by);
  };
  const auto one_of = [&](std::size_t at, std::string_view set) {
    return at >= text.size() || set.find(text[at]) != std::string_view::npos;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] != '\\') continue;
        const auto unit = unicode_escape(text, i);
        if (!unit) {
          ++i;  // the escaped character
          continue;
        }
        const bool high = *unit >= 0xD800 && *unit <= 0xDBFF, low = *unit >= 0xDC00 && *unit <= 0xDFFF;
        const auto next = high ? unicode_escape(text, i + 6) : std::nullopt;
        if (next && *next >= 0xDC00 && *next <= 0xDFFF) {
          i += 6;
        } else if (high || low) {
          replace(i, "\\ufffd");
          out.surrogates.push_back(i);
        }
        i += 5;
      }
    } else if (c == 'N' && text.substr(i, 3) == "NaN") {
      if ((i == 0 || one_of(i - 1, " \t\r\n,:[")) && one_of(i + 3, " \t\r\n,]}")) replace(i, "0e0");
      i += 2;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const std::size_t end = std::min(text.find_first_not_of("0123456789+-.eE", i), text.size());
      const std::string_view number = text.substr(i, end - i);
      const bool long_enough = number.size() > 300 || (number.size() > 4 && number.find_first_of("eE") != number.npos);
      if (long_enough && is_number_beyond_double(number)) {
        std::string by(number.size(), '0');
        const std::size_t first = c == '-' ? 1 : 0;
        by[0] = c;
        by[first] = '1';
        by[first + 1] = 'e';
        replace(i, by);
      }
      i = end - 1;
    }
  }
  return out;
}

}  // namespace ctp::io::detail
