/// @file   ctp/data/pairs/caption_table.hpp
/// @brief  Reader of caption tables in CSV.
/// @layer  data
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/text/utf8.hpp>
#include <ctp/io/csv.hpp>
#include <ctp/io/files.hpp>

namespace ctp::data {

/// One row of a caption table.
struct CaptionRow {
  std::size_t line = 0;                  ///< line in the table, from 1; for messages
  std::string file, caption;             ///< never empty
  std::string task = {}, category = {};  ///< from the table, or the defaults of CaptionTableOptions
};

/// Whether the first line of a table holds the names of the columns.
enum class Heading {
  Auto,  ///< if it has a known name of a file column and one of a caption column
  Yes,
  No,
};

struct CaptionTableOptions {
  Heading heading = Heading::Auto;
  char delimiter = '\0';  ///< between columns; 0: a comma, or a tab if the table's name ends with .tsv
  std::string default_task = "pictures";
};

/// How a caption table was read.
struct CaptionTableForm {
  char delimiter = ',';
  bool heading = false;           ///< the first line was a heading
  std::string heading_text = {};  ///< that heading, for messages
};

/// Content of a caption table, and how it was read.
struct CaptionTable : CaptionTableForm {
  std::vector<CaptionRow> rows;
};

/// The delimiter called `name`: comma, tab, semicolon, pipe, or any one printable ASCII character but a quote.
/// **Errors.** UsageError.
inline char delimiter_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char>, 5> known = {
      {{"comma", ','}, {"tab", '\t'}, {"\\t", '\t'}, {"semicolon", ';'}, {"pipe", '|'}}};
  for (const auto& [word, delimiter] : known) {
    if (name == word) return delimiter;
  }
  if (name.size() == 1 && (name[0] == '\t' || (name[0] > ' ' && name[0] < 0x7F && name[0] != '"'))) return name[0];
  throw UsageError(Complaint{"--delimiter", "", "comma, tab, semicolon, pipe or one character", ctp::quoted(name),
                             "name what stands between the columns"}
                       .text());
}

namespace detail {

inline constexpr std::array<const char*, 4> caption_columns = {"file", "caption", "task", "category"};

/// Index in caption_columns of the column that a heading calls `name`; nullopt for an unknown name.
inline std::optional<std::size_t> caption_column(std::string_view name) {
  std::string word;
  for (const char c : name) {
    if (c == ' ' || c == '_' || c == '-' || c == '.') continue;
    word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  static constexpr std::array<std::string_view, 4> names = {
      " file filename filepath path image imagename imagepath imagefile images img imgpath imgname picture photo ",
      " caption captions title titles text texts description sentence comment alttext ",
      " task domain industry industryname ", " category cate catename class label "};
  for (std::size_t i = 0; i < names.size() && !word.empty(); ++i) {
    if (names[i].find(' ' + word + ' ') != std::string_view::npos) return i;
  }
  return std::nullopt;
}

/// The delimiter that stands before the first comma in each of the first 20 lines with text; 0 if there is none.
inline char other_delimiter(std::string_view text) {
  constexpr std::string_view candidates = "\t;|";
  std::array<bool, 3> everywhere = {true, true, true};
  std::size_t lines = 0;
  while (!text.empty() && lines < 20) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    std::string_view first = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (first.find_first_not_of(" \t") == std::string_view::npos) continue;
    ++lines;
    if (const std::size_t start = first.find_first_not_of(" \t"); first[start] == '"') {
      const std::size_t closed = first.find('"', start + 1);  // a quoted file name may hold anything
      first.remove_prefix(closed == std::string_view::npos ? start : closed + 1);
    }
    first = first.substr(0, first.find(','));
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      everywhere[i] = everywhere[i] && first.find(candidates[i]) != std::string_view::npos;
    }
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (lines > 0 && everywhere[i]) return candidates[i];
  }
  return '\0';
}

}  // namespace detail

namespace detail {

/// Takes the records of a table one by one.
class CaptionRows {
 public:
  using Take = std::function<void(CaptionRow&&)>;

  CaptionRows(const std::string& table, const CaptionTableOptions& options, CaptionTableForm& form, const Take& take)
      : table_(table), options_(options), form_(form), take_(take), parting_(io::delimiter_name(form.delimiter)) {}

  void take(io::CsvRecord&& record) {
    if (columns_ == 0) {
      columns_ = record.fields.size();
      first_line_ = record.line;
      if (options_.heading != Heading::No && take_heading(record)) return;
    }
    auto& fields = record.fields;
    if (fields.size() < 2 || fields.size() > 4) {
      refuse(record.line, "2 to 4 columns: file, caption, task, category", std::to_string(fields.size()),
             fields.size() < 2 ? "the delimiter is a " + parting_ + "; --delimiter chooses another"
                               : "put a caption that has a " + parting_ + " in double quotes");
    }
    if (fields.size() != columns_) {
      refuse(record.line, std::to_string(columns_) + " columns as on line " + std::to_string(first_line_),
             std::to_string(fields.size()), "put a caption that has a " + parting_ + " in double quotes");
    }
    for (const std::string& field : fields) {
      if (!is_utf8(field)) refuse(record.line, "text in UTF-8", ctp::quoted(field), "save the table as UTF-8");
    }
    std::array<std::string, 4> values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (place_[i] < fields.size()) values[i] = std::move(fields[place_[i]]);
    }
    if (values[0].empty()) refuse(record.line, "the name of a picture in the file column", "nothing", "fill it in");
    if (values[1].empty())
      refuse(record.line, "a caption in the caption column", "nothing", "fill it in or remove the line");
    if (values[2].empty()) values[2] = options_.default_task;
    if (values[3].empty()) values[3] = values[2];
    any_ = true;
    take_({record.line, std::move(values[0]), std::move(values[1]), std::move(values[2]), std::move(values[3])});
  }

  void finish() const {
    if (!any_ && form_.heading) refuse(0, "at least one line below the heading", "none", "list the pictures");
    if (!any_) refuse(0, "at least one line: file,caption", "none", "list the pictures");
  }

  [[noreturn]] void refuse(std::size_t line, const std::string& expected, const std::string& found,
                           const std::string& remedy) const {
    throw DataError(Complaint{table_, line == 0 ? "" : "line " + std::to_string(line), expected, found, remedy}.text());
  }

 private:
  /// True if the first record is a heading; place_ is then the order that it gives.
  bool take_heading(const io::CsvRecord& record) {
    std::array<std::size_t, 4> named = {absent, absent, absent, absent};
    const std::string *unknown = nullptr, *twice = nullptr;
    for (std::size_t i = 0; i < record.fields.size(); ++i) {
      const std::string& name = record.fields[i];
      const auto column = caption_column(name);
      if (!column && unknown == nullptr) unknown = &name;
      if (column && named[*column] != absent) twice = &name;
      if (column) named[*column] = i;
    }
    const bool recognised = named[0] != absent && named[1] != absent;
    form_.heading = recognised || options_.heading == Heading::Yes;
    if (!form_.heading) return false;
    for (const std::string& name : record.fields) form_.heading_text += (form_.heading_text.empty() ? "" : ",") + name;
    if (!recognised || (unknown != nullptr && options_.heading == Heading::Yes)) return true;
    if (unknown != nullptr)
      refuse(record.line, "the columns file, caption, task and category", "a column " + ctp::quoted(*unknown, 80),
             "leave it out or rename it; --heading reads the columns by their order");
    if (twice != nullptr)
      refuse(record.line, "every column once", "a second column of the kind of " + ctp::quoted(*twice, 80),
             "leave one of them out");
    place_ = named;
    return true;
  }

  static constexpr std::size_t absent = io::most_csv_fields;
  const std::string& table_;
  const CaptionTableOptions& options_;
  CaptionTableForm& form_;
  const Take& take_;
  std::string parting_;
  std::array<std::size_t, 4> place_ = {0, 1, 2, 3};  // of each column in a row
  std::size_t columns_ = 0, first_line_ = 0;
  bool any_ = false;
};

}  // namespace detail

/// @brief Calls `take` for every row of a table of two to four columns: file, caption, and optionally task and
/// category.
///
/// A first line such as `sep=;`, as spreadsheets write it, names the delimiter.
/// A heading with known names (such as image, filepath, title, text) is recognised and gives the order of the columns;
/// Heading::Yes with other names means the order file, caption, task, category. The default of a task is
/// `default_task`, that of a category the row's task. A file may occur in several rows. Does not open pictures. The
/// memory is the text of the table and one row.
/// **Errors.** DataError naming table and line: no rows, a number of columns outside 2 to 4 or other than in the first
/// line, columns parted by another character than the delimiter, a heading with an unknown name or one name twice, an
/// empty file or caption, text that is not UTF-8; and as io::read_csv() and io::read_text().
inline CaptionTableForm for_each_caption(const std::string& table, const CaptionTableOptions& options,
                                         const std::function<void(CaptionRow&&)>& take) {
  CaptionTableForm out;
  out.delimiter = options.delimiter != '\0' ? options.delimiter : table.ends_with(".tsv") ? '\t' : ',';
  const std::string whole = io::read_text(table);
  std::string_view text = whole;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const bool names_delimiter =
      text.size() > 5 && text.starts_with("sep=") && (text[5] == '\r' || text[5] == '\n') && text[4] != '"';
  if (names_delimiter) {
    if (options.delimiter == '\0') out.delimiter = text[4];
    text.remove_prefix(5);  // the rest of the line is empty and keeps the count of lines
  }
  detail::CaptionRows rows(table, options, out, take);
  if (out.delimiter == ',' && options.delimiter == '\0' && !names_delimiter) {
    if (const char other = detail::other_delimiter(text); other != '\0') {
      const std::string name = other == '|' ? "pipe" : io::delimiter_name(other);
      rows.refuse(0, "commas between the columns", name + "s",
                  "give --delimiter " + name + ", or save the table with commas");
    }
  }
  io::for_each_csv_record(text, table, out.delimiter, [&](io::CsvRecord&& record) { rows.take(std::move(record)); });
  rows.finish();
  return out;
}

/// All rows of a table, and how it was read. **Errors.** as for_each_caption().
inline CaptionTable read_captions(const std::string& table, const CaptionTableOptions& options = {}) {
  CaptionTable all;
  static_cast<CaptionTableForm&>(all) =
      for_each_caption(table, options, [&](CaptionRow&& row) { all.rows.push_back(std::move(row)); });
  return all;
}

/// The rows of read_captions(). `heading`: the first line is a heading whatever its names.
inline std::vector<CaptionRow> read_caption_table(const std::string& table, bool heading = false,
                                                  const std::string& default_task = "pictures") {
  return read_captions(
             table,
             {.heading = heading ? Heading::Yes : Heading::Auto, .delimiter = '\0', .default_task = default_task})
      .rows;
}

}  // namespace ctp::data
