/// @file   ctp/io/csv.hpp
/// @brief  Reader of comma-separated values.
/// @layer  io
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::io {

/// One record. `line`: line of the file on which the record starts, from 1.
struct CsvRecord {
  std::size_t line = 0;
  std::vector<std::string> fields;
};

/// Name of a delimiter in messages: "comma", "tab", "semicolon" or the character in quotes.
inline std::string delimiter_name(char delimiter) {
  if (delimiter == ',') return "comma";
  if (delimiter == '\t') return "tab";
  if (delimiter == ';') return "semicolon";
  return std::string("'") + delimiter + "'";
}

/// @brief The records of a CSV file, without empty lines.
///
/// `delimiter` separates fields; a field in double quotes may contain delimiters, line ends and doubled quotes. Line
/// ends: LF, CRLF or CR. A UTF-8 byte-order mark at the start is skipped; blanks at both ends of an unquoted field are
/// dropped (tabs only where the delimiter is no tab). The time is linear in the text.
/// **Errors.** DataError naming file and line: an unclosed quote, text after a closing quote, a NUL byte or a UTF-16
/// byte-order mark.
/// **Source.** RFC 4180, with the extensions above.
inline std::vector<CsvRecord> read_csv(std::string_view text, const std::string& file, char delimiter = ',') {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::size_t line = 1;
  const auto refuse = [&](std::size_t at, const std::string& expected, const char* found, const char* remedy) {
    throw DataError(Complaint{file, "line " + std::to_string(at), expected, found, remedy}.text());
  };
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    refuse(1, "text in UTF-8", "a UTF-16 byte-order mark", "save the table as CSV in UTF-8");
  }
  const auto is_blank = [delimiter](char c) { return c == ' ' || (c == '\t' && delimiter != '\t'); };

  std::vector<CsvRecord> records;
  CsvRecord record{line, {}};
  std::string field;            // without blanks at its start
  std::size_t behind_text = 0;  // length of `field` without blanks at its end
  bool was_quoted = false;
  const auto end_field = [&] {
    if (!was_quoted) field.resize(behind_text);
    record.fields.push_back(std::move(field));
    field.clear();
    behind_text = 0;
    was_quoted = false;
  };
  const auto end_record = [&] {
    const bool empty = record.fields.empty() && !was_quoted && field.empty();
    end_field();
    if (!empty) records.push_back(std::move(record));
    record = {line + 1, {}};
  };

  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\0') refuse(line, "text in UTF-8", "a NUL byte", "save the table as CSV in UTF-8");
    if (c == delimiter) {
      end_field();
    } else if (c == '\n' || c == '\r') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      end_record();
      ++line;
    } else if (is_blank(c)) {
      if (!was_quoted && !field.empty()) field += c;
    } else if (was_quoted) {
      refuse(line, "a " + delimiter_name(delimiter) + " or a line end after the closing quote", "other text",
             "double the quotes inside a quoted field");
    } else if (c == '"' && field.empty()) {
      const std::size_t opened = line;
      was_quoted = true;
      for (++i;; ++i) {
        if (i >= text.size()) refuse(opened, "a closing quote", "the end of the file", "close the quote, or double it");
        if (text[i] == '\0') refuse(line, "text in UTF-8", "a NUL byte", "save the table as CSV in UTF-8");
        if (text[i] == '"') {
          if (i + 1 >= text.size() || text[i + 1] != '"') break;
          ++i;
        }
        const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
        if (text[i] == '\n' || (text[i] == '\r' && !pair)) ++line;
        field += text[i];
      }
    } else {
      field += c;
      behind_text = field.size();
    }
  }
  if (!field.empty() || was_quoted || !record.fields.empty()) end_record();
  return records;
}

}  // namespace ctp::io
