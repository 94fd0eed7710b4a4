/// @file   ctp/io/json/parse.hpp
/// @brief  Strict event-based (SAX) JSON parser with the source position of every event.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/io/json/number.hpp>
#include <ctp/io/json/repair.hpp>

namespace ctp::io {

struct JsonOptions {
  std::size_t max_depth = 64;         ///< largest nesting of objects and arrays
  bool comments = false;              ///< allow // and /* */
  bool lenient = false;               ///< accept NaN, numbers beyond double and lone surrogates; not with comments
  ErrorCode error = ErrorCode::Data;  ///< type of the exceptions: Data, or Usage for configurations
};

/// A line and a column, both from 1. Columns count characters, not bytes.
struct JsonPlace {
  std::size_t line = 1, column = 1;
};

namespace detail {

[[noreturn]] inline void throw_as(ErrorCode code, const std::string& text) {
  if (code == ErrorCode::Usage) throw UsageError(text);
  if (code == ErrorCode::Data) throw DataError(text);
  throw Error(code, text);
}

inline std::string place_text(const std::string& origin, JsonPlace at) {
  return origin + ", line " + std::to_string(at.line) + ", column " + std::to_string(at.column);
}

/// A key within a path: unquoted if it has no special characters, otherwise quoted and shortened.
inline std::string path_part(std::string_view key) {
  std::string text = ctp::quoted(key, 80);
  if (text.size() == key.size() + 2) return text.substr(1, key.size());  // nothing was escaped or cut
  return text;
}

class JsonScanner;

}  // namespace detail

/// @brief Receiver of the events of parse_json(). Every event has an empty default implementation.
///
/// string() may move from its argument. The parser checks depth, duplicate keys and syntax before it sends an event.
class JsonHandler {
 public:
  JsonHandler() = default;
  JsonHandler(const JsonHandler&) = delete;
  JsonHandler& operator=(const JsonHandler&) = delete;
  virtual ~JsonHandler() = default;

  virtual void null() {}
  virtual void boolean(bool /*value*/) {}
  virtual void number(const JsonNumber& /*value*/) {}
  virtual void string(std::string& /*value*/) {}
  virtual void begin_object() {}
  virtual void key(const std::string& /*name*/) {}
  virtual void end_object() {}
  virtual void begin_array() {}
  virtual void end_array() {}

 protected:
  // For use within an event.
  [[nodiscard]] JsonPlace place() const;         ///< position of the value or key of this event
  [[nodiscard]] std::string_view token() const;  ///< text of the value or key in the file
  [[nodiscard]] std::string path() const;        ///< "items[3].title"; empty for the root
  [[nodiscard]] std::size_t depth() const;       ///< open objects and arrays, including one that this event begins
  [[nodiscard]] bool replaced() const;           ///< lenient: a lone surrogate of this string or key became U+FFFD
  /// Throws with file, line, column, path and token.
  [[noreturn]] void refuse(std::string expected, std::string remedy = {}) const;

 private:
  friend class detail::JsonScanner;
  const detail::JsonScanner* scanner_ = nullptr;
};

namespace detail {

/// Character iterator for nlohmann's lexer that records the lexer's position.
class CountingCursor {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingCursor() = default;
  CountingCursor(const char* at, const char** reached) : at_(at), reached_(reached) {}
  const char& operator*() const { return *at_; }
  CountingCursor& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  CountingCursor operator++(int) {
    CountingCursor old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const CountingCursor& a, const CountingCursor& b) { return a.at_ == b.at_; }
  friend bool operator!=(const CountingCursor& a, const CountingCursor& b) { return a.at_ != b.at_; }

 private:
  const char* at_ = nullptr;
  const char** reached_ = nullptr;
};

/// Adapter from nlohmann's SAX parser to a JsonHandler; adds positions, depth and the check for duplicate keys.
class JsonScanner {
 public:
  JsonScanner(std::string_view text, std::string_view origin, const JsonOptions& options, JsonHandler& handler)
      : text_(text), origin_(origin), options_(options), handler_(handler) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  void run() {
    refuse_other_encodings();
    if (options_.lenient && !options_.comments) repaired_ = repair_json(text_);
    lexed_ = repaired_.text.empty() ? text_ : std::string_view(repaired_.text);
    reached_ = lexed_.data();
    const JsonScanner* outer = std::exchange(handler_.scanner_, this);
    struct Restore {
      JsonHandler& handler;
      const JsonScanner* outer;
      ~Restore() { handler.scanner_ = outer; }
    } restore{handler_, outer};
    nlohmann::json::sax_parse(CountingCursor(lexed_.data(), &reached_),
                              CountingCursor(lexed_.data() + lexed_.size(), &reached_), this,
                              nlohmann::json::input_format_t::json, true, options_.comments);
  }

  // The SAX interface of nlohmann::json::sax_parse.
  bool null() {
    return value([&] { handler_.null(); });
  }
  bool boolean(bool v) {
    return value([&] { handler_.boolean(v); });
  }
  bool number_integer(std::int64_t v) {  // only called for numbers with a minus sign
    const std::uint64_t magnitude = v == 0 ? 0 : static_cast<std::uint64_t>(-(v + 1)) + 1;
    return number({true, false, magnitude, v == 0 ? -0.0 : static_cast<double>(v)});
  }
  bool number_unsigned(std::uint64_t v) { return number({true, false, v, static_cast<double>(v)}); }
  bool number_float(double v, const std::string& /*text*/) { return number({false, false, 0, v}); }
  bool string(std::string& v) {
    return value([&] { handler_.string(v); });
  }
  bool binary(nlohmann::json::binary_t& /*v*/) { return false; }  // not in text
  bool start_object(std::size_t /*count*/) { return open(true); }
  bool start_array(std::size_t /*count*/) { return open(false); }
  bool key(std::string& name) {
    begin_token();
    // Different lone surrogates are different keys, although both are read as U+FFFD.
    frames_[depth_ - 1].keys.push_back({replaced() ? std::string(token()) : name, start_});
    handler_.key(name);
    end_token();
    return true;
  }
  bool end_object() {
    begin_token();
    refuse_duplicates(frames_[depth_ - 1].keys);
    frames_[depth_ - 1].keys.clear();  // path() now names the object itself
    handler_.end_object();
    close();
    return true;
  }
  bool end_array() {
    begin_token();
    frames_[depth_ - 1].items = 0;
    handler_.end_array();
    close();
    return true;
  }
  template <class Exception>
  bool parse_error(std::size_t position, const std::string& /*token*/, const Exception& problem) {
    std::string_view text = problem.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 3: syntax error while ...; last read: '...';
    // expected ..."
    if (const auto end = text.find("] "); end != text.npos) text.remove_prefix(end + 2);
    if (const auto end = text.find(": "); text.starts_with("parse error at") && end != text.npos)
      text.remove_prefix(end + 2);
    const std::string_view rest = text;
    text = text.substr(0, std::min(text.find("; last read:"), text.find("; expected ")));
    std::string expected = "valid JSON";
    if (const auto at = rest.rfind("; expected "); at != rest.npos) expected = rest.substr(at + 11);
    // `position` counts the characters that were read, the end of the text as one of them.
    fail(std::min(position == 0 ? 0 : position - 1, text_.size()), path(), std::move(expected), clean(text), "");
  }

  [[nodiscard]] JsonPlace place(std::size_t offset) const {
    const std::string_view before = text_.substr(0, offset);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    JsonPlace at;
    at.line += static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    for (const char c : before.substr(line_start))
      at.column += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
    return at;
  }
  [[nodiscard]] JsonPlace place() const { return place(start_); }
  [[nodiscard]] std::string_view token() const { return text_.substr(start_, end_ - start_); }
  [[nodiscard]] std::size_t depth() const { return depth_; }
  [[nodiscard]] bool replaced() const {
    const auto first = std::lower_bound(repaired_.surrogates.begin(), repaired_.surrogates.end(), start_);
    return first != repaired_.surrogates.end() && *first < end_;
  }
  [[nodiscard]] std::string path() const {
    std::string path;
    for (std::size_t i = 0; i < depth_; ++i) {
      const Frame& frame = frames_[i];
      if (frame.object && !frame.keys.empty()) path += (path.empty() ? "" : ".") + path_part(frame.keys.back().name);
      if (!frame.object && frame.items != 0) path += '[' + std::to_string(frame.items - 1) + ']';
    }
    return path;
  }
  [[noreturn]] void refuse(std::string expected, std::string remedy) const {
    fail(start_, path(), std::move(expected), clean(token()), std::move(remedy));
  }

 private:
  struct Key {
    std::string name;
    std::size_t offset;
  };
  struct Frame {
    bool object = false;
    std::size_t items = 0;  // of an array, with the current one
    std::vector<Key> keys;
  };

  [[noreturn]] void fail(std::size_t offset, std::string what, std::string expected, std::string found,
                         std::string remedy) const {
    throw_as(options_.error, Complaint{place_text(std::string(origin_), place(offset)), std::move(what),
                                       std::move(expected), std::move(found), std::move(remedy)}
                                 .text());
  }
  /// Text of the file for a message: escaped and shortened, quoted only if it needs escapes.
  static std::string clean(std::string_view text) {
    if (text.size() > 1 && text.front() == '"') return ctp::quoted(text.substr(1, text.size() - 2), 80);
    if (text == "{") return "an object";
    if (text == "[") return "an array";
    const std::string safe = ctp::quoted(text, 160);
    return safe.size() == text.size() + 2 ? std::string(text) : safe;
  }

  void refuse_other_encodings() const {
    const auto starts = [&](std::string_view mark) { return text_.starts_with(mark); };
    if (starts("\xFF\xFE") || starts("\xFE\xFF")) fail(0, "", "UTF-8", "UTF-16", "save the file as UTF-8");
    // The lexer would take a NUL for the end of the text.
    if (const auto at = text_.find('\0'); at != text_.npos) fail(at, "", "UTF-8 text", "a NUL byte", "");
  }
  /// Finds duplicate keys of a finished object by sorting, which has no slow worst case, unlike hashing.
  void refuse_duplicates(std::vector<Key>& keys) {
    std::sort(keys.begin(), keys.end(), [](const Key& a, const Key& b) {
      const int order = a.name.compare(b.name);
      return order != 0 ? order < 0 : a.offset < b.offset;
    });
    const auto twice =
        std::adjacent_find(keys.begin(), keys.end(), [](const Key& a, const Key& b) { return a.name == b.name; });
    if (twice == keys.end()) return;
    const Key second = *std::next(twice);
    keys.clear();
    const std::string inside = path();
    fail(second.offset, inside.empty() ? path_part(second.name) : inside + '.' + path_part(second.name),
         "every key once", "a duplicate key", "remove one of them");
  }

  /// Finds the start of this event's token: after the last token, white space, separators and comments.
  void begin_token() {
    end_ = static_cast<std::size_t>(reached_ - lexed_.data());
    // The lexer has to read one character past a number, except at the end of the text.
    if (in_number_ && (lexed_[end_ - 1] < '0' || lexed_[end_ - 1] > '9')) --end_;
    start_ = done_;
    for (;;) {
      while (start_ < end_ && std::string_view(" \t\r\n,:").find(text_[start_]) != std::string_view::npos) ++start_;
      if (start_ >= end_ || text_[start_] != '/') return;
      const bool line = start_ + 1 < text_.size() && text_[start_ + 1] == '/';
      const auto stop = line ? text_.find_first_of("\n\r", start_) : text_.find("*/", start_ + 2);
      start_ = std::min(end_, stop == std::string_view::npos ? end_ : stop + (line ? 1 : 2));
    }
  }
  void end_token() { done_ = end_; }
  void count_item() {
    if (depth_ != 0 && !frames_[depth_ - 1].object) ++frames_[depth_ - 1].items;
  }
  template <class Event>
  bool value(Event&& event) {
    begin_token();
    count_item();
    event();
    end_token();
    return true;
  }
  bool number(JsonNumber v) {
    in_number_ = true;
    begin_token();
    in_number_ = false;
    v.negative = text_[start_] == '-';
    count_item();
    handler_.number(v);
    end_token();
    return true;
  }
  bool open(bool object) {
    begin_token();
    count_item();
    if (depth_ == options_.max_depth) {
      fail(start_, "", "at most " + std::to_string(options_.max_depth) + " levels of objects and arrays", "one more",
           "");
    }
    if (depth_ == frames_.size()) frames_.emplace_back();
    Frame& frame = frames_[depth_++];
    frame.object = object;
    frame.items = 0;
    frame.keys.clear();
    if (object) {
      handler_.begin_object();
    } else {
      handler_.begin_array();
    }
    end_token();
    return true;
  }
  void close() {
    --depth_;
    end_token();
  }

  std::string_view text_, origin_;
  RepairedJson repaired_;   // of a lenient parse
  std::string_view lexed_;  // what the lexer reads: text_, or the repaired text of equal length
  JsonOptions options_;
  JsonHandler& handler_;
  const char* reached_ = nullptr;  // one past the last character that the lexer has seen
  std::size_t start_ = 0, end_ = 0, done_ = 0;
  bool in_number_ = false;
  std::vector<Frame> frames_;  // the first depth_ are open; the others are kept for reuse
  std::size_t depth_ = 0;
};

}  // namespace detail

inline JsonPlace JsonHandler::place() const { return scanner_->place(); }
inline std::string_view JsonHandler::token() const { return scanner_->token(); }
inline std::string JsonHandler::path() const { return scanner_->path(); }
inline std::size_t JsonHandler::depth() const { return scanner_->depth(); }
inline bool JsonHandler::replaced() const { return scanner_->replaced(); }
inline void JsonHandler::refuse(std::string expected, std::string remedy) const {
  scanner_->refuse(std::move(expected), std::move(remedy));
}

/// @brief Parses `text`, which must be exactly one JSON value, and sends its events to `handler`.
///
/// `origin`: name of the file in messages. A UTF-8 byte-order mark at the start is skipped. Memory grows with the keys
/// of open objects, not with the text; a lenient parse copies a text in which it replaces something.
/// **Errors.** DataError (or the type of `options.error`) with line and column for a syntax error, UTF-16, a NUL byte,
/// malformed UTF-8, a number outside double, a duplicate key, too much depth. A duplicate key is detected at the end of
/// its object.
inline void parse_json(std::string_view text, std::string_view origin, JsonHandler& handler,
                       const JsonOptions& options = {}) {
  detail::JsonScanner(text, origin, options, handler).run();
}

}  // namespace ctp::io
