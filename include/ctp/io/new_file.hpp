/// @file   ctp/io/new_file.hpp
/// @brief  A file that is written once and synced.
/// @layer  io
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <ctp/io/files.hpp>

namespace ctp::io {

/// @brief Creates a file that does not exist yet, in a folder that is not read before it is complete. finish() puts the
/// bytes on the disk. For a file that replaces another: AtomicFile.
///
/// **Errors.** ResourceError naming path, operation and reason. After an error the file may hold part of the bytes.
class NewFile {
 public:
  explicit NewFile(std::string path)
      : path_(std::move(path)), file_(detail::retried([&] {
          return file_system().open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        })) {
    if (file_.get() < 0) detail::throw_system_error(path_, "create", false, "to create a file in the folder");
  }
  void write(std::span<const std::byte> bytes) {
    const std::size_t all = bytes.size();
    if (!detail::write_all(file_.get(), bytes))
      detail::throw_system_error(path_, "write", false, "to store " + std::to_string(all) + " bytes");
    size_ += all;
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// Waits until the bytes are on the disk (fsync), and closes the file.
  void finish() {
    if (detail::retried([&] { return file_system().sync(file_.get()); }) < 0)
      detail::throw_system_error(path_, "fsync", false, "the bytes on the disk");
    if (!file_.close()) detail::throw_system_error(path_, "close", false, "the bytes on the disk");
  }
  /// Bytes written so far.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  std::string path_;
  detail::FileHandle file_;
  std::uint64_t size_ = 0;
};

}  // namespace ctp::io
