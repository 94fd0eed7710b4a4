/// @file   ctp/io/files.hpp
/// @brief  File input and output: whole files, atomic replacement, append-only logs.
/// @layer  io
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/file_system.hpp>

namespace ctp::io {

namespace detail {

/// RAII owner of a file descriptor. close() closes the file early and reports errors.
class FileHandle {
 public:
  explicit FileHandle(int file) : file_(file) {}
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  ~FileHandle() {
    if (file_ >= 0) file_system().close(file_);
  }
  [[nodiscard]] int get() const noexcept { return file_; }
  /// True on success. Not retried after EINTR: the descriptor is closed then, and another thread may have reused it.
  [[nodiscard]] bool close() { return file_system().close(std::exchange(file_, -1)) >= 0 || errno == EINTR; }

 private:
  int file_;
};

/// Writes all of `bytes` in as many calls as needed. On failure returns false with errno set and leaves the unwritten
/// rest in `bytes`.
inline bool write_all(int file, std::span<const std::byte>& bytes) {
  while (!bytes.empty()) {
    const std::int64_t done = retried([&] { return file_system().write(file, bytes.data(), bytes.size()); });
    if (done < 0) return false;
    if (done == 0) {  // permitted by POSIX; without this check the loop would not end
      errno = EIO;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

/// Waits until the names in the folder of `path` are on the disk (fsync). **Errors.** ResourceError naming `path`.
inline void sync_folder_of(const std::string& path) {
  FileSystem& files = file_system();
  const std::string directory = directory_of(path);
  const FileHandle handle(
      retried([&] { return files.open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); }));
  if (handle.get() < 0) throw_system_error(path, "open folder", false, "to sync the folder");
  // EINVAL is ignored: some network file systems cannot sync a folder.
  if (retried([&] { return files.sync(handle.get()); }) < 0 && errno != EINVAL)
    throw_system_error(path, "fsync folder", false, "the new name on the disk");
}

}  // namespace detail

/// @brief Random-access reader of a regular file. The constructor records the file's size.
///
/// **Errors.** DataError if the path is wrong or not a regular file; ResourceError if the system refuses.
class InputFile {
 public:
  /// Opens the file. O_NONBLOCK prevents blocking on a pipe; it has no effect on regular files.
  explicit InputFile(std::string path)
      : path_(std::move(path)), file_(detail::retried([&] {
          return file_system().open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
        })) {
    if (file_.get() < 0) detail::throw_system_error(path_, "open", true, "a readable file");
    size_ = status().size;
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Size at opening, bytes.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Fills `to` from `offset` on. **Errors.** DataError if the file ends before that.
  void read_at(std::uint64_t offset, std::span<std::byte> to) const {
    std::uint64_t at = offset;
    while (!to.empty()) {
      const std::int64_t done =
          detail::retried([&] { return file_system().read_at(file_.get(), to.data(), to.size(), at); });
      if (done < 0) detail::throw_system_error(path_, "read", true, "to read " + std::to_string(to.size()) + " bytes");
      if (done == 0) {
        throw DataError(Complaint{path_, "read",
                                  std::to_string(to.size()) + " more bytes at offset " + std::to_string(at),
                                  "the end of the file", "it was cut short while it was read"}
                            .text());
      }
      to = to.subspan(static_cast<std::size_t>(done));
      at += static_cast<std::uint64_t>(done);
    }
  }

  /// **Errors.** DataError if the size has changed since opening.
  void require_unchanged_size() const {
    const std::uint64_t now = status().size;
    if (now == size_) return;
    throw DataError(Complaint{path_, "size", std::to_string(size_) + " bytes as when it was opened",
                              std::to_string(now) + " bytes", "something wrote to it while it was read"}
                        .text());
  }

 private:
  [[nodiscard]] FileStatus status() const {
    FileStatus facts;
    if (file_system().status(file_.get(), facts) < 0)
      detail::throw_system_error(path_, "status", true, "facts about the file");
    if (facts.kind != FileKind::Regular) {
      const char* found = facts.kind == FileKind::Directory ? "a directory" : "a device or a pipe";
      throw DataError(Complaint{path_, "open", "a regular file", found, "check the path"}.text());
    }
    return facts;
  }

  std::string path_;
  detail::FileHandle file_;
  std::uint64_t size_ = 0;
};

inline constexpr std::uint64_t default_read_limit = std::uint64_t{4} << 30U;  ///< bytes

namespace detail {
template <class Container>
Container read_whole(const std::string& path, std::uint64_t limit) {
  const InputFile file(path);
  if (file.size() > limit) {
    throw DataError(Complaint{path, "size", "at most " + std::to_string(limit) + " bytes",
                              std::to_string(file.size()) + " bytes", ""}
                        .text());
  }
  Container content(static_cast<std::size_t>(file.size()), typename Container::value_type{});
  file.read_at(0, std::as_writable_bytes(std::span(content)));
  file.require_unchanged_size();
  return content;
}
}  // namespace detail

/// All bytes of a file. **Errors.** as InputFile; DataError if it is larger than `limit` bytes.
inline std::vector<std::byte> read_file(const std::string& path, std::uint64_t limit = default_read_limit) {
  return detail::read_whole<std::vector<std::byte>>(path, limit);
}
/// As read_file(), as text. The encoding is not checked.
inline std::string read_text(const std::string& path, std::uint64_t limit = default_read_limit) {
  return detail::read_whole<std::string>(path, limit);
}

/// @brief Atomic replacement of a file: commit() puts the complete new content in place.
///
/// write() writes to a temporary file in the same folder; commit() syncs the temporary file, renames it and syncs the
/// folder. Without commit() the destructor removes the temporary file, and the old file stays unchanged. A symbolic
/// link at the path is replaced, not followed.
/// **Errors.** ResourceError naming path, operation and reason. If only the last step fails, the sync of the folder,
/// the new content is in place but may not survive a power loss.
class AtomicFile {
 public:
  explicit AtomicFile(std::string path) : path_(std::move(path)), file_(open_temporary()) {}
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (exists_) file_system().remove_file(temporary_.c_str());
  }

  void write(std::span<const std::byte> bytes) {
    const std::size_t all = bytes.size();
    if (!detail::write_all(file_.get(), bytes)) fail("write", "to store " + std::to_string(all) + " bytes");
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

  void commit() {
    FileSystem& files = file_system();
    if (detail::retried([&] { return files.sync(file_.get()); }) < 0) fail("fsync", "the bytes on the disk");
    if (!file_.close()) fail("close", "the bytes on the disk");
    if (detail::retried([&] { return files.rename(temporary_.c_str(), path_.c_str()); }) < 0) {
      fail("rename", "to put the new file in place");
    }
    exists_ = false;
    detail::sync_folder_of(path_);
  }

  /// Path of the temporary file until commit(); for reading the bytes back.
  [[nodiscard]] const std::string& temporary_path() const noexcept { return temporary_; }

 private:
  [[noreturn]] void fail(std::string_view operation, std::string expected) const {
    detail::throw_system_error(path_, operation, false, std::move(expected));
  }
  /// Creates the temporary file. Its name does not contain the target's name, which may have 255 bytes already. O_EXCL
  /// skips files left by other processes.
  int open_temporary() {
    static std::atomic<std::uint64_t> counter{0};
    const std::string start = join(directory_of(path_), ".ctp-tmp-" + std::to_string(::getpid()) + "-");
    for (;;) {
      temporary_ = start + std::to_string(counter.fetch_add(1));
      const int file = detail::retried(
          [&] { return file_system().open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
      exists_ = file >= 0;
      if (exists_) return file;
      if (errno != EEXIST) fail("create", "to create a file in the folder");
    }
  }
  std::string path_;
  std::string temporary_;
  bool exists_ = false;
  detail::FileHandle file_;  // last member: open_temporary() assigns the members above
};

/// Replaces the content of a file atomically. **Errors.** as AtomicFile.
inline void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}
inline void write_file_atomically(const std::string& path, std::string_view text) {
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

/// @brief Creates a file, or overwrites the one at the path, without fsync.
///
/// Faster than write_file_atomically() for many small files. After a failure the file may hold part of `bytes`; after a
/// power loss its content is undefined.
/// **Errors.** ResourceError naming path, operation and reason.
inline void write_file_unsynced(const std::string& path, std::span<const std::byte> bytes) {
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  detail::FileHandle file(detail::retried([&] { return file_system().open(path.c_str(), flags, 0666); }));
  if (file.get() < 0) detail::throw_system_error(path, "create", false, "to create a file in the folder");
  const std::string size = std::to_string(bytes.size());
  if (!detail::write_all(file.get(), bytes)) {
    detail::throw_system_error(path, "write", false, "to store " + size + " bytes");
  }
  if (!file.close()) detail::throw_system_error(path, "close", false, "the bytes on the disk");
}

/// @brief Append-only file of whole lines, for logs. Every line is passed to the system at once, without a buffer.
///
/// If a line cannot be written completely, its written part is truncated again. If the file ends inside a line, because
/// another program died there, the first new line begins after a line end.
/// **Errors.** ResourceError naming path, operation and reason; the object stays usable.
class AppendFile {
 public:
  /// `keep`: first truncate the file to this many bytes, to resume from a checkpoint. **Errors.** DataError if the file
  /// is shorter than `keep`.
  explicit AppendFile(std::string path, std::optional<std::uint64_t> keep = {})
      : path_(std::move(path)), file_(detail::retried([&] {
          return file_system().open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
        })) {
    if (file_.get() < 0) detail::throw_system_error(path_, "open", false, "to append to the file");
    FileStatus facts;
    if (file_system().status(file_.get(), facts) < 0)
      detail::throw_system_error(path_, "status", false, "facts about the file");
    size_ = facts.size;
    if (keep && *keep > size_) {
      throw DataError(Complaint{path_, "size", "at least " + std::to_string(*keep) + " bytes",
                                std::to_string(size_) + " bytes", "it is not the log that was written before"}
                          .text());
    }
    if (keep && *keep < size_) {
      if (!cut(*keep))
        detail::throw_system_error(path_, "truncate", false, "to cut it to " + std::to_string(*keep) + " bytes");
      size_ = *keep;
    }
    starts_line_ = size_ == 0 || ends_with_line_end();
  }

  /// Appends `line` and a line end. **Errors.** UsageError if `line` contains a line end.
  void append_line(std::string_view line) {
    if (line.find('\n') != std::string_view::npos) {
      throw UsageError(
          Complaint{path_, "append_line", "text without a line end", "a line end in it", "append line by line"}.text());
    }
    buffer_.assign(starts_line_ ? "" : "\n");
    (buffer_ += line) += '\n';
    std::span<const std::byte> rest = std::as_bytes(std::span(buffer_));
    if (!detail::write_all(file_.get(), rest)) {
      const int problem = errno;
      const std::size_t done = buffer_.size() - rest.size();
      FileStatus facts;  // another process may have appended to the file: its bytes stay
      if (done != 0 && !(file_system().status(file_.get(), facts) >= 0 && facts.size >= size_ + done &&
                         cut(facts.size - done))) {  // part of the line stays
        size_ += done;
        starts_line_ = false;
      }
      errno = problem;
      detail::throw_system_error(path_, "append", false, "to store " + std::to_string(buffer_.size()) + " bytes");
    }
    size_ += buffer_.size();
    starts_line_ = true;
  }
  /// Waits until all lines are on the disk (fsync).
  void sync() {
    if (detail::retried([&] { return file_system().sync(file_.get()); }) < 0 && errno != EINVAL) {
      detail::throw_system_error(path_, "fsync", false, "the lines on the disk");
    }
  }
  /// Closes the file; only size() may be called after it. **Errors.** ResourceError if the system reports that lines
  /// are lost.
  void close() {
    if (!file_.close()) detail::throw_system_error(path_, "close", false, "the lines on the disk");
  }
  /// True if the path names the file that this object writes to; false once the file was removed, moved or replaced. If
  /// the system refuses to tell, true.
  [[nodiscard]] bool in_place() const {
    FileStatus open, named;
    if (file_system().status(file_.get(), open) < 0) return true;
    if (file_system().status(path_.c_str(), named) < 0) return errno != ENOENT && errno != ENOTDIR;
    return named.identity == open.identity;
  }
  /// Bytes in the file, those of other processes, too; after its removal as well. **Errors.** ResourceError.
  [[nodiscard]] std::uint64_t stored_bytes() const {
    FileStatus facts;
    if (file_system().status(file_.get(), facts) < 0)
      detail::throw_system_error(path_, "status", false, "facts about the file");
    return facts.size;
  }
  /// The bytes of the file from `offset` on, as stored_bytes(). **Errors.** ResourceError.
  [[nodiscard]] std::string text_from(std::uint64_t offset) const {
    const std::uint64_t end = stored_bytes();
    std::string text(static_cast<std::size_t>(end > offset ? end - offset : 0), '\0');
    for (std::size_t at = 0; at < text.size();) {
      const std::int64_t done = detail::retried(
          [&] { return file_system().read_at(file_.get(), text.data() + at, text.size() - at, offset + at); });
      if (done < 0) detail::throw_system_error(path_, "read", false, "to read its lines");
      if (done == 0) text.resize(at);  // it was cut meanwhile
      at += static_cast<std::size_t>(done);
    }
    return text;
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Bytes in the file; appends of other processes are not counted.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] bool cut(std::uint64_t size) {
    return detail::retried([&] { return file_system().truncate(file_.get(), size); }) >= 0;
  }
  [[nodiscard]] bool ends_with_line_end() const {
    char last = 0;
    const std::int64_t done = detail::retried([&] { return file_system().read_at(file_.get(), &last, 1, size_ - 1); });
    if (done < 0) detail::throw_system_error(path_, "read", false, "to read its last byte");
    return done == 1 && last == '\n';
  }

  std::string path_;
  detail::FileHandle file_;
  std::uint64_t size_ = 0;
  bool starts_line_ = true;
  std::string buffer_;  // a member, so that its memory is reused
};

}  // namespace ctp::io
