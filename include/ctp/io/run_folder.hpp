/// @file   ctp/io/run_folder.hpp
/// @brief  The folder of one run, taken exclusively.
/// @layer  io
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/file_lock.hpp>
#include <ctp/io/files.hpp>

namespace ctp::io {

/// The first names of a folder's content for a message: "a, b, c (7 entries)".
inline std::string content_of(std::span<const std::string> names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i)
    text += (i > 0 ? ", " : "") + ctp::quoted(names[i]);
  return names.size() > 3 ? text + " and others, " + std::to_string(names.size()) + " together" : text;
}

/// @brief Takes an empty or missing folder for one run; a second run is refused while the first one lives.
///
/// The lock is a lock of the system on the file `.ctp-run.lock`: it ends with its process, even if that is killed.
/// Until keep() the run counts as not begun. If it ends before that, the destructor removes the run's first files and
/// the folders that the constructor made. If the process is killed before keep(), the next run removes them: the lock
/// file names them. Files of any other name, or of a run that has begun, are never removed.
/// **Errors.** UsageError if the path is no folder, holds a file, or another run has it; ResourceError.
class RunFolder {
 public:
  struct Resume {};

  /// `first_files`: names of the files and folders that the run may write before keep(). `kept_files`: names of such
  /// files that stay for the user after a failure; the next run may remove them.
  RunFolder(std::string option, std::string path, std::vector<std::string> first_files,
            std::vector<std::string> kept_files = {})
      : option_(std::move(option)),
        path_(std::move(path)),
        first_files_(std::move(first_files)),
        kept_files_(std::move(kept_files)),
        lock_(join(path_, lock_name)) {
    if (const auto kind = detail::kind_of(path_); kind && kind != FileKind::Directory)
      refuse("a folder", "a file", "choose another folder: nothing is overwritten");
    if (exists(path_)) (void)leftovers();  // refuses before anything is written
    try {
      take();
      for (const std::string& name : leftovers()) remove_all(join(path_, name));
      std::string names;
      for (const auto* list : {&first_files_, &kept_files_})
        for (const std::string& name : *list) names += name + "\n";
      lock_.write(names);
    } catch (...) {
      release(true);
      throw;
    }
  }
  /// Takes the folder of a run that goes on. keep() then removes that run's temporary files; without keep() the folder
  /// stays as it was. **Errors.** UsageError if another run has the folder; CheckpointError if there is no such folder.
  RunFolder(std::string option, std::string path, Resume)
      : option_(std::move(option)),
        path_(std::move(path)),
        lock_(join(path_, lock_name)),
        resumes_(true),
        had_lock_(exists(join(path_, lock_name))) {
    if (detail::kind_of(path_) != FileKind::Directory)
      throw CheckpointError(Complaint{option_ + " " + ctp::quoted(path_), "", "the folder of the run that goes on",
                                      exists(path_) ? "a file" : "nothing there", "check the path"}
                                .text());
    take();
  }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder() {
    if (!owns()) return;  // another run's folder may be at the path
    bool stays = false;
    if (!begun_ && !resumes_) {
      for (const std::string& name : first_files_) (void)remove_tree(join(path_, name));
      FileStatus facts;
      for (const std::string& name : kept_files_)
        stays = stays || file_system().status(join(path_, name).c_str(), facts) >= 0;
    }
    release(!stays && (begun_ || !had_lock_));  // the lock of a killed run says which files are its own
  }

  /// The run has begun: its files stay from now on. **Errors.** ResourceError.
  void keep() {
    if (begun_) return;
    lock_.write("");
    begun_ = true;
    if (!resumes_) return;
    for (const std::string& name : list_directory(path_))
      if (is_temporary(name)) remove_file(join(path_, name));
  }
  [[nodiscard]] bool begun() const noexcept { return begun_; }
  /// True while the path names the folder that this run has locked. A folder that was removed, moved or replaced is not
  /// this run's any more.
  [[nodiscard]] bool owns() const noexcept { return lock_.owned(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// True for the name of AtomicFile's temporary file, ".ctp-tmp-<process>-<number>": its run was killed while it
  /// wrote.
  static bool is_temporary(std::string_view name) {
    constexpr std::string_view start = ".ctp-tmp-";
    return name.starts_with(start) && name.find_first_not_of("0123456789-", start.size()) == std::string_view::npos;
  }

 private:
  static constexpr const char* lock_name = ".ctp-run.lock";

  [[noreturn]] void refuse(std::string expected, std::string found, std::string remedy) const {
    throw UsageError(
        Complaint{option_ + " " + ctp::quoted(path_), "", std::move(expected), std::move(found), std::move(remedy)}
            .text());
  }

  /// **Errors.** ResourceError if something stays.
  static void remove_all(const std::string& path) {
    if (!remove_tree(path)) detail::throw_system_error(path, "remove", false, "to remove the file or folder");
  }

  /// The files that a run left which ended before it began. **Errors.** UsageError if the folder has any other file.
  std::vector<std::string> leftovers() {
    std::vector<std::string> names = list_directory(path_);
    const bool locked = std::erase(names, lock_name) > 0;
    if (names.empty()) return names;
    const std::string removable = locked ? "\n" + read_text(lock_.path(), 1 << 16) : "";
    const auto foreign = [&](const std::string& name) {
      if (locked && is_temporary(name)) return false;  // of a file that was being written
      return name.find('\n') != std::string::npos || removable.find("\n" + name + "\n") == std::string::npos;
    };
    if (std::any_of(names.begin(), names.end(), foreign))
      refuse("an empty or a new folder", content_of(names) + " in it",
             "choose another folder or move these files away: nothing is overwritten");
    return names;
  }
  void take() {
    lock_.take_or(
        [this] {
          auto made = make_directories(path_);
          for (const std::string& folder : made) detail::sync_folder_of(folder);
          made_.insert(made_.end(), std::make_move_iterator(made.begin()), std::make_move_iterator(made.end()));
        },
        [this] {
          refuse("a folder of one run", "another run that writes into it",
                 "choose another folder, or let that run end");
        });
  }
  /// Ends the lock. `tidy`: removes the lock file, and if the run has not begun the folders that this run made.
  void release(bool tidy) noexcept {
    const bool mine = owns();
    if (tidy && mine) (void)file_system().remove_file(lock_.path().c_str());
    if (tidy && !begun_ && (mine || !lock_.held()))
      for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder)
        (void)file_system().remove_directory(folder->c_str());  // refuses a folder with something in it
    lock_.release();
  }

  std::string option_, path_;
  std::vector<std::string> first_files_, kept_files_, made_;
  FileLock lock_;
  bool begun_ = false, resumes_ = false;
  bool had_lock_ = false;  ///< there was a lock file before
};

}  // namespace ctp::io
