/// @file   ctp/io/files.hpp
/// @brief  Reading whole files, replacing files atomically, appending whole lines, folders.
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
#include <ctp/io/file_system.hpp>

namespace ctp::io {

/// "a/b" for "a/b/c", "." for "c", "/" for "/c"; a slash at the end does not count.
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

/// Closes a file at the end of the scope; close() before that reports errors.
class FileHandle {
 public:
  explicit FileHandle(int file) : file_(file) {}
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;
  ~FileHandle() {
    if (file_ >= 0) file_system().close(file_);
  }
  [[nodiscard]] int get() const noexcept { return file_; }
  /// True on success. Never repeated: after EINTR the file is closed, and another thread may own the number by now.
  [[nodiscard]] bool close() { return file_system().close(std::exchange(file_, -1)) >= 0 || errno == EINTR; }

 private:
  int file_;
};

/// Writes everything, however small the pieces; false with errno set if that failed. `bytes` becomes what is left.
inline bool write_all(int file, std::span<const std::byte>& bytes) {
  while (!bytes.empty()) {
    const std::int64_t done = retried([&] { return file_system().write(file, bytes.data(), bytes.size()); });
    if (done < 0) return false;
    if (done == 0) {  // POSIX does not forbid it, and a loop would not end
      errno = EIO;
      return false;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

}  // namespace detail

/// @brief A regular file that is read at any offset. Its size is taken when it is opened.
///
/// **Errors.** DataError if the path is wrong or names no regular file; ResourceError if the system refuses.
class InputFile {
 public:
  /// O_NONBLOCK keeps a pipe in place of a file from blocking for ever; regular files ignore it.
  explicit InputFile(std::string path)
      : path_(std::move(path)), file_(detail::retried([&] {
          return file_system().open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
        })) {
    if (file_.get() < 0) detail::throw_system_error(path_, "open", true, "a readable file");
    size_ = status().size;
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Bytes, as of opening.
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

  /// **Errors.** DataError if the size is no longer what it was when the file was opened.
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
/// As read_file(), as text. The bytes are not looked at.
inline std::string read_text(const std::string& path, std::uint64_t limit = default_read_limit) {
  return detail::read_whole<std::string>(path, limit);
}

/// @brief A file that appears, or replaces the one before it, all at once: on commit() or not at all.
///
/// The bytes go to a temporary file in the same folder; commit() syncs it, renames it and syncs the folder. Without
/// commit() the temporary file is removed and whatever was at the path stays as it was. A symbolic link at the path is
/// replaced, not followed.
/// **Errors.** ResourceError naming path, operation and reason. If only the last step failed, the sync of the folder,
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
    sync_directory();
  }

  /// Where the bytes are until commit(); for reading them back.
  [[nodiscard]] const std::string& temporary_path() const noexcept { return temporary_; }

 private:
  [[noreturn]] void fail(std::string_view operation, std::string expected) const {
    detail::throw_system_error(path_, operation, false, std::move(expected));
  }
  /// A short name of its own, so that a target name of 255 bytes works too. O_EXCL skips what another process left.
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
  void sync_directory() const {
    FileSystem& files = file_system();
    const std::string directory = directory_of(path_);
    detail::FileHandle handle(
        detail::retried([&] { return files.open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); }));
    if (handle.get() < 0) fail("open folder", "to sync the folder");
    // Some network file systems cannot sync a folder and say so with EINVAL; there is nothing more to do on these.
    if (detail::retried([&] { return files.sync(handle.get()); }) < 0 && errno != EINVAL) {
      fail("fsync folder", "the new name on the disk");
    }
  }

  std::string path_;
  std::string temporary_;
  bool exists_ = false;
  detail::FileHandle file_;  // last: open_temporary() fills the members above
};

/// Replaces the content of a file at once. **Errors.** as AtomicFile.
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

/// @brief A file that grows by whole lines, for logs. Every line is handed to the system at once; nothing waits in a
/// buffer.
///
/// If a line cannot be written completely, what was written of it is cut off again. If the file ends inside a line,
/// because another program died there, the first new line starts on a line of its own.
/// **Errors.** ResourceError naming path, operation and reason; the file can be used on after it.
class AppendFile {
 public:
  /// `keep`: cut the file to this many bytes first; DataError if it has fewer. For going on from a checkpoint.
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

  /// Adds `line` and a line end. **Errors.** UsageError if the text has a line end in it.
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
      if (done != 0 && !cut(size_)) {  // half a line stays
        size_ += done;
        starts_line_ = false;
      }
      errno = problem;
      detail::throw_system_error(path_, "append", false, "to store " + std::to_string(buffer_.size()) + " bytes");
    }
    size_ += buffer_.size();
    starts_line_ = true;
  }
  /// Waits until all lines are on the disk.
  void sync() {
    if (detail::retried([&] { return file_system().sync(file_.get()); }) < 0 && errno != EINVAL) {
      detail::throw_system_error(path_, "fsync", false, "the lines on the disk");
    }
  }
  /// Bytes in the file, as far as this object knows.
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
  std::string buffer_;  // kept, so that lines stop allocating
};

namespace detail {
/// Nothing if there is nothing at the path.
inline std::optional<FileKind> kind_of(const std::string& path) {
  FileStatus facts;
  if (file_system().status(path.c_str(), facts) >= 0) return facts.kind;
  if (errno != ENOENT && errno != ENOTDIR) throw_system_error(path, "status", true, "facts about the file");
  return std::nullopt;
}
}  // namespace detail

/// True if there is anything at the path. **Errors.** ResourceError if the system will not say.
inline bool exists(const std::string& path) { return detail::kind_of(path).has_value(); }
/// True if the path is a directory. **Errors.** as exists().
inline bool is_directory(const std::string& path) { return detail::kind_of(path) == FileKind::Directory; }

/// Makes a directory and those above it; does nothing if it is there.
/// **Errors.** DataError if a file is in the way; ResourceError if the system refuses.
inline void make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1); !path.empty(); end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (file_system().make_directory(part.c_str()) < 0) {
      const int problem = errno;
      const bool there = is_directory(part);  // any error will do: a read-only parent of an existing folder is fine
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
}

/// The names in a directory, sorted by bytes. **Errors.** DataError if there is no such directory; ResourceError.
inline std::vector<std::string> list_directory(const std::string& path) {
  std::vector<std::string> names;
  if (file_system().list(path.c_str(), names) < 0) detail::throw_system_error(path, "list", true, "a directory");
  std::sort(names.begin(), names.end());
  return names;
}

/// Removes a file; nothing happens if there is none. **Errors.** ResourceError.
inline void remove_file(const std::string& path) {
  if (file_system().remove_file(path.c_str()) < 0 && errno != ENOENT) {
    detail::throw_system_error(path, "remove", false, "to remove the file");
  }
}

}  // namespace ctp::io
