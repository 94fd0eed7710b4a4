/// @file   config_files.hpp
/// @brief  Reads configuration files: JSON with comments, and the YAML files of the published code.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/json/document.hpp>

#include "init_files.hpp"
#include "name_list.hpp"
#include "settings.hpp"
#include "whole_number.hpp"
#include "yaml_file.hpp"

namespace pretrain {

namespace detail {

/// Keys of an object in a configuration file; far more than there are settings.
inline constexpr std::size_t most_keys = 4096;

inline void flatten(const ctp::io::JsonView& value, const std::string& key, const std::string& where,
                    std::vector<Assignment>& out) {
  using ctp::io::JsonKind;
  switch (value.kind()) {
    case JsonKind::Object:
      if (value.size() > most_keys)
        value.fail("at most " + std::to_string(most_keys) + " keys", std::to_string(value.size()), "");
      if (value.size() == 0 && !key.empty()) value.fail("a value, or settings by their names", "an empty object", "");
      for (const std::string& name : value.keys())
        flatten(value.at(name), key.empty() ? name : key + "." + name, where, out);
      return;
    case JsonKind::Array: {
      const bool numbers = key == "epochs";
      if (key != "tasks" && key != "freeze" && !numbers)
        value.fail(key.empty() ? "an object" : "a single value", "an array", "");
      std::vector<std::string> names;
      for (std::size_t i = 0; i < value.size(); ++i) {
        names.push_back(numbers ? value.at(i).number_text() : value.at(i).string());
        if (names.back().empty()) value.at(i).fail("a name", "an empty text", "");
      }
      if (names.empty())
        value.fail(numbers ? "at least one number" : "at least one name", "an empty list",
                   key == "tasks" ? "leave the key out for all tasks" : "leave the key out");
      out.push_back({key, join_names(names), where, ValueType::List});
      return;
    }
    case JsonKind::String: {
      // Settings of policies were once written as texts.
      const bool policy =
          key.find('.') != std::string::npos && !key.starts_with("model.") && !key.starts_with("augment.");
      out.push_back({key, value.string(), where, policy ? ValueType::Any : ValueType::Text});
      return;
    }
    case JsonKind::Boolean:
      out.push_back({key, value.boolean() ? "true" : "false", where, ValueType::Boolean});
      return;
    case JsonKind::Number: {
      std::string text = value.number_text();  // an integer keeps its digits: a seed may exceed the precision of double
      if (text.find_first_not_of("-0123456789") != std::string::npos) {
        const double number = value.number();  // refuses numbers beyond double
        text = digits_of_whole(text);
        if (text.empty()) ctp::detail::append_json_number(text, number);
      }
      out.push_back({key, text, where, ValueType::Number});
      return;
    }
    case JsonKind::Null:
      value.fail(key.empty() ? "an object" : "a value", "null", "leave the key out for the default");
  }
}

/// Requires that the option and the field of the model that set the same size have one value. Of assignments to one
/// key the last counts. **Errors.** UsageError naming the two keys and both values.
inline void require_agreement(const std::vector<Assignment>& settings, const std::string& where) {
  const auto field = [](const std::string& key) {
    for (const char* option : {"image_size", "queue", "dropout"})
      if (key == option) return "model." + (key == "image_size" ? "image" : key);
    return key;
  };
  std::map<std::string, const Assignment*> first;
  for (const Assignment& a : settings) {
    const Assignment*& known = first.emplace(field(a.key), &a).first->second;
    const Assignment& b = *known;
    if (a.key == b.key) known = &a;
    if (a.key == b.key || a.value == b.value) continue;
    const bool size_last = a.key.starts_with("model.");
    const Assignment &option = size_last ? b : a, &size = size_last ? a : b;
    throw ctp::UsageError(ctp::Complaint{where, option.key, "the value of " + size.key + ", " + size.value,
                                         option.value, "leave one of the two out"}
                              .text());
  }
}

/// Requires every key once: an object may also be written by keys with dots. Options that set a size of the model must
/// not contradict that size, and keys of the published files are for YAML. **Errors.** UsageError naming both.
inline void require_once(const std::vector<Assignment>& settings, const std::string& path) {
  std::map<std::string_view, const Assignment*> first;
  for (const Assignment& a : settings) {
    if (first.emplace(a.key, &a).second) continue;
    throw ctp::UsageError(ctp::Complaint{path, a.key, "every key once", "it twice, nested and with dots", ""}.text());
  }
  const std::vector<std::string> own = known_keys();
  for (const Assignment& a : settings) {
    const auto published = published_keys().find(a.key);
    if (published == published_keys().end() || std::find(own.begin(), own.end(), a.key) != own.end()) continue;
    throw ctp::UsageError(ctp::Complaint{path, a.key, "a setting", "a key of the published YAML files",
                                         published->second.empty() ? "it has no counterpart here: leave it out"
                                                                   : "here it is called " + published->second}
                              .text());
  }
  require_agreement(settings, path);
}

inline bool is_path(std::string_view key) {
  return key == "data" || key == "vocab" || key == "init" || key == "quarantine" || key == "output";
}

inline bool is_yaml(std::string path) {
  for (char& c : path) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

}  // namespace detail

/// @brief The settings in a file, in its order; nested JSON objects give keys with dots.
///
/// A relative path in the file begins at the file's folder. **Errors.** UsageError naming file, line or key.
inline std::vector<Assignment> read_config_file(const std::string& path) {
  if (detail::is_yaml(path)) return read_yaml_file(path);
  std::vector<Assignment> out;
  try {
    const auto document = ctp::io::read_json(path, {.comments = true});
    if (document.root().kind() != ctp::io::JsonKind::Object) document.root().fail("an object", "another value", "");
    detail::flatten(document.root(), "", path, out);
  } catch (const ctp::DataError& error) {  // settings, not data: exit code 2
    throw ctp::UsageError(error.what());
  }
  detail::require_once(out, path);
  for (Assignment& a : out) {
    if (a.key == "init" && a.type == ValueType::Text && !a.value.empty())
      a.value = init_from(ctp::io::directory_of(path), a.value);
    else if (detail::is_path(a.key) && a.type == ValueType::Text && !a.value.empty() && !a.value.starts_with('/'))
      a.value = ctp::io::join(ctp::io::directory_of(path), a.value);
  }
  return out;
}

/// @brief Requires that the inputs that a configuration file names are there, unless a later assignment replaces them.
/// **Errors.** DataError naming file, key and path.
inline void require_inputs(const std::vector<Assignment>& assignments) {
  for (const char* key : {"data", "vocab", "init", "quarantine"}) {
    const auto last =
        std::find_if(assignments.rbegin(), assignments.rend(), [&](const auto& a) { return a.key == key; });
    if (last == assignments.rend() || last->type != ValueType::Text || last->value.empty()) continue;
    for (const std::string& input :
         key == std::string_view("init") ? files_of_init(last->value) : std::vector<std::string>{last->value}) {
      if (ctp::io::exists(input)) continue;
      throw ctp::DataError(
          ctp::Complaint{last->where, key, "a path that exists", "nothing at " + ctp::quoted(input),
                         "relative paths in the file begin at its folder; or give " + Settings::option_name(key)}
              .text());
    }
  }
}

}  // namespace pretrain
