/// @file   read_record.hpp
/// @brief  Parser of a record's metadata.
#pragma once

#include <ctp/io/json/parse.hpp>
#include <ctp/io/weights/model_config.hpp>

#include "records.hpp"

namespace conformance {

inline Run read_run(const ctp::TensorFile& file) {
  const auto document = ctp::io::parse_json_document(file.metadata.at("run"), file.origin + " (metadata 'run')");
  const auto root = document.root();
  const auto count = [&](const char* key) { return static_cast<int>(root.at(key).integer(1, 1 << 20)); };
  return {root.at("method").string(),
          count("tasks"),
          count("epochs"),
          count("steps"),
          root.at("lr").number(),
          root.at("min_lr").number(),
          root.at("weight_decay").number()};
}

/// The record in a file. Sets dropout 0, as in the specification. A record of exemplars has no model.
inline Record read_record(const ctp::TensorFile& file) {
  Record record{file, {}, std::nullopt};
  if (file.find("features") == nullptr) {
    record.config = ctp::io::config_of(file);
    record.config.dropout = 0;
  }
  if (file.metadata.contains("run")) record.run = read_run(file);
  return record;
}

/// True if a record's numbers are float64; such a record is computed in double.
inline bool is_double(const ctp::TensorFile& file) {
  const ctp::NamedTensor* any = file.find("params.vision_proj.weight");
  if (any == nullptr) any = file.find("start.vision_proj.weight");
  return any != nullptr && any->dtype == ctp::DType::F64;
}

}  // namespace conformance
