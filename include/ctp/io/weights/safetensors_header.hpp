/// @file   ctp/io/weights/safetensors_header.hpp
/// @brief  Parser of the header of a safetensors file; checks every rule of the format before data is allocated.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/io/json/parse.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// Limits of the format and of this library.
namespace safetensors_limits {
inline constexpr std::uint64_t header_bytes = 100'000'000;
inline constexpr std::size_t entries = 100'000;  ///< tensors
inline constexpr std::size_t metadata_entries = 65'536;
inline constexpr std::size_t name_bytes = 1'024;
inline constexpr std::size_t dimensions = 8;
inline constexpr std::size_t metadata_bytes = std::size_t{16} << 20U;  ///< all keys and values of the metadata
}  // namespace safetensors_limits

/// Header entry of one tensor. Offsets count from the end of the header, bytes.
struct SafetensorsEntry {
  std::string name;
  DType dtype = DType::F32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

/// A valid header. The entries, in this order, cover the data without gap or overlap.
struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;
};

namespace detail {

inline constexpr const char* damaged_file_remedy = "the file is damaged or incomplete: fetch or write it again";

/// Collects the entries from the events of the header and refuses violations of the format.
class SafetensorsHeaderReader : public JsonHandler {
 public:
  SafetensorsHeaderReader(std::string_view origin, std::uint64_t data_bytes)
      : origin_(origin), data_bytes_(data_bytes) {}

  void null() override { reject("null"); }
  void boolean(bool v) override { reject(v ? "true" : "false"); }
  void number(const JsonNumber& v) override {
    if (depth() != 3 || !(field_ == "shape" || field_ == "data_offsets")) reject(token_text());
    const std::optional<std::uint64_t> whole = v.as_uint64();
    if (field_ == "shape") {
      if (!whole || *whole > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        fail("shape", "non-negative integers below 2^63", token_text());
      }
      if (entry_.shape.size() == safetensors_limits::dimensions) {
        fail("shape", "at most " + std::to_string(safetensors_limits::dimensions) + " dimensions", "more");
      }
      entry_.shape.push_back(static_cast<std::int64_t>(*whole));
    } else {
      if (!whole) fail("data_offsets", "two non-negative integers below 2^64", token_text());
      if (offsets_ == 2) fail("data_offsets", "two integers", "more than two");
      (offsets_++ == 0 ? entry_.begin : entry_.end) = *whole;
    }
  }
  void string(std::string& v) override {
    if (depth() == 2 && in_metadata_) {
      metadata_bytes_ += v.size() + field_.size();
      if (metadata_bytes_ > safetensors_limits::metadata_bytes) {
        whole_file("__metadata__", "at most " + std::to_string(safetensors_limits::metadata_bytes) + " bytes", "more");
      }
      header_.metadata[field_] = std::move(v);
    } else if (depth() == 2 && field_ == "dtype") {
      const std::optional<DType> dtype = dtype_from_name(v);
      if (!dtype) refuse_dtype(v);
      entry_.dtype = *dtype;
    } else {
      reject("the string " + ctp::quoted(v, 80));
    }
  }
  void begin_object() override {
    if (depth() > 2) reject("an object");
    if (depth() == 2) {
      entry_ = {};
      offsets_ = fields_ = 0;
    }
  }
  void key(const std::string& name) override {
    if (depth() == 1) {
      begin_entry(name);
      return;
    }
    field_ = name;
    if (in_metadata_) {
      if (++metadata_count_ > safetensors_limits::metadata_entries) {
        whole_file("__metadata__", "at most " + std::to_string(safetensors_limits::metadata_entries) + " entries",
                   "more");
      }
      return;
    }
    const unsigned bit = name == "dtype" ? 1 : name == "shape" ? 2 : name == "data_offsets" ? 4 : 0;
    if (bit == 0) fail("", "the keys dtype, shape and data_offsets only", "the key " + ctp::quoted(name, 80));
    if ((fields_ & bit) != 0) fail(name, "every key once", "a duplicate key");
    fields_ |= bit;
  }
  void end_object() override {
    if (depth() != 2 || in_metadata_) return;
    for (const auto& [bit, field] : {std::pair{1U, "dtype"}, std::pair{2U, "shape"}, std::pair{4U, "data_offsets"}}) {
      if ((fields_ & bit) == 0) fail("", "the keys dtype, shape and data_offsets", std::string("no ") + field);
    }
    end_entry();
  }
  void begin_array() override {
    if (depth() != 3 || in_metadata_ || !(field_ == "shape" || field_ == "data_offsets")) reject("an array");
  }
  void end_array() override {
    if (field_ == "data_offsets" && offsets_ != 2) fail("data_offsets", "two integers", std::to_string(offsets_));
  }

  /// The entries in the order of their data. Call once, after the whole text was parsed.
  SafetensorsHeader take() {
    std::vector<SafetensorsEntry>& entries = header_.entries;
    std::sort(entries.begin(), entries.end(), [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    std::uint64_t reached = 0;
    for (const SafetensorsEntry& entry : entries) {
      if (entry.begin != reached) {
        name_ = entry.name;
        fail("data_offsets", "data that begins at " + std::to_string(reached) + ", where the data before it ends",
             std::to_string(entry.begin) + (entry.begin > reached ? " (a gap)" : " (an overlap)"));
      }
      reached = entry.end;
    }
    if (reached != data_bytes_) {
      whole_file("data", std::to_string(reached) + " bytes behind the header, where the tensors end",
                 std::to_string(data_bytes_) + " bytes");
    }
    return std::move(header_);
  }

 private:
  void begin_entry(const std::string& name) {
    named_ = true;
    name_ = name;
    field_.clear();
    fields_ = 0;
    in_metadata_ = name == "__metadata__";
    if (in_metadata_) return;
    if (name.size() > safetensors_limits::name_bytes) {
      fail("name", "at most " + std::to_string(safetensors_limits::name_bytes) + " bytes",
           std::to_string(name.size()) + " bytes");
    }
    if (name.find('\0') != std::string::npos) fail("name", "no NUL in it", "a NUL");
    if (header_.entries.size() == safetensors_limits::entries) {
      whole_file("header", "at most " + std::to_string(safetensors_limits::entries) + " tensors", "more");
    }
  }
  void end_entry() {
    if (entry_.begin > entry_.end) {
      fail("data_offsets", "begin <= end", "[" + std::to_string(entry_.begin) + "," + std::to_string(entry_.end) + "]");
    }
    const auto bytes = checked_byte_count(entry_.dtype, entry_.shape);
    const auto shape = [&] { return NamedTensor{{}, entry_.dtype, entry_.shape, {}}.shape_text(); };
    if (!bytes && dtype_bits(entry_.dtype) < 8 && checked_element_count(entry_.shape)) {
      fail("shape", "elements that fill whole bytes", shape());
    }
    if (!bytes) fail("shape", "a number of bytes that fits 64 bits", shape());
    if (*bytes != entry_.end - entry_.begin) {
      fail("data_offsets",
           std::to_string(*bytes) + " bytes for shape " + shape() + " of " + std::string(dtype_name(entry_.dtype)),
           std::to_string(entry_.end - entry_.begin) + " bytes");
    }
    if (entry_.end > data_bytes_) {
      fail("data_offsets", "an end within the " + std::to_string(data_bytes_) + " bytes behind the header",
           std::to_string(entry_.end));
    }
    entry_.name = name_;
    header_.entries.push_back(std::move(entry_));
  }

  [[nodiscard]] std::string token_text() const {
    return token().size() > 40 ? ctp::quoted(token(), 40) : std::string(token());
  }

  /// Throws the error of a value of the wrong kind, at any position.
  [[noreturn]] void reject(std::string found) const {
    if (!named_) whole_file("header", "an object", std::move(found));
    if (in_metadata_) {
      whole_file("__metadata__", depth() < 2 || (depth() == 2 && field_.empty()) ? "an object" : "strings as values",
                 std::move(found));
    }
    if (field_.empty() || fields_ == 0) fail("", "an object with dtype, shape and data_offsets", std::move(found));
    fail(field_, field_ == "dtype" ? "a string" : "an array of integers", std::move(found));
  }
  [[noreturn]] void fail(std::string_view field, std::string expected, std::string found) const {
    std::string what = "tensor " + ctp::quoted(name_);
    if (!field.empty()) (what += ": ") += field;
    throw DataError(
        Complaint{origin_, std::move(what), std::move(expected), std::move(found), detail::damaged_file_remedy}.text());
  }
  /// A type that the format may have got since: the file need not be damaged.
  [[noreturn]] void refuse_dtype(std::string_view found) const {
    std::string known;
    for (const auto& facts : ctp::detail::dtype_facts) (known += known.empty() ? "" : " ") += facts.name;
    throw DataError(Complaint{origin_, "tensor " + ctp::quoted(name_) + ": dtype", "one of " + known,
                              ctp::quoted(found, 40), "store this tensor in a type of this list, or leave it out"}
                        .text());
  }
  [[noreturn]] void whole_file(std::string_view what, std::string expected, std::string found) const {
    throw DataError(
        Complaint{origin_, std::string(what), std::move(expected), std::move(found), detail::damaged_file_remedy}
            .text());
  }

  std::string origin_;
  std::uint64_t data_bytes_;
  SafetensorsHeader header_;
  SafetensorsEntry entry_;
  std::string name_, field_;
  bool named_ = false, in_metadata_ = false;
  unsigned fields_ = 0, offsets_ = 0;
  std::size_t metadata_count_ = 0, metadata_bytes_ = 0;
};

/// Length of the longest string of a JSON text, in bytes of the text.
inline std::size_t longest_json_string(std::string_view text) {
  std::size_t longest = 0, begin = 0;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      if (inside) longest = std::max(longest, i - begin - 1);
      inside = !inside;
      begin = i;
    }
  }
  return inside ? std::max(longest, text.size() - begin - 1) : longest;
}

}  // namespace detail

/// @brief Parses the JSON of a header. `data_bytes`: bytes after the header. `origin`: name of the file in messages.
///
/// **Errors.** DataError naming file, tensor, field, expected and found unless all of these rules hold:
///   1. UTF-8 that begins with `{` and is padded at the end with spaces only;
///   2. no duplicate key; metadata maps strings to strings; each entry has exactly dtype, shape and data_offsets;
///   3. a known dtype; at most 8 dimensions, each a non-negative integer;
///   4. data that agree with shape and dtype, and cover the rest of the file without gap or overlap;
///   5. safetensors_limits.
/// **Source.** huggingface.co/docs/safetensors, "Format". Intentionally stricter than the reference library on: number
/// of dimensions and entries, length of names, NUL in names, duplicate keys, -0, dimensions above 2^63.
inline SafetensorsHeader parse_safetensors_header(std::string_view text, std::string_view origin,
                                                  std::uint64_t data_bytes) {
  const auto refuse = [&](std::string expected, std::string found) {
    throw DataError(
        Complaint{std::string(origin), "header", std::move(expected), std::move(found), detail::damaged_file_remedy}
            .text());
  };
  if (const std::size_t valid = valid_utf8_prefix(text); valid != text.size()) {
    refuse("UTF-8", "a malformed character at byte " + std::to_string(valid));
  }
  if (text.empty() || text.front() != '{') refuse("'{' as first character", ctp::quoted(text.substr(0, 1)));
  const std::size_t last = text.find_last_not_of(' ');
  if (text[last] != '}') refuse("'}' and then spaces only at the end", ctp::quoted(text.substr(last, 1)));
  // A parser copies every string before it can be judged.
  if (const std::size_t longest = detail::longest_json_string(text); longest > safetensors_limits::metadata_bytes) {
    refuse("strings of at most " + std::to_string(safetensors_limits::metadata_bytes) + " bytes",
           std::to_string(longest) + " bytes");
  }
  detail::SafetensorsHeaderReader reader(origin, data_bytes);
  parse_json(text.substr(0, last + 1), std::string(origin) + " (header)", reader);
  return reader.take();
}

}  // namespace ctp::io
