/// @file   ctp/io/output_folder.hpp
/// @brief  A folder that is written elsewhere and put in its place when it is complete.
/// @layer  io
#pragma once

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/output_guard.hpp>
#include <ctp/io/run_folder.hpp>

namespace ctp::io {

/// Whether an output may replace what lies at its path.
enum class Overwrite : bool { No, Yes };

/// @brief Writes a folder's content to a temporary folder; commit() puts the content at the target's path.
///
/// The target must be missing or an empty folder, or, with Overwrite::Yes, a folder that `foreign` accepts. A missing
/// target and a replaced one get a temporary folder beside the target, an empty target one inside: the target may be a
/// mount point. Without commit() the destructor removes the temporary folder, and the target stays as it was.
/// **Errors.** UsageError for a target that may not be written to; ResourceError naming path, operation and reason.
class OutputFolder {
 public:
  /// Checks a folder that is to be replaced. Returns the name of an entry that must not be removed, or an empty text.
  using Foreign = std::function<std::string(const std::string& folder)>;

  OutputFolder(std::string option, std::string target, Overwrite overwrite, Foreign foreign)
      : option_(std::move(option)), named_(std::move(target)), target_(resolved(named_)), foreign_(std::move(foreign)) {
    require_path(option_, named_);
    const auto kind = detail::kind_of(target_);
    if (kind && kind != FileKind::Directory)
      refuse("a folder", "a file", "choose another path: nothing but a data set is replaced");
    if (kind) {
      const auto names = list_directory(target_);
      empty_ = names.empty();
      if (!empty_ && overwrite == Overwrite::No)
        refuse("an empty or a new folder", content_of(names) + " in it",
               "choose another folder, or replace a data set with --overwrite");
      replaces_ = !empty_;
      if (replaces_) require_replaceable();
    }
    try {
      if (!kind) made_ = make_directories(directory_of(target_));
      temporary_ = make_temporary(empty_ ? target_ : directory_of(target_));
    } catch (...) {
      remove_made();
      throw;
    }
  }
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  ~OutputFolder() {
    if (!temporary_.empty()) (void)remove_tree(temporary_);
    if (!committed_) remove_made();
  }

  /// The temporary folder.
  [[nodiscard]] const std::string& path() const noexcept { return temporary_; }
  /// The path that the caller gave.
  [[nodiscard]] const std::string& target() const noexcept { return named_; }

  /// Puts the content in place. On failure the target is as it was before. **Errors.** as the class.
  void commit() {
    if (empty_)
      move_content();
    else if (replaces_)
      swap();
    else
      rename(temporary_, target_);
    temporary_.clear();
    committed_ = true;
    if (!old_.empty() && !remove_tree(old_))
      throw ResourceError(Complaint{target_, "replace", "to remove the old data set", "files that stay in " + old_,
                                    "the new data set is complete; remove these files"}
                              .text());
  }

 private:
  [[noreturn]] void refuse(std::string expected, std::string found, std::string remedy) const {
    throw UsageError(
        Complaint{option_ + " " + ctp::quoted(named_), "", std::move(expected), std::move(found), std::move(remedy)}
            .text());
  }
  void require_replaceable() const {
    const std::string name = foreign_(target_);
    if (!name.empty())
      refuse("a data set to replace, and nothing else in its folder", ctp::quoted(name),
             "move the folder away or choose another one: nothing of another kind is removed");
  }
  void rename(const std::string& from, const std::string& to) const {
    if (detail::retried([&] { return file_system().rename(from.c_str(), to.c_str()); }) >= 0) return;
    if (errno == ENOTEMPTY || errno == EEXIST)
      refuse("an empty or a new folder", "files that came into it meanwhile", "choose another folder");
    detail::throw_system_error(to, "rename", false, "to put the new folder in place");
  }
  /// Moves the entries of the temporary folder up by one. A failure moves them back.
  void move_content() {
    const auto now = list_directory(target_);
    if (now != std::vector<std::string>{temporary_.substr(temporary_.rfind('/') + 1)})
      refuse("an empty or a new folder", content_of(now) + " in it", "choose another folder");
    const auto names = list_directory(temporary_);
    std::size_t moved = 0;
    try {
      for (; moved < names.size(); ++moved) rename(join(temporary_, names[moved]), join(target_, names[moved]));
    } catch (...) {
      while (moved-- > 0)
        (void)file_system().rename(join(target_, names[moved]).c_str(), join(temporary_, names[moved]).c_str());
      throw;
    }
    (void)remove_tree(temporary_);
  }
  void swap() {
    require_replaceable();  // the folder may have changed since the constructor
    old_ = make_temporary(directory_of(target_));
    try {
      rename(target_, old_);  // an empty folder's place may be taken
    } catch (...) {
      (void)file_system().remove_directory(old_.c_str());
      throw;
    }
    try {
      rename(temporary_, target_);
    } catch (...) {
      if (file_system().rename(old_.c_str(), target_.c_str()) < 0)
        throw ResourceError(Complaint{target_, "replace", "to put the old data set back", "an error of the system",
                                      "the old data set is complete in " + old_}
                                .text());
      throw;
    }
  }
  /// Creates an empty folder of a new name in `parent`.
  [[nodiscard]] std::string make_temporary(const std::string& parent) const {
    static std::atomic<std::uint64_t> counter{0};
    for (;;) {
      std::string path =
          join(parent, ".ctp-tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1)));
      if (file_system().make_directory(path.c_str()) >= 0) return path;
      if (errno != EEXIST) detail::throw_system_error(path, "make directory", false, "to create a temporary folder");
    }
  }
  void remove_made() noexcept {
    for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder)
      (void)file_system().remove_directory(folder->c_str());  // refuses a folder with something in it
  }

  std::string option_, named_, target_, temporary_, old_;
  Foreign foreign_;
  std::vector<std::string> made_;
  bool empty_ = false, replaces_ = false, committed_ = false;
};

}  // namespace ctp::io
