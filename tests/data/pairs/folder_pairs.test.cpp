#include <ctp/data/pairs/folder_pairs.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::pairs_by_table;
using ctp::data::pairs_by_text_files;
using ctp::data::Sample;
using test::has;
using test::message_of;
using test::TemporaryFolder;

TEST_CASE("pairs by table: paths are relative to the folder, and every picture must be there") {
  const TemporaryFolder folder;
  const std::string other = folder.write("elsewhere/c.png", "x");
  folder.write("pictures/a.jpg", "x");
  const std::string table = folder.write("t.csv", "a.jpg,one,toys\n" + other + ",two,toys\na.jpg,again,food\n");
  const auto pairs = pairs_by_table(folder.path("pictures"), table);
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[0].image == folder.path("pictures") + "/a.jpg");
  CHECK(pairs[1].image == other);
  CHECK(pairs[2].title == "again");  // a picture may have several captions
  CHECK(pairs[2].ordinal == 2);
  CHECK(has(message_of<ctp::DataError>([&] { pairs_by_table(folder.path("elsewhere"), table); }),
            "t.csv: line 1: expected the picture"));
}

TEST_CASE("pairs by text files: sorted by name for any suffix of the picture; other files are skipped") {
  const TemporaryFolder folder;
  for (const char* name : {"b.JPG", "a.png", "c.jpeg", "notes.md", "no_suffix"}) folder.write(name, "x");
  folder.write("a.txt", "one\n");
  folder.write("b.txt", "two");
  folder.write("c.txt", "three");
  const auto pairs = pairs_by_text_files(folder.path(), "toys");
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[0].id == "a");
  CHECK(pairs[0].title == "one\n");
  CHECK(pairs[1].image == folder.path() + "/b.JPG");
  CHECK(pairs[2].industry == "toys");
}

TEST_CASE("pairs by text files: a missing or surplus file is named") {
  const auto message = [](const std::vector<std::pair<const char*, const char*>>& files) {
    const TemporaryFolder folder;
    for (const auto& [name, content] : files) folder.write(name, content);
    return message_of<ctp::DataError>([&] { pairs_by_text_files(folder.path(), "toys"); });
  };
  CHECK(has(message({{"a.jpg", "x"}}), "a.txt: expected a caption for the picture beside it, found no such file"));
  CHECK(has(message({{"a.jpg", "x"}, {"a.txt", "one"}, {"b.txt", "two"}}),
            "b.txt: expected a picture of the same name beside it, found none"));
  CHECK(has(message({{"a.jpg", "x"}, {"a.txt", " \n"}}), "a.txt: expected a caption, found nothing"));
  CHECK(has(message({{"a.jpg", "x"}, {"a.txt", "\xFF"}}), "a.txt: expected text in UTF-8"));
  CHECK(has(message({{"a.jpg", "x"}, {"a.png", "x"}, {"a.txt", "one"}}),
            "a.txt: expected the caption of one picture, found \"a.jpg\" and \"a.png\""));
  CHECK(has(message({{"notes.md", "x"}}),
            std::string("expected at least one file with ") + ctp::data::decoded_types() + ", found none"));
  CHECK(has(message_of<ctp::DataError>([] { pairs_by_text_files("/no/such/folder", "toys"); }), "/no/such/folder"));
}

TEST_CASE("pairs by table: names in another normal form are found, and a heading is passed over") {
  const TemporaryFolder folder;
  folder.write("cafe\xCC\x81.jpg", "x");
  const std::string table = folder.write("t.csv", "image,title\ncaf\xC3\xA9.jpg,one\n");
  const auto pairs = pairs_by_table(folder.path(), table);
  REQUIRE(pairs.size() == 1);
  CHECK(pairs[0].image == folder.path("cafe\xCC\x81.jpg"));
  const std::string other = folder.write("other.csv", "cafe.jpg\tone\n");
  CHECK(has(message_of<ctp::DataError>([&] { pairs_by_table(folder.path(), other, {.delimiter = '\t'}); }),
            "no such file; did you mean \"cafe\xCC\x81.jpg\"?"));
}

TEST_CASE("pairs by text files: folders in the folder are read, or named on request") {
  const TemporaryFolder folder;
  for (const char* name : {"b.jpg", "sub/a.PNG", "sub/deep/c.jpeg"}) folder.write(name, "x");
  folder.write("b.TXT", "\xEF\xBB\xBFone");
  folder.write("sub/a.txt", "two");
  folder.write("sub/deep/c.Txt", "three");
  const auto pairs = pairs_by_text_files(folder.path(), "toys");
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[0].title == "one");
  CHECK(pairs[1].id == "sub/a");
  CHECK(pairs[2].id == "sub/deep/c");
  CHECK(pairs[2].image == folder.path("sub/deep/c.jpeg"));
  CHECK(pairs[2].ordinal == 2);
  CHECK(has(message_of<ctp::DataError>([&] { pairs_by_text_files(folder.path(), "toys", {.subfolders = false}); }),
            "/sub: expected a folder of pictures without folders in it, found 1"));
  folder.write("sub/deep/d.jpg", "x");
  CHECK(has(message_of<ctp::DataError>([&] { pairs_by_text_files(folder.path(), "toys"); }),
            "/sub/deep/d.txt: expected a caption for the picture beside it"));
}

TEST_CASE("pairs by text files: files of the system are passed over and counted") {
  const TemporaryFolder folder;
  for (const char* name : {"a.jpg", "._a.jpg", "._a.txt", ".DS_Store", "Thumbs.db", "notes.md", "__MACOSX/._a.jpg"})
    folder.write(name, "x");
  folder.write("a.txt", "one");
  ctp::data::TextFileReport report;
  CHECK(pairs_by_text_files(folder.path(), "toys", {}, &report).size() == 1);
  CHECK(report.hidden == 5);
  CHECK(report.others == 1);
}

TEST_CASE("pairs by text files: stems match in any normal form, and a text of two spellings is refused") {
  const TemporaryFolder folder;
  folder.write("cafe\xCC\x81.jpg", "x");
  folder.write("caf\xC3\xA9.txt", "one");
  CHECK(pairs_by_text_files(folder.path(), "toys").at(0).title == "one");
  folder.write("caf\xC3\xA9.TXT", "two");
  CHECK(has(message_of<ctp::DataError>([&] { pairs_by_text_files(folder.path(), "toys"); }),
            "expected one text of this name"));
}

TEST_CASE("pairs by text files: the lines of a text are captions of one picture on request") {
  const TemporaryFolder folder;
  folder.write("a.jpg", "x");
  folder.write("a.txt", "one\r\n\n  \ntwo");
  CHECK(pairs_by_text_files(folder.path(), "toys").size() == 1);
  const auto pairs = pairs_by_text_files(folder.path(), "toys", {.lines = true});
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].title == "one");
  CHECK(pairs[1].title == "two");
  CHECK(pairs[0].image == pairs[1].image);
  CHECK(pairs[1].id == "a");
}

TEST_CASE("pairs by text files: a picture of a type that a build may not read is not passed over") {
  const TemporaryFolder folder;
  for (const char* name : {"a.jpg", "b.webp"}) folder.write(name, "x");
  folder.write("a.txt", "one");
  CHECK(has(message_of<ctp::DataError>([&] { pairs_by_text_files(folder.path(), "toys"); }),
            "b.txt: expected a caption"));
}

TEST_CASE("tasks of samples: by name, in the order of their first pair, over one source") {
  std::vector<Sample> samples;
  for (const char* task : {"toys", "food", "toys"}) {
    Sample sample;
    sample.id = std::to_string(samples.size());
    sample.title = "tea for two, and two for tea";
    sample.industry = task;
    samples.push_back(sample);
  }
  const ctp::data::Tokenizer tokenizer = ctp::data::tokenizer_of(samples);
  const auto tasks = ctp::data::tasks_of(samples, tokenizer);
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0].name == "toys");
  CHECK(tasks[0].members == std::vector<std::uint32_t>{0, 2});
  CHECK(tasks[1].members == std::vector<std::uint32_t>{1});
  CHECK(tasks[0].source == tasks[1].source);
  CHECK(tasks[0].source->tokens(0).size() == 10);  // eight tokens between [CLS] and [SEP]: every word occurs twice
  CHECK(has(message_of<ctp::UsageError>([&] { ctp::data::tasks_of({}, tokenizer); }),
            "tasks_of: samples: expected at least one pair"));
}
