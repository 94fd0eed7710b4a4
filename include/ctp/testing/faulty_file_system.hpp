/// @file   ctp/testing/faulty_file_system.hpp
/// @brief  Fault-injecting file system for tests of readers and writers.
/// @layer  testing
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/io/file_system.hpp>

namespace ctp::io {

/// @brief Counts the calls, fails the N-th, splits reads and writes into small pieces, injects EINTR.
///
/// Not thread-safe. The loop of a test: for N = 1, 2, ...: set fail_at = N, run the code, check its guarantees; stop as
/// soon as failed() is false, since the run then has fewer than N calls.
class FaultyFileSystem : public FileSystem {
 public:
  std::size_t fail_at = 0;       ///< number of the failing call, from 1; 0: none
  bool for_good = false;         ///< every later call fails too
  int error = EIO;               ///< errno of the failure
  std::size_t piece = SIZE_MAX;  ///< largest number of bytes of one read or write
  unsigned interruptions = 0;    ///< number of EINTR failures before each interruptible call

  [[nodiscard]] std::size_t calls() const noexcept { return log_.size(); }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// Names of the calls so far, without interruptions: "open", "write", "sync", ...
  [[nodiscard]] const std::vector<std::string>& log() const noexcept { return log_; }

  int open(const char* path, int flags, unsigned mode) override {
    return disturbed("open", true) ? -1 : FileSystem::open(path, flags, mode);
  }
  int close(int file) override {
    const bool fails = disturbed("close", false);
    const int problem = errno;
    const int result = FileSystem::close(file);  // a failing close() has closed the file nevertheless
    if (!fails) return result;
    errno = problem;
    return -1;
  }
  int status(int file, FileStatus& out) override {
    return disturbed("status", false) ? -1 : FileSystem::status(file, out);
  }
  int status(const char* path, FileStatus& out) override {
    return disturbed("status", false) ? -1 : FileSystem::status(path, out);
  }
  std::int64_t read_at(int file, void* to, std::size_t bytes, std::uint64_t offset) override {
    return disturbed("read_at", true) ? -1 : FileSystem::read_at(file, to, std::min(bytes, piece), offset);
  }
  std::int64_t write(int file, const void* from, std::size_t bytes) override {
    return disturbed("write", true) ? -1 : FileSystem::write(file, from, std::min(bytes, piece));
  }
  int sync(int file) override { return disturbed("sync", true) ? -1 : FileSystem::sync(file); }
  int truncate(int file, std::uint64_t size) override {
    return disturbed("truncate", true) ? -1 : FileSystem::truncate(file, size);
  }
  int rename(const char* from, const char* to) override {
    return disturbed("rename", false) ? -1 : FileSystem::rename(from, to);
  }
  int remove_file(const char* path) override {
    return disturbed("remove_file", false) ? -1 : FileSystem::remove_file(path);
  }
  int make_directory(const char* path) override {
    return disturbed("make_directory", false) ? -1 : FileSystem::make_directory(path);
  }
  int remove_directory(const char* path) override {
    return disturbed("remove_directory", false) ? -1 : FileSystem::remove_directory(path);
  }
  int lock(int file) override { return disturbed("lock", false) ? -1 : FileSystem::lock(file); }
  int read_link(const char* path, std::string& target) override {
    return disturbed("read_link", false) ? -1 : FileSystem::read_link(path, target);
  }
  int list(const char* path, std::vector<std::string>& names) override {
    return disturbed("list", false) ? -1 : FileSystem::list(path, names);
  }

 private:
  bool disturbed(const char* name, bool interruptible) {
    if (interruptible && interrupted_ < interruptions) {
      ++interrupted_;
      errno = EINTR;
      return true;
    }
    interrupted_ = 0;
    log_.emplace_back(name);
    if (fail_at == 0 || log_.size() < fail_at || (log_.size() > fail_at && !for_good)) return false;
    failed_ = true;
    errno = error;
    return true;
  }

  std::vector<std::string> log_;
  unsigned interrupted_ = 0;
  bool failed_ = false;
};

}  // namespace ctp::io
