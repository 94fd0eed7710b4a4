/// @file   run_config.hpp
/// @brief  Writer of config.json: the effective settings of a run.
#pragma once

#include <charconv>
#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/io/files.hpp>

#include "config_files.hpp"
#include "init_files.hpp"
#include "name_list.hpp"
#include "settings.hpp"
#include "training_plan.hpp"

namespace pretrain {

namespace detail {

/// The value of a policy's setting as JSON: a number or a truth value if it is spelt as one.
inline std::string json_of(const std::string& value) {
  if (value == "true" || value == "false") return value;
  double number = 0;
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  std::string out;
  if (error == std::errc() && stop == end && std::isfinite(number) && value.find_first_of("xX") == std::string::npos)
    ctp::detail::append_json_number(out, number);
  else
    ctp::append_json_string(out, value);
  return out;
}

}  // namespace detail

/// @brief The effective settings of the run, in the order of config.json: keys, and values as JSON. Paths are absolute.
inline std::vector<std::pair<std::string, std::string>> config_members(const Settings& s, const ctp::ModelConfig& model,
                                                                       const std::vector<Assignment>& policies) {
  std::vector<std::pair<std::string, std::string>> members;
  const auto add = [&](const std::string& key, const std::string& value) { members.emplace_back(key, value); };
  const auto as_json = [](const auto& value) {
    std::string out;
    ctp::detail::append_json(out, value);
    return out;
  };
  Settings::fields(s, [&](const std::string_view key, const auto& field, const char*) {
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, std::string>) {
      if (key == "output") return;
      if (key == "tasks" || key == "freeze") {
        if (!field.empty()) add(std::string(key), as_json(split(field)));
        return;
      }
      if (key == "init" && !field.empty())
        return add("init", as_json(init_from(std::filesystem::current_path().string(), field)));
      if (detail::is_path(key) && !field.empty())
        return add(std::string(key), as_json(std::filesystem::absolute(field).string()));
    }
    if (key == "epochs" && !s.task_epochs.empty()) return add("epochs", "[" + epochs_text(s) + "]");
    if (key != "resume") add(std::string(key), as_json(field));
  });
  augmentation_fields(s.augment, [&](const char* key, const auto& field) { add(key, as_json(field)); });
  ctp::ModelConfig::fields(
      model, [&](const char* name, const auto& field) { add("model." + std::string(name), as_json(field)); });
  for (const Assignment& a : s.groups) add(a.key, detail::json_of(a.value));
  for (const Assignment& a : policies) add(a.key, detail::json_of(a.value));
  return members;
}

/// Writes config.json: the effective settings of the run, readable by --config from any folder.
inline void write_config(const std::string& folder, const Settings& s, const ctp::ModelConfig& model,
                         const std::vector<Assignment>& policies) {
  std::string text = "{\n";
  for (const auto& [key, value] : config_members(s, model, policies)) {
    text += (text.size() > 2 ? ",\n  " : "  ");
    ctp::append_json_string(text, key);
    text += ": " + value;
  }
  ctp::io::write_file_atomically(folder + "/config.json", std::string_view(text + "\n}\n"));
}

}  // namespace pretrain
