/// @file   ctp/testing/power_loss.hpp
/// @brief  File system that loses its power at the N-th call, for tests of writers.
/// @layer  testing
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <ctp/io/directories.hpp>
#include <ctp/io/file_system.hpp>
#include <ctp/testing/faulty_file_system.hpp>

namespace ctp::io {

/// What becomes of bytes that were written and not synced before the power was lost.
enum class Unsynced : std::uint8_t {
  Dropped,  ///< the file ends before them
  Zeroed,   ///< the file has its length, and zeros in their place
  Kept      ///< the system had written them
};

/// @brief The N-th call and all later ones fail, as if the power were lost; recover() then changes the files to what a
/// disk may hold: bytes that were not synced are lost, and names that were created or renamed in a folder that was not
/// synced afterwards are undone, last one first.
///
/// The power is lost at call `fail_at`. Not thread-safe.
class PowerLossFileSystem final : public FaultyFileSystem {
 public:
  PowerLossFileSystem() { for_good = true; }

  int open(const char* path, int flags, unsigned mode) override {
    const bool there = std::filesystem::exists(path);
    const int file = FaultyFileSystem::open(path, flags, mode);
    if (file < 0) return file;
    open_[file] = path;
    if (!there) undo_.push_back({directory_of(path), "", path});
    return file;
  }
  int close(int file) override {
    open_.erase(file);
    return FaultyFileSystem::close(file);
  }
  std::int64_t write(int file, const void* from, std::size_t bytes) override {
    const std::int64_t done = FaultyFileSystem::write(file, from, bytes);
    if (done > 0) unsynced_.emplace(open_[file], size_of(open_[file]) - static_cast<std::uint64_t>(done));
    return done;
  }
  int sync(int file) override {
    const int result = FaultyFileSystem::sync(file);
    if (result < 0) return result;
    const std::string path = open_[file];
    unsynced_.erase(path);
    std::erase_if(undo_, [&](const Undo& step) { return step.folder == path; });
    return result;
  }
  int rename(const char* from, const char* to) override {
    const int result = FaultyFileSystem::rename(from, to);
    if (result >= 0) {
      undo_.push_back({directory_of(to), to, from});
      move_names(from, to);
    }
    return result;
  }
  int make_directory(const char* path) override {
    const int result = FaultyFileSystem::make_directory(path);
    if (result >= 0) undo_.push_back({directory_of(path), "", path});
    return result;
  }

  /// Changes the files to what the disk holds after the loss. `names_lost`: names that were not synced are undone.
  void recover(Unsynced bytes, bool names_lost) {
    for (const auto& [path, synced] : unsynced_) {
      std::error_code gone;
      const std::uint64_t size = std::filesystem::file_size(path, gone);
      if (gone || bytes == Unsynced::Kept || size <= synced) continue;
      std::filesystem::resize_file(path, synced);
      if (bytes == Unsynced::Zeroed) std::filesystem::resize_file(path, size);
    }
    if (names_lost)
      for (auto step = undo_.rbegin(); step != undo_.rend(); ++step) {
        std::error_code ignored;  // removed meanwhile
        if (step->now.empty())
          std::filesystem::remove_all(step->before, ignored);
        else
          std::filesystem::rename(step->now, step->before, ignored);
      }
    unsynced_.clear();
    undo_.clear();
  }

 private:
  struct Undo {
    std::string folder, now, before;  ///< `now` empty: `before` was created
  };
  static std::uint64_t size_of(const std::string& path) {
    std::error_code gone;
    const auto size = std::filesystem::file_size(path, gone);
    return gone ? 0 : size;
  }
  /// Names below a folder that was renamed.
  void move_names(const std::string& from, const std::string& to) {
    const auto moved = [&](const std::string& path) {
      return path == from || path.starts_with(from + "/") ? to + path.substr(from.size()) : path;
    };
    std::map<std::string, std::uint64_t> kept;
    for (const auto& [path, synced] : unsynced_) kept.emplace(moved(path), synced);
    unsynced_ = std::move(kept);
    for (auto& [file, path] : open_) path = moved(path);
    for (Undo& step : undo_)
      if (&step != &undo_.back() && step.folder != directory_of(to)) {
        step.folder = moved(step.folder);
        step.before = moved(step.before);
        if (!step.now.empty()) step.now = moved(step.now);
      }
  }

  std::map<int, std::string> open_;
  std::map<std::string, std::uint64_t> unsynced_;  ///< files, and their bytes at the last sync
  std::vector<Undo> undo_;
};

}  // namespace ctp::io
