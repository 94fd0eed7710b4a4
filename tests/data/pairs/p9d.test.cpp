#include <ctp/data/pairs/p9d.hpp>

#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::P9d;
using ctp::data::P9dOptions;
using ctp::data::Sample;
using test::has;
using test::message_of;
using test::TemporaryFolder;

namespace {

using Names = std::vector<std::string>;
using Ordinals = std::vector<std::uint32_t>;

P9dOptions with_tasks(Names tasks) {
  P9dOptions options;
  options.tasks = std::move(tasks);
  return options;
}

std::string refused(const TemporaryFolder& folder) {
  return message_of<ctp::DataError>([&] { P9d(folder.path()); });
}

const std::string golden = CTP_GOLDEN_DIR "/p9d/shop";

}  // namespace

TEST_CASE("p9d: every list has the order in which Python's json module reads the file") {
  const P9d stream(golden);
  std::ifstream in(CTP_GOLDEN_DIR "/p9d/expected_order.txt");
  Names expected, found;
  for (std::string line; std::getline(in, line);) expected.push_back(line);
  const auto list = [&](const char* name, const std::vector<Sample>& samples) {
    for (const Sample& s : samples) {
      std::string title;
      for (const char c : s.title) title += c == '\n' ? std::string("\\n") : std::string(1, c);
      found.push_back(std::string(name) + '\t' + s.industry + '\t' + s.id + '\t' + s.category + '\t' + title);
      CHECK(s.ordinal == static_cast<std::uint32_t>(&s - samples.data()));
    }
  };
  list("train", stream.train());
  list("test", stream.test());
  list("query", stream.query());
  list("gallery", stream.gallery());

  CHECK(expected.size() == 21);
  CHECK(found == expected);
}

TEST_CASE("p9d: tasks are in the order of train.json, reversed, or in the order given; ordinals do not change") {
  CHECK(P9d(golden).tasks() == Names{"食品/保健", "3C数码", "母婴"});
  P9dOptions options;
  options.reverse = true;
  const P9d reversed(golden, options);
  CHECK(reversed.tasks() == Names{"母婴", "3C数码", "食品/保健"});
  CHECK(reversed.train("3C数码") == Ordinals{4, 5, 6});

  const P9d chosen(golden, with_tasks({"母婴", "食品/保健"}));
  CHECK(chosen.tasks() == Names{"母婴", "食品/保健"});
  CHECK(chosen.industries().size() == 3);
  CHECK(chosen.train("母婴") == Ordinals{7, 8, 9, 10});
  CHECK(chosen.train("食品/保健") == Ordinals{0, 1, 2, 3});
  options.tasks = {"母婴", "食品/保健"};
  CHECK(P9d(golden, options).tasks() == Names{"食品/保健", "母婴"});
}

TEST_CASE("p9d: the union of tasks is in file order for any order of the names") {
  const P9d stream(golden);

  CHECK(stream.test(Names{"母婴", "食品/保健"}) == Ordinals{1, 2, 3});
  CHECK(stream.test(Names{"食品/保健", "母婴"}) == Ordinals{1, 2, 3});
  CHECK(stream.test(Names{"3C数码"}) == Ordinals{0});
  CHECK(stream.query(Names{"母婴"}).empty());
  CHECK(stream.query(stream.tasks()) == Ordinals{0, 1});
  CHECK(stream.gallery(Names{"食品/保健", "3C数码"}) == Ordinals{0, 1, 2});
}

TEST_CASE("p9d: images lie in train_images and gallery_images, under any extension") {
  const P9d stream(golden + "//");
  CHECK(stream.train()[2].image == golden + "/train_images/a-5.jpg");
  CHECK(stream.test()[0].image == golden + "/gallery_images/t3.jpg");
  CHECK(stream.query()[0].image == golden + "/gallery_images/q1.jpg");
  CHECK(stream.gallery()[0].image == golden + "/gallery_images/g2.jpg");

  P9dOptions options;
  options.extension = ".png";
  options.test_images = "tests";
  const P9d other(golden, options);
  CHECK(other.train()[2].image == golden + "/train_images/a-5.png");
  CHECK(other.query()[0].image == golden + "/tests/q1.png");
  CHECK(other.gallery()[0].image == golden + "/gallery_images/g2.png");
}

TEST_CASE("p9d: an id that two industries share is two training pairs") {
  const P9d stream(golden);

  CHECK(stream.train()[1].title == "蜂蜜; 百花蜜 (500g)");
  CHECK(stream.train()[1].id == "17");
  CHECK(stream.train()[5].title == "充电器 20W");
  CHECK(stream.train()[5].id == "17");
}

TEST_CASE("p9d: an unknown task lists the names and the nearest one") {
  const TemporaryFolder folder;
  test::write_small_p9d(folder);
  const std::string text = message_of<ctp::UsageError>([&] { P9d(folder.path(), with_tasks({"Toys", "Fodo"})); });
  CHECK(has(text, "train.json"));
  CHECK(has(text, R"(found "Fodo"; did you mean "Food"? known: "Food", "Toys")"));
  CHECK(has(message_of<ctp::UsageError>([&] { P9d(folder.path(), with_tasks({"quite other"})); }),
            R"(; known: "Food", "Toys")"));
  CHECK(has(message_of<ctp::UsageError>([&] { P9d(folder.path(), with_tasks({"Toys", "Toys"})); }), R"("Toys" twice)"));
  const P9d stream(folder.path());
  CHECK_THROWS_AS((void)stream.train("x"), ctp::UsageError);
  CHECK_THROWS_AS((void)stream.test(Names{"x"}), ctp::UsageError);
  CHECK_THROWS_AS((void)stream.gallery(Names{"x"}), ctp::UsageError);
}

TEST_CASE("p9d: a missing annotation file is named") {
  for (const char* name : {"train", "test", "query", "gallery"}) {
    const TemporaryFolder folder;
    test::write_small_p9d(folder);
    std::filesystem::remove(folder.path(std::string("json/") + name + ".json"));
    CHECK(has(refused(folder), std::string("json/") + name + ".json"));
  }
}

TEST_CASE("p9d: no industry, an industry without pairs, and an unlisted industry are refused") {
  const TemporaryFolder folder;
  test::write_small_p9d(folder);
  const std::string good = R"({"Food":{"f1":{"title":"tea"}},"Toys":{"t1":{"title":"cube"}}})";
  folder.write("json/train.json", "{}");
  CHECK(has(refused(folder), "expected at least one industry, found none"));
  folder.write("json/train.json", R"({"Food":{"f1":{"title":"tea"}},"Toys":{}})");
  CHECK(has(refused(folder), "train.json: Toys: expected at least one pair, found none"));
  folder.write("json/train.json", good);
  CHECK(refused(folder).empty());

  folder.write("json/query.json", R"({"q":{"title":"t","cate_name":"c","industry_name":"Tys"}})");
  CHECK(has(refused(folder),
            R"(query.json: q > industry_name: expected an industry of train.json, found "Tys"; did you mean "Toys"?)"));
  P9dOptions lenient;
  lenient.allow_unlisted = true;
  const P9d stream(folder.path(), lenient);
  CHECK(stream.query().size() == 1);
  CHECK(stream.query(stream.tasks()).empty());
}

TEST_CASE("p9d: query and gallery need categories, train and test do not") {
  const TemporaryFolder folder;
  test::write_small_p9d(folder);
  const std::string bare = R"({"q":{"title":"t","industry_name":"Toys"}})";
  folder.write("json/test.json", bare);
  CHECK(refused(folder).empty());
  folder.write("json/gallery.json", bare);
  CHECK(has(refused(folder), "cate_name"));
}

TEST_CASE("p9d: a task without a test pair is refused in test(), since its recall is undefined") {
  const TemporaryFolder folder;
  test::write_small_p9d(folder);
  folder.write("json/test.json", R"({"q":{"title":"t","industry_name":"Toys"}})");
  const P9d stream(folder.path());
  CHECK(stream.test(Names{"Toys"}) == Ordinals{0});
  CHECK(has(message_of<ctp::DataError>([&] { (void)stream.test(Names{"Toys", "Food"}); }),
            R"(test.json: industry_name: expected at least one pair of task "Food")"));
}

TEST_CASE("p9d: names of the file are quoted in messages, so that a message stays one line") {
  const TemporaryFolder folder;
  folder.write("json/train.json", R"({"A\n\u001b[2J":{"1":{"title":"t"}}})");
  folder.write("json/test.json", R"({"1":{"title":"t","industry_name":"B\r\n\u001b[31m"}})");
  const std::string text = refused(folder);
  CHECK(has(text, R"(found "B\u000d\n\u001b[31m")"));
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
}

TEST_CASE("p9d: lone surrogates of all four files are counted") {
  const TemporaryFolder folder;
  folder.write("json/train.json", R"({"A":{"1":{"title":["t\ud83d","u"],"x":"\ud83d"}}})");
  folder.write("json/test.json", R"({"1":{"title":"\udfff","industry_name":"A"}})");
  folder.write("json/query.json", "{}");
  folder.write("json/gallery.json", R"({"1":{"title":"g","cate_name":"\ud800","industry_name":"A"}})");
  CHECK(P9d(folder.path()).replaced_titles() == 3);
}
