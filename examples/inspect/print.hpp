/// @file   print.hpp
/// @brief  Prints what weight files hold: for people, and as JSON.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <ctp/core/printable.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/published_names.hpp>
#include <ctp/tensor/named.hpp>

#include "../common/text_columns.hpp"
#include "file_facts.hpp"
#include "start_facts.hpp"

namespace inspect {

using Json = nlohmann::ordered_json;

namespace detail {

/// A table whose columns are as wide as their cells, but at most `widest`.
class Table {
 public:
  static constexpr std::size_t columns = 5, widest = 80;
  using Row = std::array<std::string, columns>;

  void add(Row row) {
    for (std::size_t i = 0; i < columns; ++i) width_[i] = std::max(width_[i], std::min(widest, width_of(row[i])));
    rows_.push_back(std::move(row));
  }
  void print() const {
    for (const Row& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < columns; ++i) {
        const std::string blanks(width_[i] > width_of(row[i]) ? width_[i] - width_of(row[i]) : 0, ' ');
        const bool number = i == 3;
        line += (i > 0 ? "  " : "") + (number ? blanks + row[i] : i + 1 < columns ? row[i] + blanks : row[i]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      std::puts(line.c_str());
    }
  }

 private:
  static std::size_t width_of(const std::string& text) { return examples::columns(text); }

  std::vector<Row> rows_;
  std::array<std::size_t, columns> width_{};
};

inline void print_line(const char* label, std::string_view text) {
  std::printf("%-9s %s\n", label, ctp::printable(text, 1U << 15U).c_str());
}

inline std::string known_layouts() {
  std::string known;
  for (const ctp::io::NameLayout& layout : ctp::io::name_layouts) (known += known.empty() ? "" : "; ") += layout.name;
  return known;
}

inline std::string shape_text(const std::vector<std::int64_t>& shape) {
  return ctp::NamedTensor{{}, ctp::DType::F32, shape, {}}.shape_text();
}

/// Text of the last column.
inline std::string use_text(const TensorFacts& tensor) {
  switch (tensor.own.use) {
    case ctp::io::NameUse::Used:
      return ctp::printable(tensor.own.name);
    case ctp::io::NameUse::NotUsed:
      return "not used";
    case ctp::io::NameUse::Unknown:
      break;
  }
  return "unknown name";
}

}  // namespace detail

/// Prints the facts of a file: a summary, then a line for each tensor that `pattern` selects.
inline void print_file(const FileFacts& facts, const std::string& pattern) {
  using detail::print_line;
  const bool has_layout = facts.layouts.size() == 1;
  print_line("file", facts.file);
  print_line("format", facts.format);
  if (facts.layouts.empty()) {
    print_line("layout", "none of the known layouts: " + detail::known_layouts());
  } else {
    std::string names;
    for (const std::string& name : facts.layouts) (names += names.empty() ? "" : "; ") += name;
    print_line("layout", has_layout ? names : "names of several: " + names);
  }
  print_line("holds", std::to_string(facts.tensors.size()) + " tensors, " + std::to_string(facts.values) + " values, " +
                          std::to_string(facts.bytes) + " bytes");
  constexpr std::size_t shown = 72;
  for (const auto& [key, value] : facts.metadata)
    print_line("metadata", ctp::quoted(key, shown) + ": " + ctp::quoted(value, shown));
  if (facts.metadata.empty()) print_line("metadata", "none");
  std::string sizes;
  each_told(facts.sizes, [&](const std::string& name, auto value) {
    sizes += (sizes.empty() ? "" : ", ") + name + " " + ctp::io::detail::shortest(value);
  });
  if (!facts.sizes_error.empty()) sizes = "refused: " + facts.sizes_error;
  if (has_layout) print_line("sizes", sizes.empty() ? "none" : sizes);
  if (!pattern.empty())
    print_line("filter", pattern + ": " + std::to_string(selected(facts, pattern)) + " of " +
                             std::to_string(facts.tensors.size()) + " tensors");
  std::puts("");
  detail::Table table;
  table.add({"name", "type", "shape", "bytes", has_layout ? "in this project" : ""});
  for (const TensorFacts& tensor : facts.tensors)
    if (is_selected(tensor, pattern))
      table.add({ctp::printable(tensor.stored.name), std::string(ctp::dtype_name(tensor.stored.dtype)),
                 detail::shape_text(tensor.stored.shape), std::to_string(tensor.bytes),
                 has_layout ? detail::use_text(tensor) : ""});
  table.print();
  std::puts("");
}

/// Prints what a training would take from the files.
inline void print_start(const StartFacts& start, const std::string& model) {
  std::printf("as starting weights, continual_pretrain --model %s --init:\n", model.c_str());
  const auto line = [](const std::string& text) { std::printf("  %s\n", ctp::printable(text, 1U << 15U).c_str()); };
  if (!start.error.empty()) return line("refused: " + start.error);
  for (const std::string& text : start.needed) line("needed: " + text);
  for (const std::string& text : start.notes) line(text);
  if (start.fresh.empty()) line("encoders and projections are all there");
}

/// The facts of a file as JSON, with the tensors that `pattern` selects.
inline Json json_of(const FileFacts& facts, const std::string& pattern) {
  const bool has_layout = facts.layouts.size() == 1;
  Json tensors = Json::array(), sizes = Json::object();
  for (const TensorFacts& tensor : facts.tensors) {
    if (!is_selected(tensor, pattern)) continue;
    constexpr std::array<const char*, 3> uses{"used", "not used", "unknown"};  // in the order of NameUse
    tensors.push_back({{"name", tensor.stored.name},
                       {"type", std::string(ctp::dtype_name(tensor.stored.dtype))},
                       {"shape", tensor.stored.shape},
                       {"bytes", tensor.bytes},
                       {"own_name", tensor.own.name.empty() ? Json(nullptr) : Json(tensor.own.name)},
                       {"use", has_layout ? Json(uses.at(static_cast<std::size_t>(tensor.own.use))) : Json(nullptr)}});
  }
  each_told(facts.sizes, [&](const std::string& name, auto value) { sizes[name] = value; });
  return {{"file", facts.file},
          {"format", facts.format},
          {"layout", has_layout ? Json(facts.layouts.front()) : Json(nullptr)},
          {"fitting_layouts", facts.layouts},
          {"tensor_count", facts.tensors.size()},
          {"values", facts.values},
          {"bytes", facts.bytes},
          {"metadata", Json(facts.metadata)},
          {"sizes", sizes},
          {"sizes_error", facts.sizes_error.empty() ? Json(nullptr) : Json(facts.sizes_error)},
          {"tensors", tensors}};
}

/// What a training would take from the files, as JSON.
inline Json json_of(const StartFacts& start, const std::string& model) {
  return {{"model", model},
          {"error", start.error.empty() ? Json(nullptr) : Json(start.error)},
          {"fresh", start.fresh},
          {"needed", start.needed},
          {"notes", start.notes}};
}

/// Prints one line of JSON, with ASCII alone: other characters are escaped.
inline void print_json(const Json& json) {
  std::puts(json.dump(-1, ' ', true, Json::error_handler_t::replace).c_str());
}

}  // namespace inspect
