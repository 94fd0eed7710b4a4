/// @file   ctp/io/file_system.hpp
/// @brief  Interface of the system calls on files, replaceable by tests.
/// @layer  io
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::io {

static_assert(sizeof(off_t) == 8, "files may exceed 2 GiB; define _FILE_OFFSET_BITS=64");

enum class FileKind : std::uint8_t { Regular, Directory, Other };

/// Device and inode: two names with the same identity are one file or directory.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct FileStatus {
  FileKind kind = FileKind::Other;
  std::uint64_t size = 0;  ///< bytes
  FileIdentity identity;
};

/// @brief System calls on files, as POSIX defines them: a negative result means failure with errno set.
///
/// All of ctp::io calls file_system(). A test derives from this type, overrides members and installs the object with
/// UseFileSystem. The members neither retry nor throw; the callers in files.hpp retry and throw.
class FileSystem {
 public:
  FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;
  virtual ~FileSystem() = default;

  virtual int open(const char* path, int flags, unsigned mode) { return ::open(path, flags, mode); }
  virtual int close(int file) { return ::close(file); }
  virtual int status(int file, FileStatus& out) {
    struct stat facts{};
    const int result = ::fstat(file, &facts);
    if (result >= 0) out = translate(facts);
    return result;
  }
  virtual int status(const char* path, FileStatus& out) {
    struct stat facts{};
    const int result = ::stat(path, &facts);
    if (result >= 0) out = translate(facts);
    return result;
  }
  virtual std::int64_t read_at(int file, void* to, std::size_t bytes, std::uint64_t offset) {
    return ::pread(file, to, bytes, static_cast<off_t>(offset));
  }
  virtual std::int64_t write(int file, const void* from, std::size_t bytes) { return ::write(file, from, bytes); }
  virtual int sync(int file) { return ::fsync(file); }
  virtual int truncate(int file, std::uint64_t size) { return ::ftruncate(file, static_cast<off_t>(size)); }
  virtual int rename(const char* from, const char* to) { return std::rename(from, to); }
  virtual int remove_file(const char* path) { return ::unlink(path); }
  virtual int make_directory(const char* path) { return ::mkdir(path, 0777); }
  virtual int remove_directory(const char* path) { return ::rmdir(path); }
  /// Locks an open file for this process until the file is closed. Fails with EWOULDBLOCK if another process holds the
  /// lock. The system releases the lock of a process that ends, however the process ends.
  virtual int lock(int file) { return ::flock(file, LOCK_EX | LOCK_NB); }
  /// Reads the target of a symbolic link. Fails with EINVAL if the path is no symbolic link.
  virtual int read_link(const char* path, std::string& target) {
    char text[4096];
    const ssize_t length = ::readlink(path, text, sizeof text);
    if (length >= 0) target.assign(text, static_cast<std::size_t>(length));
    return length >= 0 ? 0 : -1;
  }
  /// Appends the names in a directory, without "." and "..", in unspecified order.
  virtual int list(const char* path, std::vector<std::string>& names) {
    DIR* directory = ::opendir(path);
    if (directory == nullptr) return -1;
    try {
      errno = 0;
      while (const dirent* entry = ::readdir(directory)) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
        errno = 0;
      }
    } catch (...) {
      ::closedir(directory);
      throw;
    }
    const int problem = errno;
    ::closedir(directory);
    errno = problem;
    return problem == 0 ? 0 : -1;
  }

 private:
  static FileStatus translate(const struct stat& facts) {
    const FileKind kind = S_ISREG(facts.st_mode)   ? FileKind::Regular
                          : S_ISDIR(facts.st_mode) ? FileKind::Directory
                                                   : FileKind::Other;
    return {kind, facts.st_size < 0 ? 0 : static_cast<std::uint64_t>(facts.st_size),
            FileIdentity{static_cast<std::uint64_t>(facts.st_dev), static_cast<std::uint64_t>(facts.st_ino)}};
  }
};

namespace detail {

inline std::atomic<FileSystem*>& replaced_file_system() {
  static std::atomic<FileSystem*> replacement{nullptr};
  return replacement;
}

/// Retries a call that fails with EINTR.
template <class Call>
auto retried(Call&& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

/// Throws the exception that corresponds to errno. Call directly after the failed call, before errno changes.
///
/// **Errors.** DataError if `reading` and the path itself is wrong; otherwise ResourceError.
[[noreturn]] inline void throw_system_error(const std::string& path, std::string_view operation, bool reading,
                                            std::string expected, std::string remedy = {}) {
  const int problem = errno;
  const std::string found = std::generic_category().message(problem);
  if (remedy.empty() && (problem == ENOSPC || problem == EDQUOT)) remedy = "free some space or write elsewhere";
  if (remedy.empty() && (problem == EACCES || problem == EPERM)) remedy = "check the permissions";
  if (remedy.empty() && (problem == ENOENT || problem == ENOTDIR)) {
    remedy = reading ? "check the path" : "create the folder first";
  }
  const std::string text =
      Complaint{path, std::string(operation), std::move(expected), found, std::move(remedy)}.text();
  const bool wrong_path = problem == ENOENT || problem == ENOTDIR || problem == ELOOP || problem == ENAMETOOLONG;
  if (reading && wrong_path) throw DataError(text);
  throw ResourceError(text);
}

}  // namespace detail

/// The current file system: that of the latest live UseFileSystem, otherwise the machine's.
inline FileSystem& file_system() {
  static FileSystem own;
  FileSystem* replacement = detail::replaced_file_system().load();
  return replacement != nullptr ? *replacement : own;
}

/// RAII guard that installs another file system for the whole process. For tests.
class UseFileSystem {
 public:
  explicit UseFileSystem(FileSystem& other) : previous_(detail::replaced_file_system().exchange(&other)) {}
  UseFileSystem(const UseFileSystem&) = delete;
  UseFileSystem& operator=(const UseFileSystem&) = delete;
  ~UseFileSystem() { detail::replaced_file_system().store(previous_); }

 private:
  FileSystem* previous_;
};

}  // namespace ctp::io
