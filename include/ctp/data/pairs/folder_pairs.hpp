/// @file   ctp/data/pairs/folder_pairs.hpp
/// @brief  Data set from a folder of pictures, with a caption table or with a text file beside each picture.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/codec/image_header.hpp>
#include <ctp/data/pairs/caption_table.hpp>
#include <ctp/data/pairs/file_finder.hpp>
#include <ctp/data/pairs/file_source.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/data/source.hpp>
#include <ctp/data/text/tokenizer.hpp>
#include <ctp/data/text/utf8.hpp>
#include <ctp/data/text/vocabulary.hpp>
#include <ctp/io/files.hpp>

namespace ctp::data {

namespace detail {

/// The suffix of `name` in lower case, with its point.
inline std::string lower_suffix(std::string_view name) {
  const std::size_t point = name.rfind('.');
  if (point == std::string_view::npos) return {};
  std::string suffix(name.substr(point));
  for (char& c : suffix) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return suffix;
}

/// True for the suffixes of pictures, of those too that a build may not decode: decoding names them.
inline bool is_picture_suffix(std::string_view suffix) {
  constexpr std::string_view known = " .jpg .jpeg .jpe .jfif .png .webp .gif .bmp .tif .tiff .heic .avif ";
  return !suffix.empty() && known.find(' ' + std::string(suffix) + ' ') != std::string_view::npos;
}

inline bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace detail

/// @brief The rows of a table `file,caption[,task[,category]]` over pictures in `folder`, in the table's order.
///
/// Files are relative to `folder` unless they begin with a slash; FileFinder finds them. A file with several captions
/// has several rows. Does not open pictures.
/// **Errors.** DataError as for_each_caption(), and for a missing file, with the table's line.
inline std::vector<Sample> pairs_by_table(const std::string& folder, const std::string& table,
                                          const CaptionTableOptions& options) {
  std::vector<Sample> samples;
  FileFinder finder(folder);
  for_each_caption(table, options, [&](CaptionRow&& row) {
    std::optional<std::string> path = finder.find(row.file);
    if (!path) {
      const std::string wanted = row.file.starts_with('/') ? row.file : io::join(folder, row.file);
      throw DataError(Complaint{table, "line " + std::to_string(row.line), "the picture " + ctp::quoted(wanted),
                                "no such file", finder.hint(row.file)}
                          .text());
    }
    samples.push_back({std::move(row.file), std::move(row.caption), std::move(row.category), std::move(row.task),
                       std::move(*path), static_cast<std::uint32_t>(samples.size())});
  });
  return samples;
}
/// As above. `heading`: the first line is a heading whatever its names.
inline std::vector<Sample> pairs_by_table(const std::string& folder, const std::string& table, bool heading = false) {
  return pairs_by_table(folder, table, CaptionTableOptions{.heading = heading ? Heading::Yes : Heading::Auto});
}

/// What pairs_by_text_files() takes from a folder.
struct TextFileOptions {
  bool subfolders = true;  ///< read the folders below, too; false: pictures in them are an error
  bool lines = false;      ///< every line of a text is a caption of its own; false: the whole text is one caption
};

/// What pairs_by_text_files() passed over.
struct TextFileReport {
  std::size_t hidden = 0;  ///< files and folders that systems make, and others with a point before their name
  std::size_t others = 0;  ///< files that are neither pictures nor texts
};

namespace detail {

/// The pairs of one folder after another.
class TextFilePairs {
 public:
  TextFilePairs(const std::string& task, const TextFileOptions& options, TextFileReport& report)
      : task_(task), options_(options), report_(report) {}

  /// `inside`: the path from the first folder, empty or with a slash at its end.
  void add(const std::string& folder, const std::string& inside, int depth) {
    std::vector<std::string> folders, pictures;
    std::unordered_map<std::string, std::string> text_of, picture_of;  // by stem in normal form C
    for (const std::string& name : io::list_directory(folder)) {
      const std::string suffix = lower_suffix(name), stem = normal_name(stem_of(name));
      if (name.starts_with('.') || name == "__MACOSX" || name == "@eaDir" || is_system_file(name)) {
        ++report_.hidden;
      } else if (io::is_directory(io::join(folder, name))) {
        folders.push_back(name);
      } else if (suffix == ".txt") {
        const auto [other, fresh] = text_of.emplace(stem, name);
        if (!fresh) refuse(io::join(folder, name), "one text of this name", both(other->second, name), "rename one");
      } else if (is_picture_suffix(suffix)) {
        const auto [other, fresh] = picture_of.emplace(stem, name);
        if (!fresh) {
          refuse(io::join(folder, stem_of(name) + ".txt"), "the caption of one picture", both(other->second, name),
                 "rename one of the two");
        }
        pictures.push_back(name);
      } else {
        ++report_.others;
      }
    }
    for (const std::string& name : pictures) {
      const auto text = text_of.find(normal_name(stem_of(name)));
      if (text == text_of.end()) {
        refuse(io::join(folder, stem_of(name) + ".txt"), "a caption for the picture beside it", "no such file",
               "write it, or remove the picture");
      }
      add_picture(folder, inside, name, text->second);
      text_of.erase(text);
    }
    if (!text_of.empty()) {
      const auto first = std::min_element(text_of.begin(), text_of.end());
      refuse(io::join(folder, first->second), "a picture of the same name beside it", "none", "move it elsewhere");
    }
    if (!folders.empty() && !options_.subfolders) {
      refuse(io::join(folder, folders.front()), "a folder of pictures without folders in it",
             std::to_string(folders.size()), "move them elsewhere, or read them with TextFileOptions::subfolders");
    }
    if (depth == deepest && !folders.empty()) {
      refuse(io::join(folder, folders.front()), "at most " + std::to_string(deepest) + " folders in each other",
             "one more", "a link may lead back");
    }
    for (const std::string& name : folders) add(io::join(folder, name), inside + name + '/', depth + 1);
  }

  std::vector<Sample> samples;

 private:
  static constexpr int deepest = 16;
  static constexpr std::uint64_t largest_text = std::uint64_t{1} << 20U;  // bytes

  [[noreturn]] static void refuse(const std::string& file, const std::string& expected, const std::string& found,
                                  const std::string& remedy) {
    throw DataError(Complaint{file, "", expected, found, remedy}.text());
  }
  static std::string both(const std::string& a, const std::string& b) {
    return ctp::quoted(a) + " and " + ctp::quoted(b);
  }
  static std::string stem_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

  void add_picture(const std::string& folder, const std::string& inside, const std::string& name,
                   const std::string& text_name) {
    const std::string text = io::join(folder, text_name);
    std::string caption = io::read_text(text, largest_text);
    if (caption.starts_with("\xEF\xBB\xBF")) caption.erase(0, 3);
    if (!is_utf8(caption)) refuse(text, "text in UTF-8", "malformed bytes", "save the file as UTF-8");
    if (is_blank(caption)) refuse(text, "a caption", "nothing", "fill it in or remove the picture");
    for (std::string_view rest = caption; !rest.empty();) {
      const std::size_t end = options_.lines ? std::min(rest.find('\n'), rest.size()) : rest.size();
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (options_.lines && line.ends_with('\r')) line.remove_suffix(1);
      if (is_blank(line)) continue;
      samples.push_back({inside + stem_of(name), std::string(line), task_, task_, io::join(folder, name),
                         static_cast<std::uint32_t>(samples.size())});
    }
  }

  const std::string& task_;
  const TextFileOptions& options_;
  TextFileReport& report_;
};

}  // namespace detail

/// @brief The pictures of `folder` and of the folders in it, each with the caption in its .txt file of the same stem.
///
/// The pairs of a folder are sorted by file name and come before those of the folders in it; their task and category
/// are `task`, their ids paths without suffix from `folder` on. Stems are compared in Unicode's normal form C, suffixes
/// without regard to case. Does not open pictures; passes over hidden, system and other files and counts them.
/// **Errors.** DataError for a picture without a text, a text without a picture, a text that is blank or not UTF-8, two
/// pictures with one text, more than 16 folders in each other, no pictures at all, or a missing folder.
inline std::vector<Sample> pairs_by_text_files(const std::string& folder, const std::string& task,
                                               const TextFileOptions& options = {}, TextFileReport* report = nullptr) {
  TextFileReport passed_over;
  detail::TextFilePairs pairs(task, options, passed_over);
  pairs.add(folder, "", 0);
  if (pairs.samples.empty()) {
    const std::string expected = std::string("at least one file with ") + decoded_types();
    throw DataError(Complaint{folder, "", expected, "none", "check the folder"}.text());
  }
  if (report != nullptr) *report = passed_over;
  return std::move(pairs.samples);
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
