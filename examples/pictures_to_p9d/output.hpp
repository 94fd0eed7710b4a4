/// @file   output.hpp
/// @brief  Checks that pictures_to_p9d does not write where it reads.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <ctp/io/directories.hpp>
#include <ctp/io/output_guard.hpp>

namespace {

/// **Errors.** UsageError if the output is, contains or lies in the folder of pictures or the table.
template <class Options>
void require_output_apart(const Options& options) {
  const std::vector<ctp::io::Input> inputs{{"--pictures", options.pictures}, {"--captions", options.captions}};
  ctp::io::require_apart("--output", options.output, inputs);
}

/// As require_output_apart(), for pictures that the table names by a path out of the folder of pictures.
template <class Options, class Rows>
void require_pictures_apart(const Options& options, const Rows& rows) {
  std::set<std::string> folders;
  for (const auto& row : rows) {
    const std::string& file = row.file;
    if (file.starts_with('/') || file.find("..") != std::string::npos)
      folders.insert(ctp::io::directory_of(file.starts_with('/') ? file : ctp::io::join(options.pictures, file)));
  }
  const ctp::io::detail::Place out(options.output);
  for (const std::string& folder : folders) {
    if (!out.contains(ctp::io::detail::Place(folder))) continue;
    throw ctp::UsageError(ctp::Complaint{
        "--output " + ctp::quoted(options.output), "", "a path apart from the pictures of " + options.captions,
        "the folder that contains " + ctp::quoted(folder), "choose another path: programs do not write where they read"}
                              .text());
  }
}

}  // namespace
