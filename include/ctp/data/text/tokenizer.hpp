/// @file   ctp/data/text/tokenizer.hpp
/// @brief  BERT's WordPiece tokenizer.
/// @layer  data
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/text/basic_tokens.hpp>
#include <ctp/data/text/caption.hpp>
#include <ctp/data/text/utf8.hpp>
#include <ctp/data/text/vocabulary.hpp>

namespace ctp::data {

/// @brief Normalisation of letters by a Tokenizer.
struct TokenizerOptions {
  bool lower_case = true;  ///< lower-case and strip accents; false keeps both, in normal form C
};

/// @brief Converts text to token ids with a vocabulary. Immutable, so threads may share one.
///
/// for_each_basic_token() splits the text into words. Each word is split from the left, greedily, into the longest
/// pieces of the vocabulary; the vocabulary lists pieces inside a word as `##piece`. A word without such a split, or
/// with more than 100 characters, becomes `[UNK]`.
///
/// **Source.** Wu et al. 2016, arXiv:1609.08144, section 4.1 (WordPiece); Devlin et al. 2019, arXiv:1810.04805. Equal
/// to BertTokenizer of transformers 4.46 with one exception: the name of a special token within a text, such as
/// "[MASK]", is ordinary text here, so data cannot insert special tokens.
class Tokenizer {
 public:
  explicit Tokenizer(Vocabulary vocabulary, TokenizerOptions options = {})
      : vocabulary_(std::move(vocabulary)), options_(options) {
    first_.fill(vocabulary_.tokens(), 0);
    inside_.fill(vocabulary_.tokens(), 2);
  }

  /// @brief `[CLS]`, the tokens of `text`, `[SEP]`: at most `length` ids, not padded.
  ///
  /// A longer text loses its last tokens, never `[SEP]`. Malformed UTF-8 is dropped. Text behind the word that reaches
  /// the limit is not read, so this word, not the whole text, bounds the time.
  ///
  /// **Units.** length: tokens, >= 2.
  /// **Errors.** UsageError if length < 2.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text, int length) const {
    if (length < 2) {
      throw UsageError(Complaint{"Tokenizer::encode", "length", "2 or more, for [CLS] and [SEP]",
                                 std::to_string(length), "the published value is 30"}
                           .text());
    }
    const auto most = static_cast<std::size_t>(length) - 1;
    std::vector<std::int32_t> ids{vocabulary_.cls()};
    Scratch scratch;
    if (ids.size() < most) {
      for_each_basic_token(text, options_.lower_case, [&](std::u32string_view word) {
        append_pieces(word, scratch, ids);
        return ids.size() < most;
      });
    }
    ids.resize(std::min(ids.size(), most));
    ids.push_back(vocabulary_.sep());
    return ids;
  }

  /// The tokens of a caption as written: clean_caption(), then encode(). **Errors.** as both.
  [[nodiscard]] std::vector<std::int32_t> encode_caption(std::string_view title, int max_words, int length) const {
    return encode(clean_caption(title, max_words), length);
  }

  [[nodiscard]] const Vocabulary& vocabulary() const { return vocabulary_; }
  [[nodiscard]] TokenizerOptions options() const { return options_; }

 private:
  static constexpr std::size_t longest_word = 100;  // characters

  /// Pieces for one position in a word (its start or its inside), and the longest of them in bytes. A hash table of ids
  /// with open addressing: the spellings stay in the vocabulary.
  struct Pieces {
    std::vector<std::int32_t> slots;  // -1: free; at least half of them are
    std::size_t prefix = 0;           // bytes before a piece in its token: 2 for "##"
    std::size_t longest = 0;

    void fill(const std::vector<std::string>& tokens, std::size_t bytes_before) {
      prefix = bytes_before;
      const auto is_piece = [&](const std::string& token) {
        return prefix == 0 || (token.size() > prefix && token.starts_with("##"));
      };
      const auto count = static_cast<std::size_t>(std::count_if(tokens.begin(), tokens.end(), is_piece));
      slots.assign(std::bit_ceil(2 * count + 1), -1);
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (!is_piece(tokens[i])) continue;
        const std::string_view piece = std::string_view(tokens[i]).substr(prefix);
        std::size_t at = start_of(piece);
        while (slots[at] >= 0) at = (at + 1) & (slots.size() - 1);
        slots[at] = static_cast<std::int32_t>(i);
        longest = std::max(longest, piece.size());
      }
    }
    /// Id of `piece`; -1 if it is unknown.
    [[nodiscard]] std::int32_t find(std::string_view piece, const std::vector<std::string>& tokens) const {
      for (std::size_t at = start_of(piece); slots[at] >= 0; at = (at + 1) & (slots.size() - 1)) {
        const std::string_view token = tokens[static_cast<std::size_t>(slots[at])];
        if (token.size() == prefix + piece.size() && token.substr(prefix) == piece) return slots[at];
      }
      return -1;
    }

   private:
    [[nodiscard]] std::size_t start_of(std::string_view piece) const {
      return std::hash<std::string_view>{}(piece) & (slots.size() - 1);
    }
  };

  /// Buffers that one call of encode() reuses from word to word.
  struct Scratch {
    std::string bytes;
    std::vector<std::size_t> borders;
  };

  void append_pieces(std::u32string_view word, Scratch& s, std::vector<std::int32_t>& ids) const {
    if (word.size() > longest_word) {
      ids.push_back(vocabulary_.unk());
      return;
    }
    s.bytes.clear();
    s.borders.clear();
    for (const char32_t c : word) {
      s.borders.push_back(s.bytes.size());
      append_utf8(s.bytes, c);
    }
    s.borders.push_back(s.bytes.size());

    const std::size_t before = ids.size();
    for (std::size_t start = 0; start < word.size();) {
      const Pieces& pieces = start == 0 ? first_ : inside_;
      std::size_t end = word.size();
      while (end > start && s.borders[end] - s.borders[start] > pieces.longest) --end;
      for (; end > start; --end) {
        const std::string_view piece(s.bytes.data() + s.borders[start], s.borders[end] - s.borders[start]);
        const std::int32_t id = pieces.find(piece, vocabulary_.tokens());
        if (id < 0) continue;
        ids.push_back(id);
        break;
      }
      if (end == start) {
        ids.resize(before);
        ids.push_back(vocabulary_.unk());
        return;
      }
      start = end;
    }
  }

  Vocabulary vocabulary_;
  TokenizerOptions options_;
  Pieces first_, inside_;
};

}  // namespace ctp::data
