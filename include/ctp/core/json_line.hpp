/// @file   ctp/core/json_line.hpp
/// @brief  Writer of small JSON objects, one per line, without a JSON library.
/// @layer  core
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>

namespace ctp {

namespace detail {

template <class Value>
concept WritesJson = requires(const Value& value, std::string& out) { value.append_to(out); };

template <class Number>
void append_json_number(std::string& out, Number value) {
  std::array<char, 32> digits{};  // the longest double takes 24 characters
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), end.ptr);
}

/// Appends a value of any type that JsonLine::add() accepts; a range becomes an array.
template <class Value>
void append_json(std::string& out, const Value& value) {
  if constexpr (std::same_as<Value, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::same_as<Value, std::nullptr_t>) {
    out += "null";
  } else if constexpr (std::integral<Value>) {
    static_assert(!std::same_as<Value, char>, "a single char is neither a number nor a string here; pass a string");
    append_json_number(out, value);
  } else if constexpr (std::floating_point<Value>) {
    static_assert(sizeof(Value) <= sizeof(double), "long double has no place in JSON; pass a double");
    if (std::isfinite(value)) {
      append_json_number(out, value);
    } else {
      out += "null";
    }
  } else if constexpr (std::convertible_to<const Value&, std::string_view>) {
    append_json_string(out, value);
  } else if constexpr (WritesJson<Value>) {
    value.append_to(out);
  } else {
    out += '[';
    bool first = true;
    for (const auto& item : value) {
      if (!std::exchange(first, false)) out += ',';
      append_json<std::remove_cvref_t<decltype(item)>>(out, item);
    }
    out += ']';
  }
}

}  // namespace detail

/// @brief A JSON array of items of different types, built item by item.
class JsonArray {
 public:
  /// Appends one item of any type that JsonLine::add() accepts.
  template <class Value>
  JsonArray& push(const Value& value) {
    if (!text_.empty()) text_ += ',';
    detail::append_json(text_, value);
    return *this;
  }
  [[nodiscard]] std::string text() const { return '[' + text_ + ']'; }
  void append_to(std::string& out) const { ((out += '[') += text_) += ']'; }

 private:
  std::string text_;  // without the brackets
};

/// @brief A JSON object on one line, written in the order of the calls: `JsonLine().add("kind", "step").add("loss",
/// 0.5)`.
///
/// Values: bool, integers, float, double, text, nullptr, another JsonLine, a JsonArray, and any range of these. Numbers
/// are printed with the fewest digits that read back to the same value; NaN and infinities, which JSON lacks, become
/// null.
class JsonLine {
 public:
  /// Adds one member. **Errors.** UsageError if the object has this key already.
  template <class Value>
  JsonLine& add(std::string_view key, const Value& value) {
    begin_member(key);
    detail::append_json(text_, value);
    return *this;
  }
  /// Removes all members and keeps the memory, so that a reused line does not allocate.
  void clear() noexcept {
    text_.clear();
    keys_.clear();
  }
  /// The object, without a line end.
  [[nodiscard]] std::string text() const { return '{' + text_ + '}'; }
  void append_to(std::string& out) const { ((out += '{') += text_) += '}'; }

 private:
  void begin_member(std::string_view key) {
    const std::size_t before = text_.size();
    if (before != 0) text_ += ',';
    const std::size_t start = text_.size();
    append_json_string(text_, key);
    const std::string_view written = std::string_view(text_).substr(start);
    for (const auto& [at, length] : keys_) {
      if (std::string_view(text_).substr(at, length) != written) continue;
      const std::string name(written);
      text_.resize(before);
      throw UsageError(Complaint{"JsonLine", name, "every key once", "it twice", ""}.text());
    }
    keys_.emplace_back(start, written.size());
    text_ += ':';
  }

  std::string text_;                                       // without the braces
  std::vector<std::pair<std::size_t, std::size_t>> keys_;  // position and length of each key in text_
};

}  // namespace ctp
