/// @file   bad_pictures.hpp
/// @brief  The list of pictures that could not be decoded, as JSON lines: bad_images.jsonl of a run.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/report/metrics_log.hpp>

namespace pretrain {

/// One line of the list.
struct BadPicture {
  std::string task, pair, file, reason;
};

/// @brief The bad pictures of a run: those listed at its start, and those that loaders report during training.
///
/// The file is created with the first entry, so a run without bad pictures leaves no file.
class BadPictures {
 public:
  /// `samples`: the training pairs; an ordinal is a place in this list. `path`: the file to write.
  BadPictures(const std::vector<ctp::data::Sample>& samples, std::string path)
      : samples_(samples), path_(std::move(path)) {}

  /// @brief Quarantines the pairs of `listed` and copies their entries into the file, so that the file is complete.
  /// Entries of pairs that are not among the training pairs are dropped. **Errors.** ResourceError for the file.
  void quarantine(const std::vector<BadPicture>& listed, bool write) {
    for (const BadPicture& picture : listed)
      for (std::uint32_t i = 0; i < samples_.size(); ++i)
        if (samples_[i].id == picture.pair && known_.insert(i).second) {
          ordinals_.push_back(i);
          if (write) append({picture.task, picture.pair, samples_[i].image, picture.reason});
        }
  }

  /// Adds a picture that a loader reports, once per picture. **Errors.** ResourceError for the file.
  void add(const std::string& task, const ctp::data::BadImage& bad) {
    if (!known_.insert(bad.ordinal).second) return;
    ordinals_.push_back(bad.ordinal);
    append({task, bad.name, samples_.at(bad.ordinal).image, bad.reason});
  }

  /// Ordinals of all bad pictures so far.
  [[nodiscard]] const std::vector<std::uint32_t>& ordinals() const { return ordinals_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void append(const BadPicture& picture) {
    if (!file_) file_.emplace(path_, 0);
    file_->write(ctp::JsonLine()
                     .add("task", picture.task)
                     .add("pair", picture.pair)
                     .add("file", picture.file)
                     .add("reason", picture.reason));
  }

  const std::vector<ctp::data::Sample>& samples_;
  std::string path_;
  std::set<std::uint32_t> known_;
  std::vector<std::uint32_t> ordinals_;
  std::optional<ctp::report::MetricsLog> file_;
};

}  // namespace pretrain
