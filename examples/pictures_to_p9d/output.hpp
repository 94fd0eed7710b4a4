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

/// As require_output_apart(), for the files themselves: a file of the table may be a symbolic link, or lie in another
/// folder than that of the pictures.
template <class Options, class Rows>
void require_pictures_apart(const Options& options, const Rows& rows) {
  const ctp::io::detail::Place out(options.output);
  std::set<std::string> folders;
  for (const auto& row : rows) {
    const std::string file = ctp::io::resolved(row.path);
    if (!folders.insert(ctp::io::directory_of(file)).second) continue;
    if (!out.contains(ctp::io::detail::Place(ctp::io::directory_of(file)))) continue;
    throw ctp::UsageError(ctp::Complaint{
        "--output " + ctp::quoted(options.output), "", "a path apart from the pictures of " + options.captions,
        "the folder that contains " + ctp::quoted(file), "choose another path: programs do not write where they read"}
                              .text());
  }
}

}  // namespace
