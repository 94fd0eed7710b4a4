/// @file   ctp/data/pairs/caption_table.hpp
/// @brief  Reader of caption tables in CSV.
/// @layer  data
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/data/text/utf8.hpp>
#include <ctp/io/csv.hpp>
#include <ctp/io/files.hpp>

namespace ctp::data {

/// One row of a caption table.
struct CaptionRow {
  std::size_t line = 0;                  ///< line in the table, from 1; for messages
  std::string file, caption;             ///< never empty
  std::string task = {}, category = {};  ///< from the table, or the defaults of read_caption_table()
};

/// @brief Reads a CSV file of two to four columns: file, caption, and optionally task and category.
///
/// The default of a task is `default_task`, that of a category the row's task. A file may occur in several rows. Does
/// not open pictures. `heading`: skip the first line, which holds the names of the columns.
/// **Errors.** DataError naming table and line: no rows, a number of columns outside 2 to 4, an empty file or caption,
/// text that is not UTF-8; and as io::read_csv() and io::read_text().
inline std::vector<CaptionRow> read_caption_table(const std::string& table, bool heading = false,
                                                  const std::string& default_task = "pictures") {
  std::vector<io::CsvRecord> records = io::read_csv(io::read_text(table), table);
  if (heading && !records.empty()) records.erase(records.begin());
  std::vector<CaptionRow> rows;
  rows.reserve(records.size());
  for (io::CsvRecord& record : records) {
    const auto refuse = [&](const std::string& expected, const std::string& found, const std::string& remedy) {
      throw DataError(Complaint{table, "line " + std::to_string(record.line), expected, found, remedy}.text());
    };
    auto& fields = record.fields;
    if (fields.size() < 2 || fields.size() > 4) {
      refuse("2 to 4 columns: file, caption, task, category", std::to_string(fields.size()),
             "put a caption that has commas in double quotes");
    }
    for (const std::string& field : fields) {
      if (!is_utf8(field)) refuse("text in UTF-8", ctp::quoted(field), "save the table as UTF-8");
    }
    if (fields[0].empty()) refuse("the name of a picture in the first column", "nothing", "fill it in");
    if (fields[1].empty()) refuse("a caption in the second column", "nothing", "fill it in or remove the line");
    fields.resize(4);
    if (fields[2].empty()) fields[2] = default_task;
    if (fields[3].empty()) fields[3] = fields[2];
    rows.push_back(
        {record.line, std::move(fields[0]), std::move(fields[1]), std::move(fields[2]), std::move(fields[3])});
  }
  if (rows.empty())
    throw DataError(Complaint{table, "", "at least one line: file,caption", "none", "list the pictures"}.text());
  return rows;
}

}  // namespace ctp::data
