/// @file   ctp/io/file_lock.hpp
/// @brief  Lock of the system on a file: one process at a time.
/// @layer  io
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/file_system.hpp>
#include <ctp/io/files.hpp>

namespace ctp::io {

/// @brief Lock on a file that exists for this purpose. The lock ends with its process, even if that is killed; the file
/// stays until someone removes it.
class FileLock {
 public:
  enum class Taken : std::uint8_t {
    Yes,      ///< also on a file system without locks
    ByOther,  ///< another object has the lock
    Gone      ///< file or folder were removed meanwhile: try again
  };

  explicit FileLock(std::string path) : path_(std::move(path)) {}
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() { release(); }

  /// Opens the file, creates it if needed, and locks it. **Errors.** ResourceError if the file cannot be opened.
  [[nodiscard]] Taken take() {
    release();
    file_ = detail::retried([&] {
      return file_system().open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0666);
    });
    if (file_ < 0 && errno == ENOENT) return Taken::Gone;
    if (file_ < 0) detail::throw_system_error(path_, "create", false, "to create a file in the folder");
    if (detail::retried([&] { return file_system().lock(file_); }) < 0 && errno == EWOULDBLOCK) {
      release();
      return Taken::ByOther;
    }  // other failures: a file system without locks
    if (owned()) return Taken::Yes;
    release();
    return Taken::Gone;
  }
  /// @brief Takes the lock although others may remove the file and its folder at the same moment. `make_folder()` is
  /// called before each try; `refuse()` throws, since another object has the lock.
  /// **Errors.** those of the two; ResourceError after 100 tries, and if the file cannot be opened.
  template <class MakeFolder, class Refuse>
  void take_or(const MakeFolder& make_folder, const Refuse& refuse) {
    for (int tries = 0; tries < 100; ++tries) {
      make_folder();
      const Taken taken = take();
      if (taken == Taken::Yes) return;
      if (taken == Taken::ByOther) refuse();
    }
    throw ResourceError(
        Complaint{directory_of(path_), "lock", "to take the folder", "that others remove it again and again", ""}
            .text());
  }
  /// Replaces the content of the file, and waits until it is on the disk. **Errors.** ResourceError.
  void write(std::string_view text) {
    auto bytes = std::as_bytes(std::span(text));
    if (file_system().truncate(file_, 0) < 0 || !detail::write_all(file_, bytes))
      detail::throw_system_error(path_, "write", false, "to store " + std::to_string(text.size()) + " bytes");
    if (detail::retried([&] { return file_system().sync(file_); }) < 0 && errno != EINVAL)
      detail::throw_system_error(path_, "fsync", false, "the bytes on the disk");
  }
  [[nodiscard]] bool held() const noexcept { return file_ >= 0; }
  /// True while the path names the file that this object has locked.
  [[nodiscard]] bool owned() const noexcept {
    FileStatus open, named;
    return held() && file_system().status(file_, open) >= 0 && file_system().status(path_.c_str(), named) >= 0 &&
           open.identity == named.identity;
  }
  void release() noexcept {
    if (held()) (void)file_system().close(std::exchange(file_, -1));
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  int file_ = -1;
};

}  // namespace ctp::io
