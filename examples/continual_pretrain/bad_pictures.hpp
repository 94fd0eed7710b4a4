/// @file   bad_pictures.hpp
/// @brief  The list of pictures that could not be decoded, as JSON lines: bad_images.jsonl of a run.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/report/patient_log.hpp>

namespace pretrain {

/// One line of the list.
struct BadPicture {
  std::string task, pair, file, reason;
};

/// @brief The bad pictures of a run: the list given at the start, and the pictures that loaders report.
///
/// The file is created with the first entry, so a run without bad pictures leaves no file.
class BadPictures {
 public:
  /// `samples`: the training pairs; an ordinal is a place in this list. `path`: the file to write.
  BadPictures(const std::vector<ctp::data::Sample>& samples, std::string path)
      : samples_(samples), path_(std::move(path)), file_(path_) {}

  /// @brief Quarantines the pairs of `listed`, an earlier run's list at `list_path`. Task and pair identify a picture.
  /// Returns the number of entries that are not among the training pairs: a run may train on fewer tasks.
  /// **Errors.** DataError if no entry is.
  std::size_t quarantine(const std::vector<BadPicture>& listed, const std::string& list_path) {
    std::size_t unknown = 0;
    for (const BadPicture& picture : listed) {
      const auto same = [&](const ctp::data::Sample& sample) {
        return sample.id == picture.pair && sample.industry == picture.task;
      };
      const auto at = std::find_if(samples_.begin(), samples_.end(), same);
      const auto ordinal = static_cast<std::uint32_t>(at - samples_.begin());
      if (at == samples_.end()) {
        ++unknown;
      } else if (known_.insert(ordinal).second) {
        ordinals_.push_back(ordinal);
        listed_.push_back({picture.task, picture.pair, at->image, picture.reason});
      }
    }
    if (unknown > 0 && ordinals_.empty())
      throw ctp::DataError(ctp::Complaint{list_path, "task and pair", "pictures of this data set",
                                          "none among " + std::to_string(unknown) + " entries",
                                          "give the list of a run on this data set"}
                               .text());
    return unknown;
  }
  /// Copies the entries of the quarantined pairs into the file, so that the file is complete.
  void write_quarantined() {
    for (const BadPicture& picture : listed_) append(picture);
  }

  /// Adds a picture that a loader reports, once per picture. An entry that cannot be written waits for the next one.
  void add(const std::string& task, const ctp::data::BadImage& bad) {
    if (!known_.insert(bad.ordinal).second) return;
    ordinals_.push_back(bad.ordinal);
    append({task, bad.name, samples_.at(bad.ordinal).image, bad.reason});
  }

  /// Ordinals of all bad pictures so far.
  [[nodiscard]] const std::vector<std::uint32_t>& ordinals() const { return ordinals_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Syncs and closes the file, if there is one.
  void close() { file_.close(); }
  /// What of the file is lost, or an empty text.
  [[nodiscard]] std::string complaint() const { return file_.complaint(); }

 private:
  void append(const BadPicture& picture) {
    file_.write(ctp::JsonLine()
                    .add("task", picture.task)
                    .add("pair", picture.pair)
                    .add("file", picture.file)
                    .add("reason", picture.reason));
  }

  const std::vector<ctp::data::Sample>& samples_;
  std::string path_;
  std::set<std::uint32_t> known_;
  std::vector<std::uint32_t> ordinals_;
  std::vector<BadPicture> listed_;
  ctp::report::PatientLog file_;
};

}  // namespace pretrain
