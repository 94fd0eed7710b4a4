/// @file   ctp/data/pairs/p9d_writer.hpp
/// @brief  Writer of a data set in P9D layout.
/// @layer  data
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/pairs/split.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/output_folder.hpp>

namespace ctp::data {

/// @brief The name of an entry of `folder` that P9dWriter does not write, or an empty text if there is none: `json`
/// with the four lists, and `train_images` and `gallery_images` with .jpg files. Symbolic links are foreign, too.
inline std::string foreign_to_p9d(const std::string& folder) {
  const auto foreign_in = [&](const std::string& name) -> std::string {
    const std::string path = io::join(folder, name);
    std::string target;
    if (io::file_system().read_link(path.c_str(), target) >= 0 || !io::is_directory(path)) return name;
    for (const std::string& file : io::list_directory(path)) {
      const bool named =
          name == "json" ? file == "train.json" || file == "test.json" || file == "query.json" || file == "gallery.json"
                         : file.ends_with(".jpg");
      const std::string inner = io::join(path, file);
      if (!named || io::file_system().read_link(inner.c_str(), target) >= 0 ||
          io::detail::kind_of(inner) != io::FileKind::Regular)
        return io::join(name, file);
    }
    return "";
  };
  const std::vector<std::string> names = io::list_directory(folder);
  for (const std::string& name : names) {
    if (name != "json" && name != "train_images" && name != "gallery_images") return name;
    const std::string found = foreign_in(name);
    if (!found.empty()) return found;
  }
  for (const char* list : {"json/train.json", "json/gallery.json"})
    if (!io::exists(io::join(folder, list))) return names.empty() ? "." : names.front();
  return "";
}

/// @brief Writes a P9D folder: pictures in add(), the four JSON files in finish(), which puts the folder in place.
///
/// Until finish() the content lies in a temporary folder (io::OutputFolder): a writer that fails leaves nothing behind.
/// Records keep the order of the calls of add(); train.json lists industries in the order of their first record.
/// **Errors.** UsageError for a folder with something in it, unless Overwrite::Yes is given and the folder is a data
/// set in P9D layout with nothing else in it; DataError if an id cannot be a file name or occurs twice in a split;
/// ResourceError if the system refuses.
class P9dWriter {
 public:
  explicit P9dWriter(std::string folder, io::Overwrite overwrite = io::Overwrite::No)
      : folder_("--output", std::move(folder), overwrite, foreign_to_p9d) {
    for (const char* name : {"json", "train_images", "gallery_images"})
      io::make_directories(io::join(folder_.path(), name));
  }

  /// Writes `picture`, the bytes of an encoded file, and stores the record for finish(). `more_titles`: further
  /// captions of the picture; the record's title is then a list. **Errors.** as the class.
  void add(Split split, const Sample& record, std::span<const std::byte> picture,
           std::span<const std::string> more_titles = {}) {
    check_id(split, record.id);
    const char* images = split == Split::Train ? "train_images" : "gallery_images";
    // Without fsync: one per picture would take minutes for thousands, and a folder without finish() is incomplete.
    io::write_file_unsynced(io::join(io::join(folder_.path(), images), record.id + ".jpg"), picture);
    JsonLine line;
    if (more_titles.empty()) {
      line.add("title", record.title);
    } else {
      JsonArray titles;
      titles.push(record.title);
      for (const std::string& title : more_titles) titles.push(title);
      line.add("title", titles);
    }
    line.add("cate_name", record.category);
    if (split != Split::Train) line.add("industry_name", record.industry);
    line.add("image_link", std::string(images) + "/" + record.id + ".jpg");
    std::string& text = records_of(split, record.industry);
    if (!text.empty()) text += ",\n";
    append_json_string(text, record.id);
    text += ": ";
    line.append_to(text);
  }

  /// Writes the JSON files and puts the folder in place. Called once. **Errors.** ResourceError; the old content of the
  /// target stays then.
  void finish() {
    std::string train = "{\n";
    for (const auto& [industry, text] : train_) {
      if (train.size() > 2) train += ",\n";
      append_json_string(train, industry);
      train += ": {\n" + text + "\n}";
    }
    io::write_file_atomically(json_file(Split::Train), train + "\n}\n");
    for (const Split split : {Split::Test, Split::Query, Split::Gallery}) {
      io::write_file_atomically(json_file(split), "{\n" + flat_[static_cast<std::size_t>(split)] + "\n}\n");
    }
    folder_.commit();
  }

 private:
  [[nodiscard]] std::string json_file(Split split) const {
    return io::join(io::join(folder_.path(), "json"), std::string(split_name(split)) + ".json");
  }
  std::string& records_of(Split split, const std::string& industry) {
    if (split != Split::Train) return flat_[static_cast<std::size_t>(split)];
    for (auto& [name, text] : train_) {
      if (name == industry) return text;
    }
    return train_.emplace_back(industry, "").second;
  }
  void check_id(Split split, const std::string& id) {
    const std::string where = io::join(folder_.target(), "json/" + std::string(split_name(split)) + ".json");
    if (!can_name_file(id)) {
      throw DataError(
          Complaint{where, "id", "1 to 200 bytes that can be a file name", ctp::quoted(id), "rename it"}.text());
    }
    if (!ids_[static_cast<std::size_t>(split)].insert(id).second) {
      throw DataError(
          Complaint{where, "id", "every id once", ctp::quoted(id) + " twice", "rename one of the two"}.text());
    }
  }

  io::OutputFolder folder_;
  std::vector<std::pair<std::string, std::string>> train_;  // industry, its records as text
  std::array<std::string, 4> flat_;                         // by split; train unused
  std::array<std::unordered_set<std::string>, 4> ids_;
};

}  // namespace ctp::data
