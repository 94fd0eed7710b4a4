// pictures_to_p9d: bad pictures, one file under two names, transparency, several captions, few held-out pairs.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sanitizers.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/codec/encode.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/json/document.hpp>

#include "../../examples/pictures_to_p9d/looked_at.hpp"
#include "programs/program.hpp"

namespace {

namespace fs = std::filesystem;
using test::has;
using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// A PNG file of 2 x 2 pixels of this grey level.
std::string png(int grey) {
  ctp::data::Image image(2, 2);
  std::fill(image.rgb.begin(), image.rgb.end(), static_cast<std::uint8_t>(grey));
  const auto bytes = ctp::data::encode_png(image);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string name_of(int i) { return (i < 10 ? "0" : "") + std::to_string(i) + ".png"; }

/// A folder with pictures/00.png to pictures/NN.png, all different, and a table of them.
class Shop {
 public:
  explicit Shop(int pictures) {
    for (int i = 0; i < pictures; ++i) {
      folder_.write("pictures/" + name_of(i), png(i));
      table_ += name_of(i) + ",title " + std::to_string(i) + "\n";
    }
  }
  [[nodiscard]] std::string picture(const std::string& name) const { return folder_.path("pictures/" + name); }
  void write(const std::string& name, const std::string& content) const { folder_.write("pictures/" + name, content); }
  [[nodiscard]] std::string out() const { return folder_.path("out"); }
  test::Finished convert(const std::string& more_rows = "", const Arguments& more = {}) const {
    const std::string table = folder_.write("table.csv", table_ + more_rows);
    Arguments words{"--pictures", folder_.path("pictures"), "--captions", table, "--output", out()};
    words.insert(words.end(), more.begin(), more.end());
    fs::remove_all(out());
    return test::run_program("pictures_to_p9d", words);
  }

 private:
  TemporaryFolder folder_;
  std::string table_;
};

}  // namespace

TEST_CASE("pictures_to_p9d: one run names every bad picture with its line, and writes nothing") {
  const Shop shop(12);
  const std::string whole = png(3);
  shop.write("03.png", whole.substr(0, whole.size() / 2));
  fs::remove(shop.picture("07.png"));
  shop.write("09.png", "");
  const auto run = shop.convert();
  CAPTURE(run.err);
  CHECK(run.code == 3);
  CHECK(lines(run.err) == 1);
  for (const char* part : {"03.png", "07.png", "09.png", "line 4: ", "line 8: ", "line 10: ", "3 that cannot"})
    CHECK(has(run.err, part));
  CHECK_FALSE(fs::exists(shop.out() + "/json/gallery.json"));
}

TEST_CASE("pictures_to_p9d: skip leaves bad pictures out, names them, and a table of bad pictures alone is refused") {
  const Shop shop(30);
  shop.write("03.png", "text");
  fs::remove(shop.picture("07.png"));
  const auto run = shop.convert("", {"--on-bad-image", "skip", "--json"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(has(run.err, "2 of 30 pictures"));
  const auto report = ctp::io::parse_json_document(run.out, "out");
  CHECK(report.root().at("left_out").size() == 2);
  CHECK(report.root().at("left_out").at(1).at("file").string() == "07.png");
  CHECK(report.root().at("left_out_kinds").at("missing").number() == 1);
  CHECK(report.root().at("left_out_kinds").at("broken").number() == 1);
  const ctp::data::P9d stream(shop.out());
  CHECK(stream.train().size() + stream.test().size() + stream.query().size() + stream.gallery().size() == 28);

  const Shop one(1);
  one.write("00.png", "text");
  CHECK(one.convert("", {"--on-bad-image", "skip"}).code == 3);
  CHECK(one.convert("", {"--on-bad-image", "ignore"}).code == 2);
}

TEST_CASE("pictures_to_p9d: one file under two names is one picture: by spelling or by either kind of link") {
  const Shop shop(20);
  fs::create_symlink(shop.picture("00.png"), shop.picture("soft.png"));
  fs::create_hard_link(shop.picture("00.png"), shop.picture("hard.png"));
  fs::create_directory(shop.picture("sub"));
  for (const std::string& name :
       {std::string("00.png"), std::string("./00.png"), std::string(".//00.png"), std::string("sub/../00.png"),
        std::string("soft.png"), std::string("hard.png"), shop.picture("00.png")}) {
    const auto run = shop.convert(name + ",another title\n");
    CAPTURE(name);
    CAPTURE(run.err);
    CHECK(run.code == 3);
    CHECK(lines(run.err) == 1);
    CHECK(has(run.err, "line 21: expected every picture once"));
    CHECK(has(run.err, "the same file as on line 1"));
  }
}

TEST_CASE("pictures_to_p9d: several captions of one picture go to one split") {
  const Shop shop(20);
  std::string more;
  for (int i = 0; i < 20; ++i) more += "./" + name_of(i) + ",other words " + std::to_string(i) + "\n";
  const auto run = shop.convert(more, {"--several-captions"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const ctp::data::P9d stream(shop.out());
  CHECK(stream.train().size() + stream.test().size() + stream.query().size() + stream.gallery().size() == 40);
  for (const auto* list : {&stream.train(), &stream.test(), &stream.query(), &stream.gallery()}) {
    CHECK(list->size() % 2 == 0);
    for (std::size_t i = 0; i < list->size(); i += 2) CHECK((*list)[i].image == (*list)[i + 1].image);
  }
}

TEST_CASE("pictures_to_p9d: fewer than 20 test pairs are said in one line; a number of pictures holds out enough") {
  const Shop shop(60);
  const auto few = shop.convert();
  CHECK(few.code == 0);
  CHECK(lines(few.err) == 1);
  CHECK(has(few.err, "fewer than 20 test pairs, the least 6"));
  const auto enough = shop.convert("", {"--test", "20"});
  CHECK(enough.code == 0);
  CHECK(enough.err.empty());
  CHECK(ctp::data::P9d(shop.out()).test().size() == 20);
  for (const char* wrong : {"0.95", "1.5", "-1", "many", "1e12", "nan"}) {
    const auto run = shop.convert("", {"--test", wrong});
    CAPTURE(wrong);
    CHECK(run.code == 2);
  }
}

TEST_CASE("pictures_to_p9d: held-out copies of training pictures under other names are counted") {
  const Shop shop(40);
  for (int i = 0; i < 40; ++i) shop.write(name_of(i), png(7));
  const auto run = shop.convert("", {"--json"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const auto report = ctp::io::parse_json_document(run.out, "out");
  CHECK(report.root().at("copies_of_training_pictures").number() == 4 + 2 + 6);  // 10 %, 5 % and 15 % of 40
  CHECK(has(run.err, "12 held-out pictures are copies"));
}

TEST_CASE("pictures_to_p9d: transparency is laid on white and counted; none leaves the files") {
  const Shop shop(4);
  const std::string clear = test::read_whole(CTP_GOLDEN_DIR "/images/palette_transparent.png");
  shop.write("02.png", clear);
  const auto files_equal_to = [&](const std::string& content) {
    int equal = 0;
    for (const char* folder : {"/train_images", "/gallery_images"})
      for (const auto& entry : fs::directory_iterator(shop.out() + folder))
        equal += test::read_whole(entry.path().string()) == content ? 1 : 0;
    return equal;
  };
  const auto white = shop.convert();
  REQUIRE_MESSAGE(white.code == 0, white.err);
  CHECK(has(white.out, "1 pictures with transparency laid on grey level 255"));
  CHECK(files_equal_to(clear) == 0);
  CHECK(files_equal_to(png(1)) == 1);
  const auto none = shop.convert("", {"--background", "none"});
  REQUIRE_MESSAGE(none.code == 0, none.err);
  CHECK(has(none.out, "1 pictures with transparency, which readers drop"));
  CHECK(files_equal_to(clear) == 1);
  for (const char* wrong : {"256", "-1", "white", ""}) CHECK(shop.convert("", {"--background", wrong}).code == 2);
}

TEST_CASE("pictures_to_p9d: room is asked for pictures as they are written, laid on a background or not") {
  const TemporaryFolder folder;
  Rows rows(2);
  rows[0].path = folder.write("grey.png", png(7));
  rows[1].path = std::string(CTP_GOLDEN_DIR) + "/images/palette_transparent.png";
  const std::uint64_t grey = fs::file_size(rows[0].path), clear = fs::file_size(rows[1].path);
  Faults none;
  look_at_pictures(rows, none);
  CHECK(none.empty());
  REQUIRE(rows[1].opacity);
  const std::uint64_t rgb = 3 * rows[1].pixels;
  REQUIRE(rgb > clear);
  CHECK(written_bytes(rows, false) == grey + clear);
  CHECK(written_bytes(rows, true) == grey + rgb);
}

TEST_CASE("pictures_to_p9d: of many faults the first 20 by line have reasons, the others are counted by kind") {
  const Shop shop(40);
  std::string missing;
  for (int i = 0; i < 40; ++i) missing += "none_" + name_of(i) + ",title\n";  // lines 41 to 80
  for (int i = 30; i < 40; ++i) shop.write(name_of(i), "text");               // lines 31 to 40, found after the others
  const auto refused = shop.convert(missing);
  CHECK(refused.code == 3);
  CHECK(has(refused.err, "each of 80 can be read, found 50 that cannot (40 missing, 10 broken): line 31: "));
  std::size_t at = 0;
  for (int line = 31; line <= 50; ++line) {
    const std::size_t next = refused.err.find("line " + std::to_string(line) + ": ");
    CAPTURE(line);
    REQUIRE(next != std::string::npos);
    CHECK(next > at);
    at = next;
  }
  CHECK_FALSE(has(refused.err, "line 51: "));
  CHECK(has(refused.err, " | and 30 more; "));

  const auto run = shop.convert(missing, {"--on-bad-image", "skip", "--json"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(has(run.err, "50 of 80 pictures of "));
  const auto report = ctp::io::parse_json_document(run.out, "out");
  const auto first = report.root().at("left_out"), all = report.root().at("left_out_lines");
  REQUIRE(first.size() == 20);
  REQUIRE(all.size() == 50);
  for (std::size_t i = 0; i < 50; ++i) CHECK(all.at(i).number() == static_cast<double>(31 + i));
  CHECK(first.at(19).at("line").number() == 50);
  CHECK(first.at(19).at("file").string() == "none_09.png");
  CHECK(report.root().at("left_out_kinds").at("missing").number() == 40);
  CHECK(report.root().at("left_out_kinds").at("broken").number() == 10);
  CHECK(report.root().at("left_out_kinds").at("refused").number() == 0);
}

TEST_CASE("pictures_to_p9d: the faults that are kept do not depend on the order in which they are found") {
  for (const std::size_t step : {1U, 37U, 99U}) {  // coprime with 100: every line once
    Faults faults;
    std::size_t described = 0;
    for (std::size_t i = 0; i < 100; ++i) {
      const std::size_t line = 1 + i * step % 100;
      faults.add(line, line % 4 == 0 ? FaultKind::Broken : FaultKind::Missing, [&] {
        ++described;
        return Fault{"", std::to_string(line) + "!"};
      });
    }
    CHECK(faults.size() == 100);
    CHECK(faults.first().size() == 20);
    CHECK(faults.first().begin()->first == 1);
    CHECK(faults.first().rbegin()->first == 20);
    CHECK(faults.kinds() == "75 missing, 25 broken");
    CHECK(has(faults.text(), "line 1: 1! | line 2: 2! | "));
    CHECK(faults.text().ends_with("line 20: 20! | and 80 more"));
    CHECK(faults.lines().at(99) == 100);
    if (step == 1) CHECK(described == 20);
  }
}

TEST_CASE("pictures_to_p9d: a missing file on two lines is refused, with both lines") {
  const Shop shop(4);
  const auto run = shop.convert("a/none.png,one\nother.png,two\n./a//none.png,three\n");
  CHECK(run.code == 3);
  CHECK(has(run.err, "line 7: expected every picture once, found \"./a//none.png\", the same file as on line 5"));
}

#if !CTP_TEST_SANITIZED  // these take memory of their own
TEST_CASE("pictures_to_p9d: memory for a table of missing pictures is at most twice the table and 32 MiB") {
  const TemporaryFolder folder;
  fs::create_directory(folder.path("pictures"));
  const auto peak = [&](int rows) {  // KiB
    std::string text;
    for (int i = 0; i < rows; ++i) text += "missing/p" + std::to_string(1000000 + i) + ".jpg,a caption\n";
    const std::string table = folder.write("table.csv", text), program = CTP_PROGRAM_DIR "/pictures_to_p9d",
                      pictures = folder.path("pictures"), output = folder.path("out");
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
      ::execl(program.c_str(), program.c_str(), "--pictures", pictures.c_str(), "--captions", table.c_str(), "--output",
              output.c_str(), nullptr);
      ::_exit(99);
    }
    int status = 0;
    rusage used{};
    REQUIRE(::wait4(child, &status, 0, &used) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 3);
    return std::pair(used.ru_maxrss, static_cast<long>(text.size() / 1024));
  };
  const auto [little, unused] = peak(1);
  const auto [much, table] = peak(300000);
  CAPTURE(little);
  CHECK(much <= little + 2 * table + 32 * 1024);
}
#endif
