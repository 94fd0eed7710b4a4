/// @file   picture_check.hpp
/// @brief  The check of all pictures at the start of a program: refusal, lists and counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/data/pairs/picture_check.hpp>
#include <ctp/data/pairs/split.hpp>

namespace examples {

/// The splits of the evaluation.
inline constexpr ctp::data::Split evaluation_splits[] = {ctp::data::Split::Test, ctp::data::Split::Query,
                                                         ctp::data::Split::Gallery};

/// The line that names all bad pictures. `remedy`: the options of the program.
inline std::string complaint_of(const ctp::data::PictureCheck& check, const std::string& folder,
                                const std::string& remedy) {
  return ctp::Complaint{folder, "pictures", "that each of " + std::to_string(check.pictures) + " can be read",
                        std::to_string(check.bad_files()) + " that cannot: " + check.reasons(), remedy}
      .text();
}

/// An object with a number per split of the evaluation.
template <class Count>
ctp::JsonLine per_split(const Count& count) {
  ctp::JsonLine line;
  for (const ctp::data::Split split : evaluation_splits) line.add(ctp::data::split_name(split), count(split));
  return line;
}

/// Records of each split of the evaluation that were left out.
inline ctp::JsonLine left_out_line(const ctp::data::P9d& stream) {
  return per_split([&](ctp::data::Split split) { return stream.left_out(split); });
}
/// Adds the counts of a check: pictures looked at, bad ones, copies of training pictures.
inline void add_check(ctp::JsonLine& line, const ctp::data::PictureCheck& check, const ctp::data::P9d& stream) {
  const auto copies = [&](auto member) {
    return per_split([&](ctp::data::Split split) { return check.copies[static_cast<std::size_t>(split)].*member; });
  };
  line.add("pictures", check.pictures).add("bad_pictures", check.bad_files());
  line.add("left_out", left_out_line(stream));
  line.add("copies_of_training_pictures", copies(&ctp::data::PictureCopies::pictures));
  line.add("copies_of_training_pairs", copies(&ctp::data::PictureCopies::pairs));
}
/// The counts of a check as an object.
inline ctp::JsonLine check_object(const ctp::data::PictureCheck& check, const ctp::data::P9d& stream) {
  ctp::JsonLine line;
  add_check(line, check, stream);
  return line;
}
/// All bad pictures, for JSON output.
inline ctp::JsonArray bad_list(const ctp::data::PictureCheck& check) {
  ctp::JsonArray list;
  for (const ctp::data::PictureFault& fault : check.bad)
    list.push(ctp::JsonLine()
                  .add("split", ctp::data::split_name(fault.split))
                  .add("task", fault.task)
                  .add("pair", fault.id)
                  .add("file", fault.file)
                  .add("reason", fault.reason));
  return list;
}

/// One line for each count that is not zero: records left out, copies.
inline std::vector<std::string> check_sentences(const ctp::data::PictureCheck& check, const ctp::data::P9d& stream) {
  std::vector<std::string> lines;
  for (const ctp::data::Split split : evaluation_splits) {
    const std::string name(ctp::data::split_name(split));
    const std::size_t records = check.records[static_cast<std::size_t>(split)], out = stream.left_out(split);
    if (out > 0)
      lines.push_back(name + ": " + std::to_string(out) + " of " + std::to_string(records) +
                      " records left out, as their pictures cannot be read; the figures are over the others");
    const ctp::data::PictureCopies& copies = check.copies[static_cast<std::size_t>(split)];
    if (copies.pictures > 0)
      lines.push_back(name + ": " + std::to_string(copies.pictures) + " of " + std::to_string(records - out) +
                      " pictures are copies of training pictures, " + std::to_string(copies.pairs) +
                      " of them with the same title: the figures include what was trained on");
  }
  return lines;
}

/// Removes the evaluation records of bad pictures. Their number is stream.left_out().
inline void leave_out_bad(const ctp::data::PictureCheck& check, ctp::data::P9d& stream) {
  for (const ctp::data::Split split : evaluation_splits) stream.leave_out(split, check.ordinals(split));
}

/// @brief The check at the start of an evaluation: pictures of test, query and gallery, compared with those of
/// training.
///
/// `policy`: error, or skip or quarantine, which decode every picture of the evaluation and leave bad ones out of the
/// lists of `stream`. Training pictures that cannot be read are passed over, and are not counted. `whole_test`: looks
/// at test records of industries that train.json does not have, too. **Errors.** DataError naming all bad pictures of
/// the evaluation.
inline ctp::data::PictureCheck check_for_evaluation(ctp::data::P9d& stream, int max_words, const std::string& policy,
                                                    const ctp::data::DecodeLimits& limits = {},
                                                    bool whole_test = false) {
  const bool leaves_out = ctp::data::on_bad_image(policy) != ctp::data::OnBadImage::Error;
  ctp::data::PictureCheck check = ctp::data::check_pictures(
      stream, {.limits = limits, .decode_evaluation = leaves_out, .max_words = max_words, .whole_test = whole_test});
  std::erase_if(check.bad, [](const auto& fault) { return fault.split == ctp::data::Split::Train; });
  check.pictures -= check.training_pictures;
  if (!check.bad.empty() && !leaves_out)
    throw ctp::DataError(
        complaint_of(check, stream.folder(), "repair or remove these files, or leave them out: --on-bad-image skip"));
  leave_out_bad(check, stream);
  return check;
}

}  // namespace examples
