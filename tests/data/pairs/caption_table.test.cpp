#include <ctp/data/pairs/caption_table.hpp>

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::CaptionTable;
using ctp::data::CaptionTableOptions;
using ctp::data::Heading;
using ctp::data::read_caption_table;
using ctp::data::read_captions;
using test::has;
using test::message_of;
using test::TemporaryFolder;

namespace {

CaptionTable read(const std::string& text, const CaptionTableOptions& options = {}, const char* name = "t.csv") {
  const TemporaryFolder folder;
  return read_captions(folder.write(name, text), options);
}
std::string refused(const std::string& text, const CaptionTableOptions& options = {}, const char* name = "t.csv") {
  return message_of<ctp::DataError>([&] { read(text, options, name); });
}

}  // namespace

TEST_CASE("caption table: two to four columns; task and category are filled in") {
  const TemporaryFolder folder;
  const std::string table = folder.write("t.csv", "a.jpg,one,,\nb.jpg,\"two, too\",toys,\nc.jpg,three,toys,cubes\n");
  const auto rows = read_caption_table(table, false, "mine");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].task == "mine");
  CHECK(rows[0].category == "mine");
  CHECK(rows[1].caption == "two, too");
  CHECK(rows[1].category == "toys");
  CHECK(rows[2].category == "cubes");
  CHECK(rows[2].line == 3);
  CHECK(read_caption_table(table, true).size() == 2);
}

TEST_CASE("caption table: the rows come one by one, before the rest of the table is looked at") {
  const TemporaryFolder folder;
  const std::string table = folder.write("t.csv", "image,title\na.jpg,one\nb.jpg,two\nc.jpg\n");
  std::vector<std::string> captions;
  const auto take = [&](ctp::data::CaptionRow&& row) {
    captions.push_back(std::move(row.caption));
    if (captions.size() == 2) throw ctp::DataError("enough");
  };
  CHECK(message_of<ctp::DataError>([&] { ctp::data::for_each_caption(table, {}, take); }) == "enough");
  CHECK(captions == std::vector<std::string>{"one", "two"});
  const auto form = ctp::data::for_each_caption(folder.write("u.tsv", "image\ttitle\na.jpg\tone\n"), {}, take);
  CHECK(form.delimiter == '\t');
  CHECK(form.heading);
  CHECK(form.heading_text == "image,title");
  CHECK(captions.size() == 3);
}

TEST_CASE("caption table: an error names the table, the line and the fault") {
  CHECK(has(refused("a.jpg,one\nb.jpg\n"), "t.csv: line 2: expected 2 to 4 columns: file, caption, task, category"));
  CHECK(has(refused("a.jpg,one,t,c,more\n"), "found 5; put a caption that has a comma in double quotes"));
  CHECK(has(refused(",one\n"), "line 1: expected the name of a picture in the file column, found nothing"));
  CHECK(has(refused("a.jpg,\n"), "line 1: expected a caption in the caption column, found nothing"));
  CHECK(has(refused("a.jpg,\xFF\n"), "expected text in UTF-8"));
  CHECK(has(refused("\n"), "t.csv: expected at least one line: file,caption, found none; list the pictures"));
  CHECK(has(refused("file,caption\n"), "t.csv: expected at least one line below the heading, found none"));
}

TEST_CASE("caption table: a row with another number of columns is refused, so a comma makes no task") {
  CHECK(
      has(refused("a.jpg,one\nb.jpg,red, blue\n"),
          "t.csv: line 2: expected 2 columns as on line 1, found 3; put a caption that has a comma in double quotes"));
  CHECK(has(refused("a.jpg,one,toys\n\nb.jpg,two\n"), "line 3: expected 3 columns as on line 1, found 2"));
  CHECK(has(refused("image,caption\na.jpg,red, blue\n"), "line 2: expected 2 columns as on line 1, found 3"));
  CHECK(refused("a.jpg,one\nb.jpg,\"red, blue\"\n").empty());
}

TEST_CASE("caption table: columns parted by another character are named, and read on request") {
  const struct {
    const char* text;
    const char* name;
  } cases[] = {
      {"a.jpg\tone\nb.jpg\ttwo\n", "tab"},
      {"a.jpg\tred, blue\nb.jpg\ttwo\n", "tab"},
      {"\xEF\xBB\xBF\n\"a,1.jpg\"\tred, blue\r\nb.jpg\ttwo, too\r\n", "tab"},
      {"a.jpg;one\nb.jpg;red, blue", "semicolon"},
      {"file;caption\ra.jpg;one\r", "semicolon"},
      {"a.jpg|one\nb.jpg|two\n", "pipe"},
  };
  for (const auto& [text, name] : cases) {
    CAPTURE(text);
    const std::string word = name;
    CHECK(has(refused(text),
              "t.csv: expected commas between the columns, found " + word + "s; give --delimiter " + word));
    const CaptionTable table = read(text, {.delimiter = ctp::data::delimiter_of(word)});
    CHECK(table.rows.back().caption.find('.') == std::string::npos);
    CHECK(table.rows.back().file.ends_with(".jpg"));
  }
  CHECK(read("a.jpg\tred, blue\t toys \n", {}, "t.tsv").rows[0].task == "toys");
  CHECK(read("a.jpg\tred, blue\n", {}, "t.tsv").rows[0].caption == "red, blue");
  CHECK(read("a.jpg,red;blue\tgreen|\n").rows[0].caption == "red;blue\tgreen|");
  CHECK(read("a;b.jpg,one\n", {.delimiter = ','}).rows[0].file == "a;b.jpg");
  CHECK(has(refused("a.jpg,one\n", {.delimiter = '\t'}), "found 1; the delimiter is a tab"));
  CHECK(has(refused("a.jpg;red; blue\nb.jpg;two\n", {.delimiter = ';'}), "line 2: expected 3 columns as on line 1"));
}

TEST_CASE("caption table: a first line sep= names the delimiter") {
  const CaptionTable table = read("\xEF\xBB\xBFsep=;\r\nimage;title\r\na.jpg;red, blue\r\n");
  REQUIRE(table.rows.size() == 1);
  CHECK(table.delimiter == ';');
  CHECK(table.rows[0].caption == "red, blue");
  CHECK(table.rows[0].line == 3);
  CHECK(read("sep=;\na.jpg;red\n", {.delimiter = ';'}).rows.size() == 1);
  CHECK(read("sep=,\na;b.jpg,red\n").rows[0].file == "a;b.jpg");
  CHECK(has(refused("sep=;"), "found semicolons"));
}

TEST_CASE("caption table: a delimiter has a name") {
  using ctp::data::delimiter_of;
  CHECK(delimiter_of("comma") == ',');
  CHECK(delimiter_of("tab") == '\t');
  CHECK(delimiter_of("\t") == '\t');
  CHECK(delimiter_of("\\t") == '\t');
  CHECK(delimiter_of(";") == ';');
  for (const char* name : {"", "tabs", "\"", " ", "\n", ",,"}) {
    CAPTURE(name);
    CHECK(has(message_of<ctp::UsageError>([&] { (void)delimiter_of(name); }), "--delimiter: expected comma, tab"));
  }
}

TEST_CASE("caption table: a heading is recognised by its names, which give the order of the columns") {
  const CaptionTable swapped = read("\xEF\xBB\xBFTitle,File_Path\r\none,a.jpg\r\n");
  CHECK(swapped.heading);
  CHECK(swapped.heading_text == "Title,File_Path");
  REQUIRE(swapped.rows.size() == 1);
  CHECK(swapped.rows[0].file == "a.jpg");
  CHECK(swapped.rows[0].caption == "one");
  CHECK(swapped.rows[0].line == 2);
  const CaptionTable full = read("category,image,task,text\ncubes,a.jpg,toys,one\n");
  CHECK(full.rows[0].category == "cubes");
  CHECK(full.rows[0].task == "toys");
  CHECK(full.rows[0].caption == "one");
  const CaptionTable gap = read("category,image,text\ncubes,a.jpg,one\n", {.default_task = "mine"});
  CHECK(gap.rows[0].category == "cubes");
  CHECK(gap.rows[0].task == "mine");
  for (const char* heading :
       {"file,caption", "image,text", "filepath,title", "filename,description", " IMAGE , Caption "}) {
    CAPTURE(heading);
    CHECK(read(std::string(heading) + "\na.jpg,one\n").rows.size() == 1);
  }
}

TEST_CASE("caption table: what is no heading stays a row, and an unclear heading is refused") {
  CHECK(read("a.jpg,caption\n").rows.size() == 1);
  CHECK(read("file,one\n").rows.size() == 1);
  CHECK(read("file,caption\nx,y\n", {.heading = Heading::No}).rows.size() == 2);
  const CaptionTable other = read("Bild,Text,Laden\na.jpg,one,shop\n", {.heading = Heading::Yes});
  REQUIRE(other.rows.size() == 1);
  CHECK(other.rows[0].task == "shop");
  CHECK(has(refused("image,caption,width\na.jpg,one,7\n"),
            "line 1: expected the columns file, caption, task and category, found a column \"width\""));
  CHECK(has(refused("image,caption,title\na.jpg,one,two\n"), "line 1: expected every column once"));
  CHECK(read("image,caption,shop\na.jpg,one,x\n", {.heading = Heading::Yes}).rows[0].task == "x");
}
