/// @file   ctp/data/text/unicode.hpp
/// @brief  Character classes, lower-casing and canonical normal forms, equal to Python's str and unicodedata.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <utf8proc.h>

namespace ctp::data {

/// General category of a code point (utf8proc's numbering).
inline utf8proc_category_t category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

/// Python's str.isspace() for one character; equal to `\s` of Python's regular expressions.
constexpr bool is_space(char32_t c) {
  if (c < 0x80) return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

/// Categories Cc, Cf, Cs, Co and Cn.
inline bool is_other(char32_t c) {
  const utf8proc_category_t k = category(c);
  return k == UTF8PROC_CATEGORY_CN || (k >= UTF8PROC_CATEGORY_CC && k <= UTF8PROC_CATEGORY_CO);
}

/// Categories Pc, Pd, Ps, Pe, Pi, Pf and Po.
inline bool is_unicode_punctuation(char32_t c) {
  const utf8proc_category_t k = category(c);
  return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

namespace detail {

struct CodeRange {
  char32_t first, last;
};

template <std::size_t N>
constexpr bool in_ranges(const CodeRange (&ranges)[N], char32_t c) {
  for (const CodeRange& r : ranges) {
    if (c >= r.first && c <= r.last) return true;
  }
  return false;
}

// Cased characters outside the categories L*: Other_Lowercase and Other_Uppercase of PropList.txt, without the
// case-ignorable ones, which Python tests first.
inline constexpr CodeRange other_cased[] = {
    {0xAA, 0xAA},       {0xBA, 0xBA},       {0x2160, 0x217F},   {0x24B6, 0x24E9},
    {0x1F130, 0x1F149}, {0x1F150, 0x1F169}, {0x1F170, 0x1F189},
};

// Characters that may occur inside a word: Word_Break = MidLetter, MidNumLet or Single_Quote of WordBreakProperty.txt.
inline constexpr CodeRange inside_words[] = {
    {0x27, 0x27},     {0x2E, 0x2E},     {0x3A, 0x3A},     {0xB7, 0xB7},     {0x387, 0x387},   {0x55F, 0x55F},
    {0x5F4, 0x5F4},   {0x2018, 0x2019}, {0x2024, 0x2024}, {0x2027, 0x2027}, {0xFE13, 0xFE13}, {0xFE52, 0xFE52},
    {0xFE55, 0xFE55}, {0xFF07, 0xFF07}, {0xFF0E, 0xFF0E}, {0xFF1A, 0xFF1A},
};

}  // namespace detail

/// Unicode's Case_Ignorable: marks, format characters and similar, which do not end a word in the final-sigma rule.
inline bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK:
      return true;
    default:
      return detail::in_ranges(detail::inside_words, c);
  }
}

/// Unicode's Cased, for characters that are not case-ignorable.
inline bool is_cased(char32_t c) {
  const utf8proc_category_t k = category(c);
  return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LT) || detail::in_ranges(detail::other_cased, c);
}

/// Appends the context-free lower-case form of a character: one code point, two for U+0130.
inline void append_lower(std::u32string& out, char32_t c) {
  if (c < 0x80) {
    out.push_back(c >= U'A' && c <= U'Z' ? c + 32 : c);
  } else if (c == 0x130) {
    out.append({U'i', char32_t{0x307}});  // the only unconditional entry of SpecialCasing.txt that lengthens
  } else {
    out.push_back(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  }
}

/// @brief Python's str.lower(): full case mapping; a capital sigma at the end of a word becomes the final form.
///
/// **Source.** Unicode Standard, section 3.13, rule R2 and table 3-17 (Final_Sigma).
inline std::u32string lower(std::u32string_view text) {
  constexpr char32_t capital_sigma = 0x3A3, small_sigma = 0x3C3, final_sigma = 0x3C2;
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != capital_sigma) {
      append_lower(out, text[i]);
      continue;
    }
    std::size_t before = i;
    while (before > 0 && is_case_ignorable(text[before - 1])) --before;
    std::size_t after = i + 1;
    while (after < text.size() && is_case_ignorable(text[after])) ++after;
    const bool ends_word = before > 0 && is_cased(text[before - 1]) && !(after < text.size() && is_cased(text[after]));
    out.push_back(ends_word ? final_sigma : small_sigma);
  }
  return out;
}

/// @brief Normal form D: every character decomposed canonically, combining marks in canonical order.
///
/// Takes O(n log n) time for n adjacent marks; utf8proc's own ordering takes O(n^2).
/// **Source.** Unicode Standard, section 3.11, D118.
inline std::u32string decompose(std::u32string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    if (c < 0xC0) {
      out.push_back(c);
      continue;
    }
    utf8proc_int32_t parts[8];
    int boundary = 0;
    const auto n = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, 8, UTF8PROC_DECOMPOSE, &boundary);
    if (n < 1 || n > 8) {
      out.push_back(c);
    } else {
      for (utf8proc_ssize_t i = 0; i < n; ++i) out.push_back(static_cast<char32_t>(parts[i]));
    }
  }
  const auto combining = [](char32_t c) {
    return static_cast<std::uint64_t>(
        c < 0x300 ? 0 : utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class);
  };
  std::vector<std::pair<std::uint64_t, char32_t>> marks;
  for (auto first = out.begin(); first != out.end();) {
    const auto last = std::find_if(first, out.end(), [&](char32_t c) { return combining(c) == 0; });
    if (last - first > 1) {
      marks.clear();  // sorted by class, then by position: marks of one class keep their order
      for (auto mark = first; mark != last; ++mark) {
        marks.emplace_back((combining(*mark) << 32U) | static_cast<std::uint64_t>(mark - first), *mark);
      }
      std::sort(marks.begin(), marks.end());
      std::transform(marks.begin(), marks.end(), first, [](const auto& mark) { return mark.second; });
    }
    first = last == out.end() ? last : last + 1;
  }
  return out;
}

/// @brief Normal form C: canonical decomposition, then canonical composition.
///
/// **Source.** Unicode Standard, section 3.11, D120.
inline std::u32string compose(std::u32string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x300; })) return std::u32string(text);
  const std::u32string parts = decompose(text);
  std::vector<utf8proc_int32_t> buffer(parts.begin(), parts.end());
  const auto n = utf8proc_normalize_utf32(buffer.data(), static_cast<utf8proc_ssize_t>(buffer.size()),
                                          static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  if (n < 0) return parts;
  return std::u32string(buffer.begin(), buffer.begin() + n);
}

}  // namespace ctp::data
