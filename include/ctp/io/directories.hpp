/// @file   ctp/io/directories.hpp
/// @brief  Paths, and directories: existence, creation, listing, removal.
/// @layer  io
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/file_system.hpp>

namespace ctp::io {

/// Parent folder: "a/b" for "a/b/c", "." for "c", "/" for "/c"; ignores a slash at the end.
inline std::string directory_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return std::string(path.substr(0, std::max<std::size_t>(slash, 1)));
}

/// directory + "/" + name, without doubling the slash.
inline std::string join(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  return path += name;
}

namespace detail {
/// Kind of the entry at the path; nullopt if the path does not exist.
inline std::optional<FileKind> kind_of(const std::string& path) {
  FileStatus facts;
  if (file_system().status(path.c_str(), facts) >= 0) return facts.kind;
  if (errno != ENOENT && errno != ENOTDIR) throw_system_error(path, "status", true, "facts about the file");
  return std::nullopt;
}
}  // namespace detail

/// True if the path exists. **Errors.** ResourceError if the system refuses.
inline bool exists(const std::string& path) { return detail::kind_of(path).has_value(); }
/// True if the path is a directory. **Errors.** as exists().
inline bool is_directory(const std::string& path) { return detail::kind_of(path) == FileKind::Directory; }

/// Creates a directory and its missing parents; no effect on an existing directory. Returns the directories that this
/// call created, parents first.
/// **Errors.** DataError if part of the path is a file; ResourceError if the system refuses.
inline std::vector<std::string> make_directories(const std::string& path) {
  std::vector<std::string> created;
  for (std::size_t end = path.find('/', 1); !path.empty(); end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (file_system().make_directory(part.c_str()) >= 0) {
      created.push_back(part);
    } else {
      const int problem = errno;
      const bool there = is_directory(part);  // after any error: a read-only parent of an existing folder is fine
      if (!there && (problem == EEXIST || problem == ENOTDIR)) {
        throw DataError(
            Complaint{path, "make directory", "a directory at " + ctp::quoted(part), "a file", "choose another path"}
                .text());
      }
      errno = problem;
      if (!there) detail::throw_system_error(path, "make directory", false, "to create " + ctp::quoted(part));
    }
    if (end == std::string::npos) break;
  }
  return created;
}

/// The names in a directory, sorted by bytes. **Errors.** DataError if the directory does not exist; ResourceError.
inline std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  if (file_system().list(path.c_str(), names) < 0) detail::throw_system_error(path, "list", true, "a directory");
  std::sort(names.begin(), names.end());
  return names;
}

/// Removes a file; no effect if the file does not exist. **Errors.** ResourceError.
inline void remove_file(const std::string& path) {
  if (file_system().remove_file(path.c_str()) < 0 && errno != ENOENT) {
    detail::throw_system_error(path, "remove", false, "to remove the file");
  }
}

/// Removes a directory with all it contains; a symbolic link is removed, not followed. Goes on after a failure.
/// **Errors.** none; returns false if something stays.
inline bool remove_tree(const std::string& path) noexcept {
  try {
    FileSystem& files = file_system();
    std::string target;
    std::vector<std::string> names;
    if (files.read_link(path.c_str(), target) < 0 && files.list(path.c_str(), names) >= 0) {
      for (const std::string& name : names) (void)remove_tree(join(path, name));
      return files.remove_directory(path.c_str()) >= 0;
    }
    return files.remove_file(path.c_str()) >= 0 || errno == ENOENT;
  } catch (...) {  // the memory does not suffice for a name
    return false;
  }
}

}  // namespace ctp::io
