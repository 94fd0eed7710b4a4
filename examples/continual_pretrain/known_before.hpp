/// @file   known_before.hpp
/// @brief  The check of all pictures before anything is written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/data/loader/bad_images.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/data/pairs/picture_check.hpp>
#include <ctp/data/pairs/split.hpp>

#include "../common/picture_check.hpp"
#include "bad_picture_list.hpp"
#include "bad_pictures.hpp"
#include "settings.hpp"

namespace pretrain {

/// **Errors.** DataError for a task whose share of bad pictures is above the limit.
inline void require_few(const ctp::data::PictureCheck& check, const ctp::data::P9d& stream, double limit) {
  std::map<std::string, ctp::data::BadImages> bad;  // by task
  for (const ctp::data::PictureFault& fault : check.bad) {
    if (fault.split != ctp::data::Split::Train) continue;
    auto task = bad.find(fault.task);
    if (task == bad.end())
      task = bad.emplace(fault.task, ctp::data::BadImages(stream.train(fault.task).size(), limit)).first;
    task->second.add({fault.ordinal, fault.id, fault.reason});
  }
  for (const auto& [task, pictures] : bad) pictures.require_few(task);
}

/// @brief Looks for all pictures of all splits, reads their headers, and deals with the bad ones by the policy.
///
/// The pictures of the list of --quarantine are left out first. With `skip` and `quarantine`, bad training pictures
/// join `bad_pictures`, and bad pictures of the evaluation leave the lists of `stream`. Prints what it finds; `json`:
/// as one line with all bad pictures. nullopt with --no-check.
/// **Errors.** DataError naming all bad pictures under `error`, or more of them than the limit.
inline std::optional<ctp::data::PictureCheck> check_pictures(ctp::data::P9d& stream, const Settings& settings,
                                                             BadPictures& bad_pictures, bool json, bool dry_run) {
  if (!settings.quarantine.empty()) {
    const std::size_t unknown = quarantine(settings.quarantine, stream, bad_pictures);
    bad_pictures.set_unlisted(unknown);
    if (unknown > 0)
      std::fprintf(json ? stderr : stdout, "%s%s: %zu entries are not pictures of these tasks\n",
                   json ? "continual_pretrain: " : "", ctp::printable(settings.quarantine).c_str(), unknown);
  }
  if (settings.no_check) return std::nullopt;
  const ctp::data::PictureCheck check =
      ctp::data::check_pictures(stream, {.limits = {.max_pixels = settings.max_pixels},
                                         .passed_over = bad_pictures.ordinals(),
                                         .decode_evaluation = settings.on_bad_image != "error",
                                         .max_words = settings.max_words});
  if (!check.bad.empty()) {
    if (json && dry_run)
      std::printf("%s\n",
                  ctp::JsonLine().add("kind", "bad_pictures").add("list", examples::bad_list(check)).text().c_str());
    if (settings.on_bad_image == "error")
      throw ctp::DataError(examples::complaint_of(
          check, settings.data,
          "repair or remove these files, or train without them: --on-bad-image skip; --dry-run --json lists them all"));
    require_few(check, stream, settings.bad_image_limit);
    for (const ctp::data::PictureFault& fault : check.bad)
      bad_pictures.leave_out(
          fault.split == ctp::data::Split::Train ? std::optional(fault.ordinal) : std::nullopt,
          {fault.task, fault.id, fault.file, fault.reason, std::string(ctp::data::split_name(fault.split))});
    examples::leave_out_bad(check, stream);
  }
  if (!json)
    for (const std::string& line : examples::check_sentences(check, stream)) std::printf("%s\n", line.c_str());
  return check;
}

/// The first lines of metrics.jsonl: counts of the check. `unlisted`: entries of the list of --quarantine that are not
/// pictures of the tasks; nullopt without a list.
inline std::vector<ctp::JsonLine> opening_lines(const std::optional<ctp::data::PictureCheck>& check,
                                                const ctp::data::P9d& stream,
                                                const std::optional<std::size_t>& unlisted) {
  ctp::JsonLine line;
  line.add("kind", "check");
  if (unlisted) line.add("quarantine_unknown", *unlisted);
  if (!check) return {line.add("pictures", nullptr)};  // not looked at
  examples::add_check(line, *check, stream);
  return {line};
}

/// `fifths` of the budget of --cache-mb, bytes.
inline std::size_t cache_bytes(const Settings& settings, std::size_t fifths) {
  return (static_cast<std::size_t>(settings.cache_mb) << 20U) / 5 * fifths;
}

/// What fills the caches of these pictures, bytes; nullopt without a check.
inline std::optional<std::uint64_t> filled_caches(const std::optional<ctp::data::PictureCheck>& check,
                                                  const Settings& settings) {
  if (!check) return std::nullopt;
  std::uint64_t bytes = 0;
  for (std::size_t split = 0; split < 4; ++split)
    bytes += std::min<std::uint64_t>(check->pixel_bytes[split], cache_bytes(settings, split == 0 ? 2 : 1));
  return bytes;
}

/// The evaluation records left out, by split; nullopt if there are none.
inline std::optional<ctp::JsonLine> left_out_records(const ctp::data::P9d& stream) {
  for (const ctp::data::Split split : examples::evaluation_splits)
    if (stream.left_out(split) > 0) return examples::left_out_line(stream);
  return std::nullopt;
}

}  // namespace pretrain
