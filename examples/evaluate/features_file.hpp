/// @file   features_file.hpp
/// @brief  Check of the file that --features names, before anything is computed.
#pragma once

#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/output_guard.hpp>
#include <ctp/io/weights/safetensors.hpp>

namespace evaluation {

/// True for a file that --features wrote: the tensors image, text and fusion, and no others.
inline bool is_features_file(const std::string& path) {
  try {
    const ctp::TensorFile file = ctp::io::read_safetensors(path);
    return file.tensors.size() == 3 && file.find("image") != nullptr && file.find("text") != nullptr &&
           file.find("fusion") != nullptr;
  } catch (const ctp::DataError&) {
    return false;
  }
}

/// **Errors.** UsageError if `features` is an input, lies in the data, exists without `overwrite`, or is no file.
inline void require_features_apart(const std::string& features, bool overwrite, const std::string& data,
                                   const std::string& weights, const std::string& vocab) {
  if (features.empty()) return;
  const std::vector<ctp::io::Input> inputs{{"--data", data}, {"--weights", weights}, {"--vocab", vocab}};
  ctp::io::require_apart("--features", features, inputs);
  const auto kind = ctp::io::detail::kind_of(features);
  const auto refuse = [&](const std::string& expected, const std::string& found, const std::string& remedy) {
    throw ctp::UsageError(ctp::Complaint{"--features " + ctp::quoted(features), "", expected, found, remedy}.text());
  };
  if (kind && *kind != ctp::io::FileKind::Regular)
    refuse("the path of a file", "a folder, a device or a pipe", "choose another path");
  if (kind && overwrite && !is_features_file(features))
    refuse("a file of features to replace", "another file", "choose another path: nothing of another kind is replaced");
  if (kind && !overwrite) refuse("a new file", "a file", "choose another path, or replace the file with --overwrite");
}

}  // namespace evaluation
