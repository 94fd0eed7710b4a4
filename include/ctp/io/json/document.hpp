/// @file   ctp/io/json/document.hpp
/// @brief  JSON document with strictly typed getters, for configurations and manifests.
/// @layer  io
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <numeric>
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

struct JsonValue;

/// Content of an array or an object.
struct JsonMembers {
  std::vector<JsonValue> items;        ///< an array's items, an object's values in the order of its keys
  std::vector<std::string> keys;       ///< of an object, in the order of the file
  std::vector<std::uint32_t> by_name;  ///< of an object with many keys: their indices, sorted by key
};

/// One value of a document. Plain data of 64 bytes; JsonView reads it with checks.
struct JsonValue {
  JsonKind kind = JsonKind::Null;
  bool boolean = false;
  std::uint32_t line = 1, column = 1;
  std::string text;                      ///< a string's value, a number's spelling
  std::unique_ptr<JsonMembers> members;  ///< of an array or an object
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
  [[nodiscard]] JsonPlace place() const { return {value_->line, value_->column}; }

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
    const auto found = kind() == JsonKind::Number ? detail::number_of(value_->text).as_int64() : std::nullopt;
    if (!found || *found < low || *found > high) refuse("an integer" + range_text(low, high));
    return *found;
  }
  /// As integer(), for values up to 2^64 - 1 such as seeds and hashes.
  [[nodiscard]] std::uint64_t unsigned_integer(std::uint64_t low = 0,
                                               std::uint64_t high = std::numeric_limits<std::uint64_t>::max()) const {
    const auto found = kind() == JsonKind::Number ? detail::number_of(value_->text).as_uint64() : std::nullopt;
    if (!found || *found < low || *found > high) refuse("an integer" + range_text(low, high));
    return *found;
  }
  /// A number from `low` to `high`, integer or not.
  [[nodiscard]] double number(double low = std::numeric_limits<double>::lowest(),
                              double high = std::numeric_limits<double>::max()) const {
    const double found = kind() == JsonKind::Number ? detail::number_of(value_->text).value : std::nan("");
    if (!(found >= low && found <= high)) refuse("a number" + range_text(low, high));
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
    return value_->members->items.size();
  }
  /// An item of an array.
  [[nodiscard]] JsonView at(std::size_t index) const {
    if (kind() != JsonKind::Array) refuse("an array");
    if (index >= value_->members->items.size()) {
      fail("at least " + std::to_string(index + 1) + " items", std::to_string(value_->members->items.size()), "");
    }
    return {*document_, value_->members->items[index], path_ + '[' + std::to_string(index) + ']'};
  }
  /// The keys of an object, in the order of the file.
  [[nodiscard]] const std::vector<std::string>& keys() const {
    if (kind() != JsonKind::Object) refuse("an object");
    return value_->members->keys;
  }
  /// A member of an object; nullopt if the key is missing.
  [[nodiscard]] std::optional<JsonView> find(std::string_view key) const {
    const std::vector<std::string>& names = keys();
    const std::vector<std::uint32_t>& order = value_->members->by_name;
    std::size_t at = 0;
    if (order.empty()) {
      while (at < names.size() && names[at] != key) ++at;
    } else {
      const auto first = std::lower_bound(order.begin(), order.end(), key,
                                          [&](std::uint32_t i, std::string_view wanted) { return names[i] < wanted; });
      at = first != order.end() ? *first : names.size();
    }
    if (at == names.size() || names[at] != key) return std::nullopt;
    return JsonView(*document_, value_->members->items[at],
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
      const std::string& key = value_->members->keys[i];
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
  detail::throw_as(document_->error(), Complaint{detail::place_text(document_->origin(), place()), path_,
                                                 std::move(expected), std::move(found), std::move(remedy)}
                                           .text());
}

namespace detail {

/// Builds a document from events. The pointers in `open_` stay valid, since only the innermost container grows.
class DocumentBuilder : public JsonHandler {
 public:
  explicit DocumentBuilder(std::size_t most_values) : most_values_(most_values) {}

  void null() override { add(JsonKind::Null); }
  void boolean(bool v) override { add(JsonKind::Boolean).boolean = v; }
  void number(const JsonNumber& /*v*/) override { add(JsonKind::Number).text = token(); }
  void string(std::string& v) override { add(JsonKind::String).text = std::move(v); }
  void key(const std::string& name) override { open_.back()->members->keys.push_back(name); }
  void begin_object() override { open(JsonKind::Object); }
  void begin_array() override { open(JsonKind::Array); }
  void end_object() override {
    JsonMembers& members = *open_.back()->members;
    if (members.keys.size() > 16) {
      members.by_name.resize(members.keys.size());
      std::iota(members.by_name.begin(), members.by_name.end(), 0U);
      std::sort(members.by_name.begin(), members.by_name.end(),
                [&](std::uint32_t a, std::uint32_t b) { return members.keys[a] < members.keys[b]; });
    }
    open_.pop_back();
  }
  void end_array() override { open_.pop_back(); }

  JsonValue root;

 private:
  JsonValue& add(JsonKind kind) {
    if (++values_ > most_values_) refuse("at most " + std::to_string(most_values_) + " values in the file");
    JsonValue& value = open_.empty() ? root : open_.back()->members->items.emplace_back();
    const JsonPlace at = next_place();
    value.kind = kind;
    value.line = static_cast<std::uint32_t>(std::min<std::size_t>(at.line, UINT32_MAX));
    value.column = static_cast<std::uint32_t>(std::min<std::size_t>(at.column, UINT32_MAX));
    return value;
  }
  void open(JsonKind kind) {
    JsonValue& value = add(kind);
    value.members = std::make_unique<JsonMembers>();
    open_.push_back(&value);
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

  std::size_t most_values_, values_ = 0;
  std::vector<JsonValue*> open_;
  const char* counted_ = nullptr;
  JsonPlace at_;
};

}  // namespace detail

/// Values that a document may have: bounds its memory, whatever the text. Configurations have hundreds.
inline constexpr std::size_t default_json_values = 120'000;

/// @brief Parses a document from text. `origin`: name of the file in messages.
///
/// Takes at most twice the memory of the text and 32 MB. **Errors.** as parse_json(); more than `most_values` values.
inline JsonDocument parse_json_document(std::string_view text, std::string origin, const JsonOptions& options = {},
                                        std::size_t most_values = default_json_values) {
  detail::DocumentBuilder builder(most_values);
  parse_json(text, origin, builder, options);
  return {std::move(builder.root), std::move(origin), options.error};
}

inline constexpr std::uint64_t default_json_limit = std::uint64_t{8} << 20U;  ///< bytes of a file

/// Parses a document from a file. **Errors.** as read_text() and parse_json().
inline JsonDocument read_json(const std::string& path, const JsonOptions& options = {},
                              std::uint64_t limit = default_json_limit) {
  const std::string text = read_text(path, limit);
  return parse_json_document(text, path, options);
}

}  // namespace ctp::io
