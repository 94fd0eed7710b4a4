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
            "a.txt: expected the caption of one picture, found a.jpg and a.png"));
  CHECK(has(message({{"notes.md", "x"}}), "expected at least one .jpg, .jpeg or .png file, found none"));
  CHECK(has(message_of<ctp::DataError>([] { pairs_by_text_files("/no/such/folder", "toys"); }), "/no/such/folder"));
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
