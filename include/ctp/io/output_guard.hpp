/// @file   ctp/io/output_guard.hpp
/// @brief  Check that an output is none of the inputs, lies in none and contains none.
/// @layer  io
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/file_system.hpp>

namespace ctp::io {

/// An input of a program: the option that names it, and its path.
struct Input {
  std::string option, path;
};

/// @brief Absolute path without symbolic links, "." and "..". Parts that do not exist are kept as they are.
/// **Errors.** UsageError for more than 40 symbolic links; ResourceError if the system refuses.
inline std::string resolved(const std::string& path) {
  std::vector<std::string> left;  // parts still to be resolved, last first
  const auto push = [&left](const std::string& text) {
    const std::size_t begin = left.size();
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('/', at), text.size());
      if (end > at) left.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    std::reverse(left.begin() + static_cast<std::ptrdiff_t>(begin), left.end());
  };
  push(path);
  if (!path.starts_with('/')) {
    char folder[4096];
    if (::getcwd(folder, sizeof folder) == nullptr) detail::throw_system_error(path, "getcwd", false, "a work folder");
    push(folder);
  }
  std::string done, target;
  for (int links = 0; !left.empty();) {
    const std::string part = std::move(left.back());
    left.pop_back();
    if (part == ".") continue;
    if (part == "..") {
      done.resize(done.empty() ? 0 : done.rfind('/'));
      continue;
    }
    const std::string next = done + "/" + part;
    if (file_system().read_link(next.c_str(), target) < 0) {
      done = next;
      continue;
    }
    if (++links > 40)
      throw UsageError(
          Complaint{ctp::quoted(path), "", "at most 40 symbolic links", "more", "choose another path"}.text());
    if (target.starts_with('/')) done.clear();
    push(target);
  }
  return done.empty() ? "/" : done;
}

namespace detail {

/// A path and the identities of all its existing parts: its own first (if it exists), the root's last.
struct Place {
  bool exists = false;
  std::vector<FileIdentity> parts;

  explicit Place(const std::string& path) {
    const std::string whole = resolved(path);
    FileStatus facts;
    for (std::string part = whole;; part = directory_of(part)) {
      const bool there = file_system().status(part.c_str(), facts) >= 0;
      if (there) parts.push_back(facts.identity);
      if (part == whole) exists = there;
      if (part == "/") break;
    }
  }
  [[nodiscard]] bool is(const Place& other) const {
    return exists && other.exists && parts.front() == other.parts.front();
  }
  [[nodiscard]] bool contains(const Place& other) const {
    return exists && std::find(other.parts.begin(), other.parts.end(), parts.front()) != other.parts.end();
  }
};

/// `path`, and the targets of the symbolic links directly in it: a data set's folders may be links.
inline std::vector<std::string> with_link_targets(const std::string& path) {
  std::vector<std::string> all{path}, names;
  std::string target;
  if (file_system().list(path.c_str(), names) < 0) return all;
  for (const std::string& name : names)
    if (file_system().read_link(join(path, name).c_str(), target) >= 0) all.push_back(join(path, name));
  return all;
}

}  // namespace detail

/// **Errors.** UsageError for an empty path, which would name the current folder.
inline void require_path(const std::string& option, const std::string& path) {
  if (path.empty()) throw UsageError(Complaint{option, "", "a path", "nothing", "is a variable empty?"}.text());
}

/// @brief Refuses an output that is an input, lies inside one, or contains one. Files are compared by device and inode,
/// so another spelling, a symbolic or hard link, and another case on a case-insensitive file system make no difference.
///
/// `option` names the output. Inputs with an empty path are passed over. The function writes nothing.
/// **Errors.** UsageError naming both; ResourceError if the system refuses.
inline void require_apart(const std::string& option, const std::string& output, std::span<const Input> inputs) {
  require_path(option, output);
  const detail::Place out(output);
  for (const Input& input : inputs) {
    if (input.path.empty()) continue;
    for (const std::string& path : detail::with_link_targets(input.path)) {
      const detail::Place in(path);
      const char* found = in.is(out)         ? "the same file or folder"
                          : in.contains(out) ? "a path inside that input"
                          : out.contains(in) ? "a folder that contains that input"
                                             : nullptr;
      if (found == nullptr) continue;
      throw UsageError(Complaint{option + " " + ctp::quoted(output), "",
                                 "a path apart from " + input.option + " " + ctp::quoted(path), found,
                                 "choose another path: programs do not write where they read"}
                           .text());
    }
  }
}

}  // namespace ctp::io
