/// @file   ctp/data/text/title_report.hpp
/// @brief  What a tokenizer makes of the titles of a data set: titles cut, unknown tokens, empty titles.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/data/text/basic_tokens.hpp>
#include <ctp/data/text/caption.hpp>
#include <ctp/data/text/tokenizer.hpp>
#include <ctp/data/text/utf8.hpp>

namespace ctp::data {

/// @brief Counts over titles. Tokens count without `[CLS]` and `[SEP]`, and behind the cuts.
struct TitleReport {
  std::size_t titles = 0;
  std::size_t cut_words = 0;   ///< titles with more words than are kept
  std::size_t cut_tokens = 0;  ///< titles whose kept words have more tokens than are kept
  std::size_t tokens = 0, unknown = 0;
  std::size_t empty = 0;  ///< titles of which clean-up leaves no letter, digit or symbol
  std::size_t first_empty = static_cast<std::size_t>(-1);  ///< index of the first of them

  /// Share of unknown tokens, from 0 to 1; 0 without tokens.
  [[nodiscard]] double unknown_share() const {
    return tokens == 0 ? 0.0 : static_cast<double>(unknown) / static_cast<double>(tokens);
  }
  TitleReport& operator+=(const TitleReport& other) {
    titles += other.titles;
    cut_words += other.cut_words;
    cut_tokens += other.cut_tokens;
    tokens += other.tokens;
    unknown += other.unknown;
    empty += other.empty;
    first_empty = std::min(first_empty, other.first_empty);
    return *this;
  }
  /// "120 titles: 3 cut by words, 5 cut by tokens, 1.2 % of 1873 tokens unknown, 0 empty"
  [[nodiscard]] std::string text() const {
    std::array<char, 32> share{};
    std::snprintf(share.data(), share.size(), "%.1f", 100 * unknown_share());
    return std::to_string(titles) + " titles: " + std::to_string(cut_words) + " cut by words, " +
           std::to_string(cut_tokens) + " cut by tokens, " + share.data() + " % of " + std::to_string(tokens) +
           " tokens unknown, " + std::to_string(empty) + " empty";
  }
  /// The counts and the share as members of a JSON object.
  [[nodiscard]] JsonLine json() const {
    JsonLine line;
    line.add("titles", titles).add("cut_words", cut_words).add("cut_tokens", cut_tokens).add("tokens", tokens);
    line.add("unknown_tokens", unknown).add("unknown_share", unknown_share()).add("empty", empty);
    return line;
  }
};

/// True if `text` has a character that is neither a blank, a mark, punctuation nor dropped by the tokenizer.
inline bool says_something(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next_code_point(text, at).value;
    const auto kind = detail::basic_class(c);
    if (kind == detail::BasicClass::Space || kind == detail::BasicClass::Dropped) continue;
    if (!is_punctuation(c) && category(c) != UTF8PROC_CATEGORY_MN) return true;
  }
  return false;
}

/// @brief Report over `count` titles, title_of(0) to title_of(count - 1), on threads() threads.
///
/// `title_of`: a function from an index to text, which several threads call at once.
/// **Units.** max_words: words, >= 1; length: tokens with `[CLS]` and `[SEP]`, >= 2.
/// **Errors.** as clean_caption() and Tokenizer::encode().
template <class TitleOf>
TitleReport report_titles(std::size_t count, const TitleOf& title_of, const Tokenizer& tokenizer, int max_words,
                          int length) {
  constexpr std::ptrdiff_t block = 1024;
  const auto all = static_cast<std::ptrdiff_t>(count);
  std::vector<TitleReport> parts(static_cast<std::size_t>((all + block - 1) / block));
  parallel_blocks(all, block, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
    TitleReport& part = parts[static_cast<std::size_t>(begin / block)];
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      bool cut = false;
      const std::string clean = clean_caption(std::string_view(title_of(i)), max_words, &cut);
      const std::vector<std::int32_t> ids = tokenizer.encode(clean, length + 1);  // one more shows a cut
      const std::size_t kept = std::min(ids.size(), static_cast<std::size_t>(length)) - 2;
      ++part.titles;
      part.cut_words += cut ? 1 : 0;
      part.cut_tokens += ids.size() > static_cast<std::size_t>(length) ? 1 : 0;
      part.tokens += kept;
      for (std::size_t k = 1; k <= kept; ++k) part.unknown += ids[k] == tokenizer.vocabulary().unk() ? 1 : 0;
      if (kept > 0 && says_something(clean)) continue;
      ++part.empty;
      part.first_empty = std::min(part.first_empty, i);
    }
  });
  TitleReport sum;
  for (const TitleReport& part : parts) sum += part;
  return sum;
}

}  // namespace ctp::data
