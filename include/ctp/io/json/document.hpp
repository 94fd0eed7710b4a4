/// @file   ctp/io/json/document.hpp
/// @brief  JSON document with strictly typed getters, for configurations and manifests.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/json/parse.hpp>
#include <ctp/io/suggest.hpp>

namespace ctp::io {

enum class JsonKind : std::uint8_t { Null, Boolean, Number, String, Object, Array };

/// One value of a document. Plain data; JsonView reads it with checks.
struct JsonValue {
  JsonKind kind = JsonKind::Null;
  bool boolean = false;
  JsonPlace place;
  JsonNumber number;
  std::string text;               ///< a string's value, a number's spelling
  std::vector<std::string> keys;  ///< of an object, in the order of the file
  std::vector<JsonValue> items;   ///< an array's items, an object's values in the order of its keys
};

class JsonDocument;

/// @brief View of a value with its path in the document. Valid as long as the document lives.
///
/// **Errors.** Every getter throws the exception type of JsonOptions::error, naming file, line, column, path, expected
/// and found.
class JsonView {
 public:
  [[nodiscard]] JsonKind kind() const { return value_->kind; }
  [[nodiscard]] bool is_null() const { return kind() == JsonKind::Null; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] JsonPlace place() const { return value_->place; }

  [[nodiscard]] bool boolean() const {
    if (kind() != JsonKind::Boolean) refuse("true or false");
    return value_->boolean;
  }
  [[nodiscard]] const std::string& string() const {
    if (kind() != JsonKind::String) refuse("a string");
    return value_->text;
  }
  /// An integer from `low` to `high`. Refuses the spellings 3.0, 1e3 and -0.
  [[nodiscard]] std::int64_t integer(std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                                     std::int64_t high = std::numeric_limits<std::int64_t>::max()) const {
    const auto found = kind() == JsonKind::Number ? value_->number.as_int64() : std::nullopt;
    if (!found || *found < low || *found > high) refuse("an integer" + range_text(low, high));
    return *found;
  }
  /// As integer(), for values up to 2^64 - 1 such as seeds and hashes.
  [[nodiscard]] std::uint64_t unsigned_integer(std::uint64_t low = 0,
                                               std::uint64_t high = std::numeric_limits<std::uint64_t>::max()) const {
    const auto found = kind() == JsonKind::Number ? value_->number.as_uint64() : std::nullopt;
    if (!found || *found < low || *found > high) refuse("an integer" + range_text(low, high));
    return *found;
  }
  /// A number from `low` to `high`, integer or not.
  [[nodiscard]] double number(double low = std::numeric_limits<double>::lowest(),
                              double high = std::numeric_limits<double>::max()) const {
    const double found = value_->number.value;
    if (kind() != JsonKind::Number || !(found >= low && found <= high)) refuse("a number" + range_text(low, high));
    return found;
  }

  /// A number in the spelling of the file.
  [[nodiscard]] const std::string& number_text() const {
    if (kind() != JsonKind::Number) refuse("a number");
    return value_->text;
  }

  /// Number of items of an array or members of an object.
  [[nodiscard]] std::size_t size() const {
    if (kind() != JsonKind::Array && kind() != JsonKind::Object) refuse("an array or an object");
    return value_->items.size();
  }
  /// An item of an array.
  [[nodiscard]] JsonView at(std::size_t index) const {
    if (kind() != JsonKind::Array) refuse("an array");
    if (index >= value_->items.size()) {
      fail("at least " + std::to_string(index + 1) + " items", std::to_string(value_->items.size()), "");
    }
    return {*document_, value_->items[index], path_ + '[' + std::to_string(index) + ']'};
  }
  /// The keys of an object, in the order of the file.
  [[nodiscard]] const std::vector<std::string>& keys() const {
    if (kind() != JsonKind::Object) refuse("an object");
    return value_->keys;
  }
  /// A member of an object; nullopt if the key is missing.
  [[nodiscard]] std::optional<JsonView> find(std::string_view key) const {
    const auto at = std::find(keys().begin(), keys().end(), key);
    if (at == keys().end()) return std::nullopt;
    return JsonView(*document_, value_->items[static_cast<std::size_t>(at - keys().begin())],
                    (path_.empty() ? "" : path_ + '.') + detail::path_part(key));
  }
  /// A required member of an object.
  [[nodiscard]] JsonView at(std::string_view key) const {
    if (auto member = find(key)) return std::move(*member);
    fail("the key " + ctp::quoted(key), "no such key", "");
  }
  /// Throws if the object has a key outside `known`, and suggests the nearest known key.
  void allow_only(std::span<const std::string_view> known) const {
    for (std::size_t i = 0; i < keys().size(); ++i) {
      const std::string& key = value_->keys[i];
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      find(key)->fail("a known key", "the unknown key " + ctp::quoted(key), suggestion(key, known));
    }
  }
  void allow_only(std::initializer_list<std::string_view> known) const {
    allow_only(std::span<const std::string_view>(known.begin(), known.size()));
  }
  /// Throws an error about this value; for the caller's own rules.
  [[noreturn]] void fail(std::string expected, std::string found, std::string remedy) const;

 private:
  friend class JsonDocument;
  JsonView(const JsonDocument& document, const JsonValue& value, std::string path)
      : document_(&document), value_(&value), path_(std::move(path)) {}

  [[noreturn]] void refuse(std::string expected) const { fail(std::move(expected), found_text(), ""); }
  [[nodiscard]] std::string found_text() const {
    switch (value_->kind) {
      case JsonKind::Null:
        return "null";
      case JsonKind::Boolean:
        return value_->boolean ? "true" : "false";
      case JsonKind::Number:
        return value_->text.size() > 80 ? ctp::quoted(value_->text, 80) : value_->text;
      case JsonKind::String:
        return "the string " + ctp::quoted(value_->text, 80);
      case JsonKind::Object:
        return "an object";
      case JsonKind::Array:
        return "an array";
    }
    return {};
  }
  template <class Number>
  static std::string range_text(Number low, Number high) {
    constexpr auto least = std::numeric_limits<Number>::lowest(), most = std::numeric_limits<Number>::max();
    std::string a, b;
    ctp::detail::append_json_number(a, low);
    ctp::detail::append_json_number(b, high);
    if (low != least && high != most) return " from " + a + " to " + b;
    if (low != least || low == Number(0)) return " >= " + a;
    return high != most ? " <= " + b : "";
  }

  const JsonDocument* document_;
  const JsonValue* value_;
  std::string path_;
};

/// @brief A parsed file. Must neither move nor die while views refer to it.
class JsonDocument {
 public:
  JsonDocument(JsonValue value, std::string origin, ErrorCode error)
      : value_(std::move(value)), origin_(std::move(origin)), error_(error) {}

  [[nodiscard]] JsonView root() const& { return {*this, value_, ""}; }
  JsonView root() && = delete;  // the view would outlive the document
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  [[nodiscard]] ErrorCode error() const noexcept { return error_; }

 private:
  JsonValue value_;
  std::string origin_;
  ErrorCode error_;
};

inline void JsonView::fail(std::string expected, std::string found, std::string remedy) const {
  detail::throw_as(document_->error(), Complaint{detail::place_text(document_->origin(), value_->place), path_,
                                                 std::move(expected), std::move(found), std::move(remedy)}
                                           .text());
}

namespace detail {

/// Builds a document from events. The pointers in `open_` stay valid, since only the innermost container grows.
class DocumentBuilder : public JsonHandler {
 public:
  void null() override { add(JsonKind::Null); }
  void boolean(bool v) override { add(JsonKind::Boolean).boolean = v; }
  void number(const JsonNumber& v) override {
    JsonValue& value = add(JsonKind::Number);
    value.number = v;
    value.text = token();
  }
  void string(std::string& v) override { add(JsonKind::String).text = std::move(v); }
  void key(const std::string& name) override { open_.back()->keys.push_back(name); }
  void begin_object() override { open_.push_back(&add(JsonKind::Object)); }
  void begin_array() override { open_.push_back(&add(JsonKind::Array)); }
  void end_object() override { open_.pop_back(); }
  void end_array() override { open_.pop_back(); }

  JsonValue root;

 private:
  JsonValue& add(JsonKind kind) {
    JsonValue& value = open_.empty() ? root : open_.back()->items.emplace_back();
    value.kind = kind;
    value.place = next_place();
    return value;
  }
  /// Counts lines from the last value on, so that all places of a document cost one pass over its text.
  JsonPlace next_place() {
    const char* const at = token().data();
    if (counted_ == nullptr) {
      at_ = place();
    } else {
      for (; counted_ != at; ++counted_) {
        if (*counted_ == '\n') {
          ++at_.line;
          at_.column = 1;
        } else if ((static_cast<unsigned char>(*counted_) & 0xC0U) != 0x80U) {
          ++at_.column;
        }
      }
    }
    counted_ = at;
    return at_;
  }

  std::vector<JsonValue*> open_;
  const char* counted_ = nullptr;
  JsonPlace at_;
};

}  // namespace detail

/// Parses a document from text. `origin`: name of the file in messages. **Errors.** as parse_json().
inline JsonDocument parse_json_document(std::string_view text, std::string origin, const JsonOptions& options = {}) {
  detail::DocumentBuilder builder;
  parse_json(text, origin, builder, options);
  return {std::move(builder.root), std::move(origin), options.error};
}

inline constexpr std::uint64_t default_json_limit = std::uint64_t{64}
                                                    << 20U;  ///< bytes; a document takes about 20 times its text

/// Parses a document from a file. **Errors.** as read_text() and parse_json().
inline JsonDocument read_json(const std::string& path, const JsonOptions& options = {},
                              std::uint64_t limit = default_json_limit) {
  const std::string text = read_text(path, limit);
  return parse_json_document(text, path, options);
}

}  // namespace ctp::io
