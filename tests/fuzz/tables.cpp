// Tables: CSV with every delimiter, and the table of captions.
#include "target.hpp"

#include <ctp/core/utf8.hpp>
#include <ctp/data/pairs/caption_table.hpp>
#include <ctp/io/csv.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::text_of(data, size);
  const char delimiter = ",;\t|"[size % 4];
  fuzz::allowed([&] {
    std::size_t last = 0, bytes = 0;
    for (const auto& record : ctp::io::read_csv(text, "t", delimiter)) {
      fuzz::require(record.line > last, "lines rise");
      last = record.line;
      fuzz::require(!record.fields.empty(), "a record has fields");
      for (const auto& field : record.fields) bytes += field.size();
    }
    fuzz::require(bytes <= size, "no more bytes than there were");
  });
  fuzz::MemoryFiles files;
  files.files["t"] = text;
  const ctp::io::UseFileSystem use(files);
  fuzz::allowed([&] {
    for (const auto& row : ctp::data::read_caption_table("t", size % 2 == 0)) {
      fuzz::require(!row.file.empty() && !row.caption.empty(), "a row has a file and a caption");
      fuzz::require(ctp::valid_utf8_prefix(row.caption) == row.caption.size(), "UTF-8");
    }
  });
  return 0;
}
