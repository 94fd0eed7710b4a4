/// @file   ctp/io/checkpoint/manifest.hpp
/// @brief  Manifest of a checkpoint: its files with their sizes and checksums, and facts on the run.
/// @layer  io
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/checksum.hpp>
#include <ctp/io/json/document.hpp>

namespace ctp::io {

/// A file of a checkpoint.
struct CheckpointPart {
  std::string file;         ///< name within the checkpoint's folder
  std::uint64_t bytes = 0;  ///< size of the file
  std::string checksum;     ///< Checksum::text() of the file
};

/// @brief What the file manifest.json of a checkpoint says.
struct CheckpointManifest {
  static constexpr const char* file_name = "manifest.json";
  static constexpr int version = 2;  ///< of the format; since 2 the weights of BERT's products lie side by side

  std::uint64_t step = 0;  ///< steps of the training so far
  CheckpointFacts facts = {};
  std::vector<CheckpointPart> parts = {};
};

namespace detail {

inline constexpr std::string_view manifest_sum_key = ",\n\"xxh3_128\": \"";
inline constexpr std::string_view manifest_end = "\"\n}\n";

/// "part-000.safetensors"
inline std::string part_name(std::size_t part) {
  const std::string number = std::to_string(part);
  return "part-" + std::string(number.size() < 3 ? 3 - number.size() : 0, '0') + number + ".safetensors";
}

[[noreturn]] inline void refuse_manifest(const std::string& path, std::string what, std::string expected,
                                         std::string found, std::string remedy = "") {
  throw CheckpointError(
      Complaint{path, std::move(what), std::move(expected), std::move(found), std::move(remedy)}.text());
}

}  // namespace detail

/// The text of manifest.json: JSON, whose last member is the checksum of all bytes before it.
inline std::string manifest_text(const CheckpointManifest& manifest) {
  JsonArray parts;
  for (const CheckpointPart& part : manifest.parts)
    parts.push(JsonLine().add("file", part.file).add("bytes", part.bytes).add("xxh3_128", part.checksum));
  std::string text = "{\n\"format\": \"ctp checkpoint\",\n\"version\": " + std::to_string(CheckpointManifest::version);
  text += ",\n\"step\": " + std::to_string(manifest.step) + ",\n\"facts\": {";
  for (const auto& [key, value] : manifest.facts) {
    text += text.back() == '{' ? "\n" : ",\n";
    append_json_string(text, key);
    text += ": ";
    append_json_string(text, value);
  }
  text += "},\n\"parts\": " + parts.text();
  const std::string sum = checksum_of(text);
  return ((text += detail::manifest_sum_key) += sum) += detail::manifest_end;
}

/// @brief Reads the text of a manifest. `path`: the file, for messages. **Errors.** CheckpointError for another format
/// or version, a text whose checksum differs, and names of parts that manifest_text() does not write.
inline CheckpointManifest parse_manifest(const std::string& text, const std::string& path) {
  const std::size_t tail = detail::manifest_sum_key.size() + 32 + detail::manifest_end.size();
  const std::size_t body = text.size() < tail ? 0 : text.size() - tail;
  const std::string_view all = text;
  if (body == 0 || all.substr(body, detail::manifest_sum_key.size()) != detail::manifest_sum_key ||
      !all.ends_with(detail::manifest_end))
    detail::refuse_manifest(path, "", "a manifest that ends with its checksum", "another text");
  const std::string_view written = all.substr(body + detail::manifest_sum_key.size(), 32);
  if (const std::string sum = checksum_of(all.substr(0, body)); sum != written)
    detail::refuse_manifest(path, "xxh3_128", std::string(written), "a text whose checksum is " + sum);
  try {
    const JsonDocument document = parse_json_document(text, path);
    const JsonView root = document.root();
    if (root.at("format").string() != "ctp checkpoint")
      detail::refuse_manifest(path, "format", "ctp checkpoint", ctp::quoted(root.at("format").string(), 40));
    if (const auto found = root.at("version").integer(); found != CheckpointManifest::version)
      detail::refuse_manifest(path, "version", std::to_string(CheckpointManifest::version), std::to_string(found),
                              "another version of the library wrote this checkpoint: finish the training with that "
                              "version, or begin one from a weights file of that training, if one was saved");
    CheckpointManifest manifest{.step = root.at("step").unsigned_integer()};
    const JsonView facts = root.at("facts"), parts = root.at("parts");
    for (const std::string& key : facts.keys()) manifest.facts[key] = facts.at(key).string();
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const JsonView part = parts.at(i);
      if (part.at("file").string() != detail::part_name(i))  // a name of its own could lead out of the folder
        part.at("file").fail(detail::part_name(i), ctp::quoted(part.at("file").string(), 40), "");
      manifest.parts.push_back(
          {part.at("file").string(), part.at("bytes").unsigned_integer(), part.at("xxh3_128").string()});
    }
    return manifest;
  } catch (const DataError& error) {
    throw CheckpointError(error.what());
  }
}

}  // namespace ctp::io
