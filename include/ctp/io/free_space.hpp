/// @file   ctp/io/free_space.hpp
/// @brief  Free space of the disk that a program will write to, compared with what the program needs.
/// @layer  io
#pragma once

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/io/file_system.hpp>
#include <ctp/io/files.hpp>

namespace ctp::io {

/// Bytes that may still be written below `path`, which need not exist yet: of the nearest folder that does. nullopt if
/// the file system does not tell.
inline std::optional<std::uint64_t> free_space(const std::string& path) {
  for (std::string folder = path.empty() ? "." : path;; folder = directory_of(folder)) {
    std::uint64_t free = 0, all = 0;
    if (detail::retried([&] { return file_system().space(folder.c_str(), free, all); }) >= 0)
      return all > 0 ? std::optional(free) : std::nullopt;
    if ((errno != ENOENT && errno != ENOTDIR) || folder == "/" || folder == ".") return std::nullopt;
  }
}

/// "1.5 MiB"; bytes below one MiB as they are.
inline std::string size_text(std::uint64_t bytes) {
  if (bytes < (1U << 20U)) return std::to_string(bytes) + " bytes";
  const std::uint64_t tenths = ((bytes & 0xFFFFFU) * 10) >> 20U;
  return std::to_string(bytes >> 20U) + "." + std::to_string(tenths) + " MiB";
}

/// @brief Compares the free space below `path` with what will be written there. **Units.** bytes.
///
/// **Errors.** ResourceError naming both numbers. `purpose`: "the weights of 9 tasks".
inline void require_free_space(const std::string& path, std::uint64_t bytes, const std::string& purpose) {
  const std::optional<std::uint64_t> free = free_space(path);
  if (!free || *free >= bytes) return;
  throw ResourceError(Complaint{path, "free disk space", size_text(bytes) + " for " + purpose, size_text(*free),
                                "free some space or write elsewhere"}
                          .text());
}

}  // namespace ctp::io
