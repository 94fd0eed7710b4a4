/// @file   config_files.hpp
/// @brief  Reads configuration files: JSON with comments, and the YAML files of the published code.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include <ctp/io/json/document.hpp>

#include "settings.hpp"

namespace pretrain {

namespace detail {

inline void flatten(const ctp::io::JsonView& value, const std::string& key, const std::string& where,
                    std::vector<Assignment>& out) {
  using ctp::io::JsonKind;
  switch (value.kind()) {
    case JsonKind::Object:
      for (const std::string& name : value.keys())
        flatten(value.at(name), key.empty() ? name : key + "." + name, where, out);
      return;
    case JsonKind::Array: {
      std::string joined;
      for (std::size_t i = 0; i < value.size(); ++i) joined += (i ? "," : "") + value.at(i).string();
      out.push_back({key, joined, where});
      return;
    }
    case JsonKind::String:
      out.push_back({key, value.string(), where});
      return;
    case JsonKind::Boolean:
      out.push_back({key, value.boolean() ? "true" : "false", where});
      return;
    case JsonKind::Number: {
      std::string text = value.number_text();  // an integer keeps its digits: a seed may exceed the precision of double
      if (text.find_first_not_of("-0123456789") != std::string::npos) {
        text.clear();
        ctp::detail::append_json_number(text, value.number());
      }
      out.push_back({key, text, where});
      return;
    }
    case JsonKind::Null:
      return;
  }
}

/// Keys of the published YAML files and the corresponding keys of this program. Keys that map to an empty text have no
/// counterpart: --data names files and folders, and evaluation has no settings.
inline const std::map<std::string, std::string>& published_keys() {
  static const std::map<std::string, std::string> keys{{"vit", "model"},
                                                       {"image_size", "image_size"},
                                                       {"batch_size_train", "batch_size"},
                                                       {"weight_decay", "weight_decay"},
                                                       {"init_lr", "lr"},
                                                       {"min_lr", "min_lr"},
                                                       {"max_words", "max_words"},
                                                       {"max_epoch", "epochs"},
                                                       {"task", "tasks"},
                                                       {"memory_size", "memory_size"},
                                                       {"memory_item_size", "memory_size"},
                                                       {"base_mode", ""},
                                                       {"train_file", ""},
                                                       {"test_file", ""},
                                                       {"query_file", ""},
                                                       {"gallery_file", ""},
                                                       {"train_image_root", ""},
                                                       {"test_image_root", ""},
                                                       {"gallery_image_root", ""},
                                                       {"vit_grad_ckpt", ""},
                                                       {"vit_ckpt_layer", ""},
                                                       {"batch_size_test", ""},
                                                       {"k_test", ""},
                                                       {"window_size", ""}};
  return keys;
}

inline std::vector<Assignment> read_yaml(const std::string& path) {
  std::vector<Assignment> out;
  const auto refuse = [&](const std::string& key, const std::string& expected, const std::string& found) {
    throw ctp::UsageError(ctp::Complaint{path, key, expected, found, "write the settings as JSON instead"}.text());
  };
  try {
    const YAML::Node root = YAML::Load(ctp::io::read_text(path));
    if (!root.IsMap()) refuse("", "a mapping of keys to values", "something else");
    for (const auto& entry : root) {
      const auto key = entry.first.as<std::string>();
      const auto known = published_keys().find(key);
      if (known == published_keys().end()) refuse(key, "a key of the published configuration files", "an unknown one");
      if (known->second.empty()) continue;
      std::string value;
      if (entry.second.IsScalar()) value = entry.second.as<std::string>();
      if (entry.second.IsSequence())
        for (const auto& item : entry.second) value += (value.empty() ? "" : ",") + item.as<std::string>();
      out.push_back({known->second, value, path});
    }
  } catch (const YAML::Exception& error) {
    refuse("line " + std::to_string(error.mark.line + 1), "YAML", error.msg);
  } catch (const ctp::DataError& error) {
    throw ctp::UsageError(error.what());
  }
  return out;
}

}  // namespace detail

/// @brief The settings in a file, in its order; nested JSON objects give keys with dots.
/// **Errors.** UsageError naming file, line or key.
inline std::vector<Assignment> read_config_file(const std::string& path) {
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return detail::read_yaml(path);
  std::vector<Assignment> out;
  try {
    const auto document = ctp::io::read_json(path, {.comments = true});
    detail::flatten(document.root(), "", path, out);
  } catch (const ctp::DataError& error) {  // settings, not data: exit code 2
    throw ctp::UsageError(error.what());
  }
  return out;
}

}  // namespace pretrain
