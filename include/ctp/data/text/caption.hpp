/// @file   ctp/data/text/caption.hpp
/// @brief  Normalisation of captions before tokenisation, as published.
/// @layer  data
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <ctp/core/error.hpp>
#include <ctp/data/text/unicode.hpp>
#include <ctp/data/text/utf8.hpp>

namespace ctp::data {

/// Longest title, bytes; the rest of a longer title is dropped.
inline constexpr std::size_t longest_title = 65536;

/// @brief Lower-cases a title, removes some punctuation, merges white space, and keeps its first `max_words` words.
///
/// Steps, in this order:
///   1. a title above 64 KB is cut between characters;
///   2. malformed UTF-8 becomes U+FFFD;
///   3. lower case as Python's str.lower();
///   4. each of `. ! " ( ) * # : ; ~` becomes a space;
///   5. two or more adjacent white-space characters (Unicode's, including U+3000) become one space; a single one stays;
///   6. newlines, then spaces, are stripped from the end, and spaces from the start;
///   7. the first `max_words` words, separated by ASCII spaces, are kept.
/// Chinese titles rarely have spaces, so `max_words` seldom cuts them. The result is valid UTF-8. `cut`, if given,
/// becomes true if step 1 or 7 dropped something, and false otherwise.
///
/// **Units.** max_words: words, >= 1.
/// **Errors.** UsageError if max_words < 1.
/// **Source.** The published data/utils.py (pre_caption), which runs on Python's str.
inline std::string clean_caption(std::string_view title, int max_words, bool* cut = nullptr) {
  if (max_words < 1) {
    throw UsageError(
        Complaint{"clean_caption", "max_words", "1 or more", std::to_string(max_words), "the published value is 30"}
            .text());
  }
  const std::u32string text = lower(decode_utf8(first_bytes(title, longest_title)));

  std::u32string tidy;
  tidy.reserve(text.size());
  constexpr std::u32string_view dropped = U".!\"()*#:;~";
  for (std::size_t i = 0, run = 0; i < text.size(); ++i) {
    const char32_t c = dropped.find(text[i]) == std::u32string_view::npos ? text[i] : U' ';
    run = is_space(c) ? run + 1 : 0;
    if (run < 2) {
      tidy.push_back(c);
    } else {
      tidy.back() = U' ';
    }
  }

  std::u32string_view kept = tidy;
  while (!kept.empty() && kept.back() == U'\n') kept.remove_suffix(1);
  while (!kept.empty() && kept.back() == U' ') kept.remove_suffix(1);
  while (!kept.empty() && kept.front() == U' ') kept.remove_prefix(1);
  if (cut != nullptr) *cut = title.size() > longest_title;
  int words = 1;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] != U' ' || ++words <= max_words) continue;
    if (cut != nullptr) *cut = true;
    return encode_utf8(kept.substr(0, i));
  }
  return encode_utf8(kept);
}

}  // namespace ctp::data
