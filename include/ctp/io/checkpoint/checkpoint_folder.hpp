/// @file   ctp/io/checkpoint/checkpoint_folder.hpp
/// @brief  A folder of checkpoints: atomic saving, retention, the newest valid one.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/io/checkpoint/checkpoint.hpp>
#include <ctp/io/checkpoint/checkpoint_reader.hpp>
#include <ctp/io/checkpoint/manifest.hpp>
#include <ctp/io/checksum.hpp>
#include <ctp/io/directories.hpp>
#include <ctp/io/file_lock.hpp>
#include <ctp/io/free_space.hpp>
#include <ctp/io/new_file.hpp>
#include <ctp/io/weights/safetensors.hpp>

namespace ctp::io {

/// Which checkpoints stay in a CheckpointFolder.
struct CheckpointRetention {
  int last = 2;             ///< the newest ones, at least 2
  std::uint64_t every = 0;  ///< steps: the first checkpoint of each `every` steps stays for good; 0: none
};

/// @brief Checkpoints of one training, each in a folder of its own: step-000000000120/ with manifest.json and
/// part-000.safetensors.
///
/// A checkpoint is written to a temporary folder, synced, renamed, and the parent folder is synced: at each moment,
/// also after a loss of power, the folder holds the earlier checkpoints or the new one, complete. Old checkpoints are
/// removed after that, and only if newer valid ones are there. Nothing is removed that this class does not write. The
/// first save() locks the folder until the object ends.
class CheckpointFolder {
 public:
  /// Nothing is read or written yet. **Errors.** UsageError for a retention below 2.
  explicit CheckpointFolder(std::string path, CheckpointRetention retention = {})
      : path_(std::move(path)), retention_(retention), lock_(join(path_, lock_name)) {
    if (retention_.last < 2)
      throw UsageError(Complaint{"CheckpointFolder", "last", "2 or more: the newest checkpoint may be damaged",
                                 std::to_string(retention_.last), ""}
                           .text());
  }
  CheckpointFolder(const CheckpointFolder&) = delete;
  CheckpointFolder& operator=(const CheckpointFolder&) = delete;
  ~CheckpointFolder() {
    if (lock_.owned()) (void)file_system().remove_file(lock_.path().c_str());
  }

  /// @brief Saves a checkpoint; one of the same step is replaced. Then removes those that retention does not keep.
  ///
  /// **Errors.** UsageError if another object has the folder, for tensors that cannot be stored, and for a step above
  /// 999,999,999,999; ResourceError if the system refuses, naming path, operation and reason. After an error the
  /// earlier checkpoints are as they were, and no temporary file stays that could be removed.
  void save(std::uint64_t step, const CheckpointFacts& facts, const TensorFile& state) {
    if (step > detail::most_steps)
      throw UsageError(Complaint{"CheckpointFolder::save", "step", "at most " + std::to_string(detail::most_steps),
                                 std::to_string(step), ""}
                           .text());
    open();
    const std::string name = detail::step_number(step);
    std::uint64_t bytes = std::uint64_t{1} << 16U;
    for (const NamedTensor& tensor : state.tensors) bytes += tensor.bytes.size() + tensor.name.size() + 100;
    require_free_space(path_, bytes + bytes / 10, "the checkpoint of step " + std::to_string(step));
    const std::string temporary = temporary_name(name, "tmp");
    (void)remove_tree(temporary);  // of an earlier try
    try {
      write(temporary, {.step = step, .facts = facts}, state);
      put_in_place(temporary, name);
    } catch (...) {
      (void)remove_tree(temporary);
      throw;
    }
    damaged_.erase(step);
    remove_old(step);
  }

  /// @brief Makes and locks the folder, and mends what a killed process left: temporary folders are removed, and a
  /// checkpoint that was moved aside gets its name back. **Errors.** as save().
  void open() {
    if (lock_.owned()) return;
    lock_.take_or(
        [this] {
          if (exists(path_)) return;
          for (const std::string& made : make_directories(path_)) detail::sync_folder_of(made);
        },
        [this] {
          throw UsageError(Complaint{path_, "", "a folder of one training", "another one that saves into it",
                                     "choose another folder, or let that training end"}
                               .text());
        });
    mend();
  }
  /// @brief Removes the checkpoints that retention does not keep, before a training goes on from the checkpoint of
  /// `step`, which stays. Later ones are damaged and do not count from now on. **Errors.** as save().
  void tidy(std::uint64_t step) {
    open();
    for (const std::uint64_t later : steps())
      if (later > step) damaged_.insert(later);
    remove_old(step);
  }

  /// @brief Reads the newest checkpoint that is valid. Those passed over are appended to `passed_over`.
  /// **Errors.** ResourceError if the system refuses to read the folder or a checkpoint.
  [[nodiscard]] std::optional<Checkpoint> newest(std::vector<PassedOver>* passed_over = nullptr) const {
    const std::vector<std::uint64_t> all = steps();
    for (auto step = all.rbegin(); step != all.rend(); ++step) {
      const std::string folder = folder_of(*step);
      try {
        return read_checkpoint(folder);
      } catch (const ResourceError& error) {  // no damage: to go on from an older one would lose this one
        throw ResourceError(std::string(error.what()) + "; if it stays so, move the folder " + folder +
                            " away: then an older checkpoint is used");
      } catch (const Error& error) {
        if (passed_over != nullptr) passed_over->push_back({folder, error.what()});
      }
    }
    return std::nullopt;
  }
  /// The steps of all checkpoints by their names, valid or not, rising; none if there is no folder.
  [[nodiscard]] std::vector<std::uint64_t> steps() const {
    std::vector<std::uint64_t> found;
    if (!exists(path_)) return found;
    for (const std::string& name : list_directory(path_))
      if (const auto step = detail::step_of_name(name)) found.push_back(*step);
    return found;  // names sort as their numbers
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The folder of the checkpoint of a step.
  [[nodiscard]] std::string folder_of(std::uint64_t step) const {
    return join(path_, std::string(detail::step_prefix) + detail::step_number(step));
  }

 private:
  static constexpr const char* lock_name = ".ctp-checkpoints.lock";

  /// ".tmp-000000000120-4711"
  [[nodiscard]] std::string temporary_name(const std::string& number, std::string_view kind) const {
    return join(path_, "." + std::string(kind) + "-" + number + "-" + std::to_string(::getpid()));
  }
  /// ".tmp-" or ".old-", 12 digits, "-", digits.
  static bool is_temporary(std::string_view name) {
    constexpr std::size_t dash = prefix_length + detail::step_digits;
    return (name.starts_with(".tmp-") || name.starts_with(".old-")) && name.size() > dash + 1 && name[dash] == '-' &&
           name.substr(prefix_length, detail::step_digits).find_first_not_of("0123456789") == std::string_view::npos &&
           name.substr(dash + 1).find_first_not_of("0123456789") == std::string_view::npos;
  }
  static constexpr std::size_t prefix_length = 5;

  /// Removes temporary folders. A checkpoint that was moved aside to be replaced, and was not, gets its name back, also
  /// one that this version does not read: another version of the library may.
  void mend() const {
    for (const std::string& name : list_directory(path_)) {
      if (!is_temporary(name)) continue;
      const std::string aside = join(path_, name), number = name.substr(prefix_length, detail::step_digits);
      const std::string target = join(path_, std::string(detail::step_prefix) + number);
      if (name.starts_with(".old-") && !exists(target) && exists(join(aside, CheckpointManifest::file_name)))
        rename(aside, target);
      else
        (void)remove_tree(aside);
    }
  }
  static void write(const std::string& folder, CheckpointManifest manifest, const TensorFile& state) {
    if (file_system().make_directory(folder.c_str()) < 0)
      detail::throw_system_error(folder, "make directory", false, "to create a folder for the checkpoint");
    CheckpointPart part{detail::part_name(0), 0, ""};
    const std::string path = join(folder, part.file);
    NewFile file(path);
    Checksum sum;
    write_safetensors_to(
        [&](std::span<const std::byte> bytes) {
          sum.add(bytes);
          file.write(bytes);
        },
        path, state);
    file.finish();
    part.bytes = file.size();
    part.checksum = sum.text();
    manifest.parts.push_back(std::move(part));
    const std::string manifest_path = join(folder, CheckpointManifest::file_name);
    NewFile last(manifest_path);
    last.write(manifest_text(manifest));
    last.finish();
    detail::sync_folder_of(manifest_path);
  }
  /// Renames the temporary folder. A checkpoint of the same step is moved aside first, and moved back on failure; what
  /// stands there and is not the library's stays under another name.
  void put_in_place(const std::string& temporary, const std::string& number) const {
    const std::string target = join(path_, std::string(detail::step_prefix) + number);
    const std::string old = temporary_name(number, "old");
    const bool replaces = detail::kind_of(target).has_value();
    if (replaces) {
      (void)remove_tree(old);  // of a save that failed: the target is there
      rename(target, old);
    }
    try {
      rename(temporary, target);
    } catch (...) {
      if (replaces) (void)file_system().rename(old.c_str(), target.c_str());
      throw;
    }
    detail::sync_folder_of(target);
    if (!replaces) return;
    if (is_ours(old))
      (void)remove_tree(old);
    else
      rename(old, join(path_, "replaced-" + number + "-" + std::to_string(::getpid())));
  }
  static void rename(const std::string& from, const std::string& to) {
    if (detail::retried([&] { return file_system().rename(from.c_str(), to.c_str()); }) < 0)
      detail::throw_system_error(to, "rename", false, "to put the checkpoint in place");
  }

  /// Removes the checkpoints that retention does not keep. What cannot be removed is tried again after the next save:
  /// the new checkpoint is complete in any case.
  void remove_old(std::uint64_t stays) const {
    std::vector<std::uint64_t> valid;
    try {
      mend();
      for (const std::uint64_t step : steps())
        if (!damaged_.contains(step) && looks_complete(folder_of(step))) valid.push_back(step);
    } catch (const Error&) {
      return;
    }
    std::optional<std::uint64_t> bucket;
    for (std::size_t i = 0; i < valid.size(); ++i) {
      const bool first_of_its_steps = retention_.every > 0 && bucket != valid[i] / retention_.every;
      if (retention_.every > 0) bucket = valid[i] / retention_.every;
      const bool recent = i + static_cast<std::size_t>(retention_.last) >= valid.size();
      if (first_of_its_steps || recent || valid[i] == stays) continue;
      remove_checkpoint(valid[i]);
    }
  }
  /// True for a folder that holds a manifest and parts, and nothing else.
  static bool is_ours(const std::string& folder) {
    try {
      std::string target;
      if (file_system().read_link(folder.c_str(), target) >= 0) return false;
      std::size_t part = 0;
      for (const std::string& name : list_directory(folder))  // parts come in the order of their numbers
        if (name != CheckpointManifest::file_name && name != detail::part_name(part++)) return false;
      return true;
    } catch (const Error&) {
      return false;
    }
  }
  /// Removes a checkpoint, unless its folder holds anything else.
  void remove_checkpoint(std::uint64_t step) const {
    const std::string folder = folder_of(step), aside = temporary_name(detail::step_number(step), "old");
    if (!is_ours(folder)) return;
    // Renamed first: a half removed folder of this name would look like a damaged checkpoint.
    if (file_system().rename(folder.c_str(), aside.c_str()) >= 0) (void)remove_tree(aside);
  }

  std::string path_;
  CheckpointRetention retention_;
  FileLock lock_;
  std::set<std::uint64_t> damaged_;  ///< steps of checkpoints that were passed over
};

}  // namespace ctp::io
