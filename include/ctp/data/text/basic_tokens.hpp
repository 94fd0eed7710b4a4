/// @file   ctp/data/text/basic_tokens.hpp
/// @brief  BERT's basic tokenisation: words, single CJK characters and single punctuation marks.
/// @layer  data
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <ctp/data/text/unicode.hpp>
#include <ctp/data/text/utf8.hpp>

namespace ctp::data {

/// BERT's definition of a Chinese character: the CJK ideographs, neither kana nor hangul.
constexpr bool is_cjk(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2CEAF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

/// BERT's definition of punctuation: Unicode's, and every visible ASCII character that is neither letter nor digit.
inline bool is_punctuation(char32_t c) {
  if (c < 0x80) return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  return is_unicode_punctuation(c);
}

namespace detail {

enum class BasicClass { Letter, Space, Cjk, Dropped };

inline BasicClass basic_class(char32_t c) {
  if (c >= 0x21 && c <= 0x7E) return BasicClass::Letter;
  if (c == U' ' || c == U'\t' || c == U'\n' || c == U'\r') return BasicClass::Space;
  if (is_cjk(c)) return category(c) == UTF8PROC_CATEGORY_CN ? BasicClass::Dropped : BasicClass::Cjk;
  if (c == replacement_character || is_other(c)) return BasicClass::Dropped;
  return is_space(c) ? BasicClass::Space : BasicClass::Letter;
}

/// Normalises one word and passes its parts to `take`. Returns false as soon as `take` returns false.
template <class Take>
bool take_word(std::u32string_view raw, bool lower_case, Take& take) {
  std::u32string changed;
  std::u32string_view word = raw;
  bool plain = true;
  for (const char32_t c : raw) plain = plain && c < 0x80;
  if (!plain && lower_case) {
    changed = decompose(raw);
    std::erase_if(changed, [](char32_t c) { return category(c) == UTF8PROC_CATEGORY_MN; });
    word = changed;
  } else if (!plain) {
    changed = compose(raw);
    word = changed;
  }
  std::size_t start = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (!is_punctuation(word[i])) continue;
    if (i > start && !take(word.substr(start, i - start))) return false;
    if (!take(word.substr(i, 1))) return false;
    start = i + 1;
  }
  return start == word.size() || take(word.substr(start));
}

}  // namespace detail

/// @brief Calls `take(std::u32string_view)` for every basic token of `text`, in order, until it returns false.
///
/// Steps, in this order:
///   1. characters of the categories C* (except tab, newline and carriage return), U+0000 and U+FFFD are dropped, and
///      with them malformed UTF-8;
///   2. a CJK character becomes a token; the rest is split at white space;
///   3. with `lower_case`, each character is lower-cased on its own (no final sigma) and accents are stripped (normal
///      form D without non-spacing marks); without it, words get normal form C;
///   4. words are split before and after every punctuation mark.
/// The name of a special token, such as "[MASK]", is ordinary text, so a caption cannot insert special tokens.
///
/// **Source.** Devlin et al. 2019, arXiv:1810.04805, tokenization; equal to the slow BertTokenizer of
/// transformers 4.46 on text without names of special tokens.
template <class Take>
void for_each_basic_token(std::string_view text, bool lower_case, Take&& take) {
  std::u32string word;
  std::u32string cased;
  const auto flush = [&] {
    const bool go_on = word.empty() || detail::take_word(word, lower_case, take);
    word.clear();
    return go_on;
  };
  for (std::size_t at = 0; at < text.size();) {
    const char32_t raw = next_code_point(text, at).value;
    cased.clear();
    if (lower_case) {
      append_lower(cased, raw);
    } else {
      cased.push_back(raw);
    }
    for (const char32_t c : cased) {
      switch (detail::basic_class(c)) {
        case detail::BasicClass::Letter:
          word.push_back(c);
          break;
        case detail::BasicClass::Dropped:
          break;
        case detail::BasicClass::Space:
          if (!flush()) return;
          break;
        case detail::BasicClass::Cjk:
          if (!flush()) return;
          word.push_back(c);
          if (!flush()) return;
          break;
      }
    }
  }
  flush();
}

}  // namespace ctp::data
