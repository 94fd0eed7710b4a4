/// @file   ctp/data/pairs/folder_pairs.hpp
/// @brief  Data set from a folder of pictures, with a caption table or with a text file beside each picture.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/data/pairs/caption_table.hpp>
#include <ctp/data/pairs/file_source.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/data/source.hpp>
#include <ctp/data/text/tokenizer.hpp>
#include <ctp/data/text/utf8.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/io/files.hpp>

namespace ctp::data {

namespace detail {

/// The suffix of `name` in lower case, with its point, if it is .jpg, .jpeg or .png; otherwise empty.
inline std::string picture_suffix(std::string_view name) {
  const std::size_t point = name.rfind('.');
  if (point == std::string_view::npos) return {};
  std::string suffix(name.substr(point));
  for (char& c : suffix) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return suffix == ".jpg" || suffix == ".jpeg" || suffix == ".png" ? suffix : std::string();
}

inline bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace detail

/// @brief The rows of a CSV table `file,caption[,task[,category]]` over pictures in `folder`, in the table's order.
///
/// Files are relative to `folder` unless they begin with a slash. Does not open pictures.
/// **Errors.** DataError as read_caption_table(), and for a missing file, with the table's line.
inline std::vector<Sample> pairs_by_table(const std::string& folder, const std::string& table, bool heading = false) {
  std::vector<Sample> samples;
  for (CaptionRow& row : read_caption_table(table, heading)) {
    std::string path = row.file.starts_with('/') ? row.file : io::join(folder, row.file);
    if (!io::exists(path)) {
      throw DataError(Complaint{table, "line " + std::to_string(row.line), "the picture " + ctp::quoted(path),
                                "no such file", "files are relative to the folder of pictures"}
                          .text());
    }
    samples.push_back({std::move(row.file), std::move(row.caption), std::move(row.category), std::move(row.task),
                       std::move(path), static_cast<std::uint32_t>(samples.size())});
  }
  return samples;
}

/// @brief The pictures of `folder` (.jpg, .jpeg, .png), each with the caption in its .txt file of the same stem.
///
/// The pairs are sorted by file name; their task and category are `task`. Does not open pictures; skips other files.
/// **Errors.** DataError for a picture without a text, a text without a picture, a text that is blank or not UTF-8, two
/// pictures with one text, a folder without pictures, or a missing folder.
inline std::vector<Sample> pairs_by_text_files(const std::string& folder, const std::string& task) {
  const auto refuse = [](const std::string& file, const char* expected, const std::string& found, const char* remedy) {
    throw DataError(Complaint{file, "", expected, found, remedy}.text());
  };
  constexpr std::uint64_t largest_text = std::uint64_t{1} << 20U;  // bytes
  std::vector<Sample> samples;
  std::unordered_map<std::string, std::string> picture_of;  // by stem
  std::vector<std::string> texts;
  for (const std::string& name : io::list_directory(folder)) {
    const std::string suffix = detail::picture_suffix(name);
    const std::string stem = name.substr(0, name.rfind('.'));
    if (name.ends_with(".txt")) texts.push_back(stem);
    if (suffix.empty()) continue;
    const std::string text = io::join(folder, stem + ".txt");
    const auto [other, fresh] = picture_of.emplace(stem, name);
    if (!fresh) refuse(text, "the caption of one picture", other->second + " and " + name, "rename one of the two");
    if (!io::exists(text))
      refuse(text, "a caption for the picture beside it", "no such file", "write it, or remove the picture");
    std::string caption = io::read_text(text, largest_text);
    if (!is_utf8(caption)) refuse(text, "text in UTF-8", "malformed bytes", "save the file as UTF-8");
    if (detail::is_blank(caption)) refuse(text, "a caption", "nothing", "fill it in or remove the picture");
    samples.push_back(
        {stem, std::move(caption), task, task, io::join(folder, name), static_cast<std::uint32_t>(samples.size())});
  }
  for (const std::string& stem : texts) {
    if (picture_of.contains(stem)) continue;
    refuse(io::join(folder, stem + ".txt"), "a picture of the same name beside it", "none", "move it elsewhere");
  }
  if (samples.empty()) refuse(folder, "at least one .jpg, .jpeg or .png file", "none", "check the folder");
  return samples;
}

/// @brief The tasks of `samples`, in the order of their first sample, over one source of all samples.
///
/// `samples` may join the lists of several folders. The tasks share one source, so that rehearsal can mix pairs of
/// different tasks. A pair's ordinal is its index in `samples`.
/// **Errors.** UsageError for no samples, and as FileSource.
inline std::vector<Task> tasks_of(std::span<const Sample> samples, const Tokenizer& tokenizer,
                                  FileSourceOptions options = {}) {
  if (samples.empty()) throw UsageError(Complaint{"tasks_of", "samples", "at least one pair", "none", ""}.text());
  const auto source = std::make_shared<const FileSource>(samples, tokenizer, options);
  std::vector<Task> tasks;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto [place, fresh] = places.emplace(samples[i].industry, tasks.size());
    if (fresh) tasks.push_back({samples[i].industry, source, {}});
    tasks[place->second].members.push_back(static_cast<std::uint32_t>(i));
  }
  return tasks;
}

/// A tokenizer with a vocabulary built from the captions of `samples`. **Errors.** as build_vocabulary().
inline Tokenizer tokenizer_of(std::span<const Sample> samples, FileSourceOptions options = {}) {
  return Tokenizer(build_vocabulary(cleaned_titles(samples, options.max_words)));
}

}  // namespace ctp::data
