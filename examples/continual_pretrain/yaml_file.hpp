/// @file   yaml_file.hpp
/// @brief  Reads the YAML configuration files of the published code.
#pragma once

#include <cstddef>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/suggest.hpp>

#include "name_list.hpp"
#include "settings.hpp"
#include "whole_number.hpp"

namespace pretrain {

namespace detail {

/// Keys of the published YAML files and the corresponding keys of this program. Keys that map to an empty text have no
/// counterpart: --data names files and folders, --strategy chooses the buffer, and evaluation has no settings.
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
                                                       {"episodic_mem_size", "memory_size"},
                                                       {"memory_size", "memory_size"},
                                                       {"memory_item_size", "memory_size"},
                                                       {"base_mode", ""},
                                                       {"buffer", ""},
                                                       {"exemplar_seen_so_far", ""},
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

/// Counts the documents of a text, and looks at nothing else.
class CountDocuments final : public YAML::EventHandler {
 public:
  int count = 0;
  void OnDocumentStart(const YAML::Mark& /*mark*/) override { ++count; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnScalar(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {}
  void OnSequenceStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& /*mark*/, const std::string& /*tag*/, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {}
  void OnMapEnd() override {}
};

/// Reads one file.
class YamlFile {
 public:
  explicit YamlFile(const std::string& path) : path_(path) {}

  [[nodiscard]] std::vector<Assignment> read() const {
    const std::string text = ctp::io::read_text(path_);
    if (const std::size_t nul = text.find('\0'); nul != std::string::npos)
      refuse("", "a text", "the byte 0 at offset " + std::to_string(nul));
    if (text.size() > most_bytes)
      refuse("", "at most " + std::to_string(most_bytes) + " bytes", std::to_string(text.size()));
    require_one_document(text);
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return {};
    if (!root.IsMap()) refuse("", "a mapping of keys to values", "something else");

    std::vector<Assignment> out;
    std::map<std::string, std::string> seen, set;  // the place of each key, and the key that set each option
    for (const auto& entry : root) {
      if (!entry.first.IsScalar()) refuse(line_of(entry.first), "a key", "a list or a mapping");
      const std::string& key = entry.first.Scalar();
      const auto known = published_keys().find(key);
      if (known == published_keys().end()) refuse_unknown(key, entry.first);
      const auto [earlier, fresh] = seen.emplace(key, line_of(entry.first));
      if (!fresh) refuse(key, "every key once", "it in " + earlier->second + " and in " + line_of(entry.first));
      if (known->second.empty()) continue;
      const auto [other, first] = set.emplace(known->second, key);
      if (!first) refuse(key, "one key for " + option(known->second), other->second + " as well");
      out.push_back({known->second, value_of(key, known->second, entry.second), path_});
    }
    return out;
  }

  /// Not by YAML::LoadAll(): it makes documents without end of a text that the parser cannot pass, such as ",".
  void require_one_document(const std::string& text) const {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    CountDocuments documents;
    while (documents.count < 2 && parser.HandleNextDocument(documents)) {
    }
    if (documents.count > 1) refuse("", "one document", "several, separated by ---, or a text that is no YAML");
  }
  [[noreturn]] void refuse(const std::string& key, const std::string& expected, const std::string& found,
                           const std::string& remedy = "write the settings as JSON instead") const {
    throw ctp::UsageError(ctp::Complaint{path_, key, expected, found, remedy}.text());
  }
  static std::string line_of(const YAML::Mark& mark) { return "line " + std::to_string(mark.line + 1); }

 private:
  static constexpr std::size_t most_bytes = std::size_t{1} << 20U;

  static std::string line_of(const YAML::Node& node) { return line_of(node.Mark()); }
  static std::string option(const std::string& key) { return Settings::option_name(key); }

  [[noreturn]] void refuse_unknown(const std::string& key, const YAML::Node& node) const {
    std::vector<std::string> known;
    for (const auto& [name, ours] : published_keys()) known.push_back(name);
    const std::string nearest = ctp::io::nearest_name(key, known);
    const std::vector<std::string> own = known_keys();
    const bool ours = ctp::io::nearest_name(key, own) == key;
    refuse(line_of(node), "a key of the published configuration files", "the unknown key " + ctp::quoted(key),
           !ours && !nearest.empty() ? "did you mean " + ctp::quoted(nearest) + "? or write the settings as JSON"
                                     : "write the settings as JSON instead");
  }

  /// A value as text: a scalar, or for tasks a list of names.
  [[nodiscard]] std::string value_of(const std::string& key, const std::string& option, const YAML::Node& node) const {
    const bool list = option == "tasks";
    if (node.IsScalar()) return scalar(key, node);
    if (!list || !node.IsSequence() || node.size() == 0)
      refuse(key, list ? "a name or a list of names" : "a single value",
             !node.IsDefined() || node.IsNull() ? "nothing"
             : node.IsMap()                     ? "a mapping"
             : node.size() == 0                 ? "an empty list"
                                                : "a list",
             "leave the key out for the default");
    std::vector<std::string> names;
    for (const auto& item : node) {
      if (!item.IsScalar()) refuse(key, "names", "a list, a mapping or nothing in " + line_of(item));
      names.push_back(scalar(key, item));
    }
    return join_names(names);
  }

  /// The text of a scalar that is not empty and has no type of its own but those of YAML's core.
  [[nodiscard]] std::string scalar(const std::string& key, const YAML::Node& node) const {
    const std::string& tag = node.Tag();
    const bool plain = tag.empty() || tag == "?";
    constexpr std::string_view core = "tag:yaml.org,2002:";
    const bool typed =
        tag == std::string(core) + "str" || tag == std::string(core) + "int" || tag == std::string(core) + "float";
    if (!plain && tag != "!" && !typed) refuse(key, "a value without a type of its own", "the tag " + ctp::quoted(tag));
    std::string text = node.Scalar();
    if (text.empty()) refuse(key, "a value", "an empty text", "leave the key out for the default");
    if (key == "task" || key == "vit") return text;
    // A number: YAML allows a plus sign, and takes a zero before digits for base eight in one version, ten in the next.
    if (text.front() == '+') text.erase(0, 1);
    const std::size_t digit = text.starts_with('-') ? 1 : 0;
    if (text.size() > digit + 1 && text[digit] == '0' && text[digit + 1] >= '0' && text[digit + 1] <= '9')
      refuse(key, "a number without zeros before it", "'" + text + "', which YAML 1.1 reads in base eight",
             "write the digits without zeros before them");
    const std::string digits = digits_of_whole(text);
    return digits.empty() ? text : digits;
  }

  std::string path_;
};

}  // namespace detail

/// @brief The settings in a YAML file of the published code, by the keys of this program. An empty file has none.
/// **Errors.** UsageError naming file, line or key; a key given twice, or two keys for one option, are errors.
inline std::vector<Assignment> read_yaml_file(const std::string& path) {
  const detail::YamlFile file(path);
  try {
    return file.read();
  } catch (const YAML::Exception& error) {
    file.refuse(detail::YamlFile::line_of(error.mark), "YAML", error.msg);
  } catch (const ctp::DataError& error) {
    throw ctp::UsageError(error.what());
  }
}

}  // namespace pretrain
