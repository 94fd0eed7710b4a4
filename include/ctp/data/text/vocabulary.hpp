/// @file   ctp/data/text/vocabulary.hpp
/// @brief  Vocabulary of a text encoder: read from vocab.txt, or built from training titles.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/text/basic_tokens.hpp>
#include <ctp/data/text/utf8.hpp>

namespace ctp::data {

/// Required tokens of every vocabulary, in the order of their ids in build_vocabulary().
inline constexpr std::array<std::string_view, 5> special_tokens = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

/// Most tokens of a vocabulary: bounds the memory. Published ones have up to 250 000.
inline constexpr std::size_t most_tokens = 1'000'000;

/// @brief A list of distinct tokens. A token's id is its index in the list; special tokens are found by name.
class Vocabulary {
 public:
  /// @brief `tokens`: in the order of their ids. `name`: name of the list in messages.
  ///
  /// **Errors.** DataError if there are more than most_tokens, if a token is empty, malformed UTF-8, holds a line break
  /// or is listed twice, or if a special token is missing.
  explicit Vocabulary(std::vector<std::string> tokens, const std::string& name = "vocabulary")
      : tokens_(std::move(tokens)) {
    bound(tokens_.size(), name);
    for (std::size_t i = 0; i < tokens_.size(); ++i) check(i, name);
    order_tokens(name);
    for (std::size_t i = 0; i < special_tokens.size(); ++i) {
      const std::optional<std::int32_t> id = find(special_tokens[i]);
      if (!id) {
        const std::string token(special_tokens[i]);
        throw DataError(Complaint{name, token, "the special token " + token + " on a line of its own",
                                  "none among " + std::to_string(tokens_.size()) + " tokens",
                                  "add the line, or build a vocabulary from the training titles"}
                            .text());
      }
      special_[i] = *id;
    }
  }

  /// @brief Reads the text of a vocab.txt: one token a line, the first line is id 0.
  ///
  /// Accepts a byte-order mark at the start, CRLF line ends, and a last line without a line end.
  /// **Errors.** DataError as the constructor, naming the line.
  static Vocabulary parse(std::string_view text, const std::string& name = "vocab.txt") {
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    std::vector<std::string> tokens;
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    bound(lines, name);
    tokens.reserve(lines + 1);
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      tokens.emplace_back(line);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return Vocabulary(std::move(tokens), name);
  }

  /// @brief Reads a vocab.txt.
  ///
  /// **Errors.** DataError unless `path` is a readable regular file of at most 64 MiB; and as parse().
  static Vocabulary read(const std::string& path) {
    const auto refuse = [&](const std::string& found) {
      return DataError(Complaint{path, "", "a vocabulary file with one token a line", found,
                                 "give another file, or build a vocabulary from the training titles"}
                           .text());
    };
    std::error_code failed;
    if (!std::filesystem::exists(path, failed)) throw refuse("no such file");
    if (!std::filesystem::is_regular_file(path, failed)) throw refuse("something that is not a regular file");
    const auto bytes = std::filesystem::file_size(path, failed);
    if (failed) throw refuse("a file whose size cannot be read");
    if (bytes > largest_file) throw refuse(std::to_string(bytes) + " bytes");
    std::string text(static_cast<std::size_t>(bytes), '\0');
    std::ifstream in(path, std::ios::binary);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (!in || in.gcount() != static_cast<std::streamsize>(text.size())) throw refuse("a file that cannot be read");
    return parse(text, path);
  }

  [[nodiscard]] std::size_t size() const { return tokens_.size(); }
  /// Spelling of token `id`; id < size().
  [[nodiscard]] const std::string& token(std::int32_t id) const { return tokens_.at(static_cast<std::size_t>(id)); }
  /// All tokens in the order of their ids.
  [[nodiscard]] const std::vector<std::string>& tokens() const { return tokens_; }
  /// Id of `token`, or nullopt for an unknown token.
  [[nodiscard]] std::optional<std::int32_t> find(std::string_view token) const {
    const auto first =
        std::lower_bound(order_.begin(), order_.end(), token,
                         [&](std::int32_t id, std::string_view wanted) { return this->token(id) < wanted; });
    return first != order_.end() && this->token(*first) == token ? std::optional(*first) : std::nullopt;
  }

  [[nodiscard]] std::int32_t pad() const { return special_[0]; }
  [[nodiscard]] std::int32_t unk() const { return special_[1]; }
  [[nodiscard]] std::int32_t cls() const { return special_[2]; }
  [[nodiscard]] std::int32_t sep() const { return special_[3]; }
  [[nodiscard]] std::int32_t mask() const { return special_[4]; }

  /// The content of a vocab.txt that parse() reads back. A mark stands before a first token that begins with one.
  [[nodiscard]] std::string text() const {
    std::string out = tokens_.front().starts_with(byte_order_mark) ? std::string(byte_order_mark) : "";
    for (const std::string& t : tokens_) out += t + '\n';
    return out;
  }

  friend bool operator==(const Vocabulary& a, const Vocabulary& b) { return a.tokens_ == b.tokens_; }

 private:
  static constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  static constexpr std::uintmax_t largest_file = std::uintmax_t{64} << 20U;

  static void bound(std::size_t tokens, const std::string& name) {
    if (tokens <= most_tokens) return;
    throw DataError(Complaint{name, "", "at most " + std::to_string(most_tokens) + " tokens", std::to_string(tokens),
                              "leave rare tokens out"}
                        .text());
  }

  static DataError fault(const std::string& name, std::size_t i, const std::string& expected, const std::string& found,
                         const std::string& remedy) {
    return DataError(Complaint{name, "line " + std::to_string(i + 1), expected, found, remedy}.text());
  }

  void check(std::size_t i, const std::string& name) const {
    const std::string& token = tokens_[i];
    if (token.empty()) throw fault(name, i, "a token", "an empty line", "remove the line; ids count lines");
    if (!is_utf8(token)) throw fault(name, i, "UTF-8", "malformed bytes", "save the file as UTF-8");
    if (token.find_first_of("\r\n") != std::string::npos)
      throw fault(name, i, "one token", "a line break within it", "use line feeds between tokens");
  }

  /// Fills order_. **Errors.** DataError for the first line with a token of an earlier line.
  void order_tokens(const std::string& name) {
    order_.resize(tokens_.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::sort(order_.begin(), order_.end(), [&](std::int32_t a, std::int32_t b) {
      const int order = token(a).compare(token(b));
      return order != 0 ? order < 0 : a < b;
    });
    std::int32_t again = -1, earlier = -1;
    for (std::size_t i = 1; i < order_.size(); ++i) {
      if (token(order_[i]) != token(order_[i - 1]) || (again >= 0 && again < order_[i])) continue;
      again = order_[i];
      earlier = order_[i - 1];
    }
    if (again < 0) return;
    throw fault(name, static_cast<std::size_t>(again), "a token not listed before",
                ctp::quoted(token(again)) + " as on line " + std::to_string(earlier + 1),
                "remove one of the two; ids count lines");
  }

  std::vector<std::string> tokens_;
  std::vector<std::int32_t> order_;  // ids sorted by token
  std::array<std::int32_t, special_tokens.size()> special_{};
};

/// @brief Builds a vocabulary from training titles after clean_caption().
///
/// Words are the basic tokens of for_each_basic_token(). The list is
///   1. `[PAD] [UNK] [CLS] [SEP] [MASK]`;
///   2. every character of the words;
///   3. every non-CJK character as `##x`, in the order of group 2;
///   4. every word of two or more characters that occurs at least twice.
/// Groups 2 and 4 are in order of falling frequency (of the character in all words, of the whole word), ties in order
/// of code points. The result does not depend on the order of the titles.
///
/// **Shapes.** titles: any range of elements that convert to std::string_view.
/// **Errors.** DataError if no title has a character to count.
template <class Titles>
Vocabulary build_vocabulary(const Titles& titles, bool lower_case = true) {
  std::unordered_map<char32_t, std::size_t> characters;
  std::unordered_map<std::u32string, std::size_t> words;
  for (const auto& title : titles) {
    for_each_basic_token(std::string_view(title), lower_case, [&](std::u32string_view word) {
      for (const char32_t c : word) ++characters[c];
      if (word.size() > 1) ++words[std::u32string(word)];
      return true;
    });
  }
  if (characters.empty()) {
    throw DataError(Complaint{"build_vocabulary", "titles", "at least one title with text", "none",
                              "check the titles of the training annotations"}
                        .text());
  }
  const auto ranked = [](const auto& counts, std::size_t least) {
    std::vector<std::pair<std::u32string, std::size_t>> list;
    for (const auto& [key, count] : counts) {
      if (count >= least) list.emplace_back(std::u32string() + key, count);
    }
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    return list;
  };
  std::vector<std::string> tokens(special_tokens.begin(), special_tokens.end());
  const auto singles = ranked(characters, 1);
  for (const auto& [c, count] : singles) tokens.push_back(encode_utf8(c));
  for (const auto& [c, count] : singles) {
    if (!is_cjk(c.front())) tokens.push_back("##" + encode_utf8(c));
  }
  for (const auto& [word, count] : ranked(words, 2)) tokens.push_back(encode_utf8(word));
  return Vocabulary(std::move(tokens), "built vocabulary");
}

}  // namespace ctp::data
