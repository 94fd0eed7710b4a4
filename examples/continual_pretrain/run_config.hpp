/// @file   run_config.hpp
/// @brief  Writer of config.json: the effective settings of a run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/io/files.hpp>

#include "settings.hpp"

namespace pretrain {

/// Writes config.json: the effective settings of the run, readable by --config.
inline void write_config(const Settings& s, const ctp::ModelConfig& model, const std::vector<Assignment>& policies) {
  std::string text = "{\n";
  const auto add = [&](const std::string& key, const std::string& value) {
    text += (text.size() > 2 ? ",\n  " : "  ");
    ctp::append_json_string(text, key);
    text += ": " + value;
  };
  const auto as_json = [](const auto& value) {
    std::string out;
    ctp::detail::append_json(out, value);
    return out;
  };
  Settings::fields(s, [&](const char* key, const auto& field, const char*) {
    if (std::string_view(key) != "output" && std::string_view(key) != "resume") add(key, as_json(field));
  });
  augmentation_fields(s.augment, [&](const char* key, const auto& field) { add(key, as_json(field)); });
  ctp::ModelConfig::fields(
      model, [&](const char* name, const auto& field) { add("model." + std::string(name), as_json(field)); });
  for (const Assignment& a : policies) add(a.key, as_json(a.value));
  ctp::io::write_file_atomically(s.output + "/config.json", std::string_view(text + "\n}\n"));
}

}  // namespace pretrain
