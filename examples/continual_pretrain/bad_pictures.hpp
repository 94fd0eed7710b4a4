/// @file   bad_pictures.hpp
/// @brief  The list of pictures that could not be decoded, as JSON lines: bad_images.jsonl of a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/report/patient_log.hpp>

namespace pretrain {

/// One line of the list. `split`: "train", or the list of the evaluation that has the pair.
struct BadPicture {
  std::string task, pair, file, reason, split = "train";
};

/// @brief The bad pictures of a run: the list given at the start, and the pictures that loaders report.
///
/// The file is created with the first entry, so a run without bad pictures leaves no file.
class BadPictures {
 public:
  /// `samples`: the training pairs; an ordinal is a place in this list. `path`: the file to write.
  BadPictures(const std::vector<ctp::data::Sample>& samples, std::string path)
      : samples_(samples), path_(std::move(path)), file_(path_) {}

  /// Leaves out a picture known before the training: of the training pair `ordinal`, or, without an ordinal, of a
  /// record of the evaluation, which is listed only.
  void leave_out(std::optional<std::uint32_t> ordinal, BadPicture picture) {
    if (ordinal && !known_.insert(*ordinal).second) return;
    if (ordinal) ordinals_.push_back(*ordinal);
    listed_.push_back(std::move(picture));
  }
  /// Copies the entries of the pictures left out so far into the file, so that the file is complete.
  void write_quarantined() {
    for (const BadPicture& picture : listed_) append(picture);
  }

  /// Calls archive("name", member): the pictures listed so far are part of the state of a run.
  template <class Archive>
  void visit(Archive& archive) {
    archive("run.bad_pictures", ordinals_);
    known_ = {ordinals_.begin(), ordinals_.end()};
  }

  /// Adds a picture that a loader reports, once per picture. An entry that cannot be written waits for the next one.
  void add(const std::string& task, const ctp::data::BadImage& bad) {
    if (!known_.insert(bad.ordinal).second) return;
    ordinals_.push_back(bad.ordinal);
    append({task, bad.name, samples_.at(bad.ordinal).image, bad.reason, "train"});
  }

  /// Entries of the list given at the start that are not pictures of the tasks; nullopt without a list.
  [[nodiscard]] const std::optional<std::size_t>& unlisted() const { return unlisted_; }
  void set_unlisted(std::size_t entries) { unlisted_ = entries; }

  /// Ordinals of all bad pictures so far.
  [[nodiscard]] const std::vector<std::uint32_t>& ordinals() const { return ordinals_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// The file.
  [[nodiscard]] ctp::report::PatientLog& log() { return file_; }
  /// Syncs and closes the file, if there is one.
  void close() { file_.close(); }
  /// What of the file is lost, or an empty text.
  [[nodiscard]] std::string complaint() const { return file_.complaint(); }

 private:
  void append(const BadPicture& picture) {
    ctp::JsonLine line;
    line.add("task", picture.task).add("pair", picture.pair).add("file", picture.file).add("reason", picture.reason);
    if (picture.split != "train") line.add("split", picture.split);
    file_.write(line);
  }

  const std::vector<ctp::data::Sample>& samples_;
  std::string path_;
  std::set<std::uint32_t> known_;
  std::vector<std::uint32_t> ordinals_;
  std::vector<BadPicture> listed_;
  std::optional<std::size_t> unlisted_;
  ctp::report::PatientLog file_;
};

}  // namespace pretrain
