// What the programs say about titles, and titles that they refuse or replace.
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "program.hpp"

using test::Finished;
using test::has;
using test::run_program;
using test::TemporaryFolder;

namespace {

/// A P9D folder: two tasks of two pairs.
struct Stream {
  TemporaryFolder folder;

  explicit Stream(const std::string& first_title, const std::string& industry = "A") {
    folder.write("json/train.json",
                 R"({"A":{"1":{"title":)" + first_title +
                     R"(},"2":{"title":"tea pot"}},"B":{"3":{"title":"red cup"},"4":{"title":"cup"}}})");
    folder.write("json/test.json", R"({"1":{"title":"tea","industry_name":")" + industry +
                                       R"("},"2":{"title":"cup","industry_name":"B"}})");
    folder.write("json/query.json", "{}");
    folder.write("json/gallery.json", "{}");
    for (const char* name : {"train_images/1.jpg", "train_images/2.jpg", "train_images/3.jpg", "train_images/4.jpg",
                             "gallery_images/1.jpg", "gallery_images/2.jpg"}) {
      std::filesystem::create_directories(folder.path(name).substr(0, folder.path(name).rfind('/')));
      std::filesystem::copy_file(CTP_GOLDEN_DIR "/images/baseline_420.jpg", folder.path(name));
    }
  }
  [[nodiscard]] Finished dry_run(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"--data", folder.path(), "--batch-size", "2", "--workers", "0", "--dry-run"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program("continual_pretrain", words);
  }
};

}  // namespace

TEST_CASE("titles: a dry run says how many are cut, unknown and empty") {
  const Stream stream(R"("red tea pot cup")");
  const Finished run = stream.dry_run({"--max-words", "4"});
  CHECK(run.code == 0);
  CHECK(has(run.out, "train: 4 titles: 0 cut by words, 1 cut by tokens, 0.0 % of 7 tokens unknown, 0 empty\n"));
  CHECK(has(run.out, "test: 2 titles: "));
  CHECK(run.err.empty());
}

TEST_CASE("titles: empty training titles are refused up to a setting") {
  for (const char* title : {R"("")", R"(" \t ")", R"("!!! ...")", R"("\u3000?")"}) {
    CAPTURE(title);
    const Stream stream(title);
    const Finished run = stream.dry_run();
    CHECK(run.code == 3);
    CHECK(
        has(run.err,
            "train.json: title: expected text in every title, found 1 empty after clean-up, the first that of \"1\""));
    CHECK(run.err.find('\n') == run.err.size() - 1);
    const Finished allowed = stream.dry_run({"--max-empty-titles", "1"});
    CHECK(allowed.code == 0);
    CHECK(has(allowed.err, "warning: 1 of the train titles are empty after clean-up"));
    CHECK(stream.dry_run({"--tasks", "B"}).code == 0);  // the title is of another task
  }
}

TEST_CASE("titles: a vocabulary that knows none of their words is said, and refused beyond a share") {
  const Stream stream(R"("red cup")");
  const std::string vocabulary = stream.folder.write("v.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nqw\nqx\n");
  const Finished said = stream.dry_run({"--vocab", vocabulary});
  CHECK(said.code == 0);
  CHECK(has(said.out, "100.0 % of 7 tokens unknown"));
  CHECK(has(said.err, "warning: 100.0 % of the tokens of the train titles are unknown to \"" + vocabulary + "\""));
  const Finished refused = stream.dry_run({"--vocab", vocabulary, "--max-unknown-share", "0.5"});
  CHECK(refused.code == 3);
  CHECK(has(refused.err,
            "v.txt: expected at most 50.0 % unknown tokens in the training titles, found 100.0 % of 7 tokens"));
}

TEST_CASE("titles: half an emoji is replaced and said, and a message with a name from a file is one line") {
  const Finished run = Stream(R"("red cup \ud83d")").dry_run();
  CHECK(run.code == 0);
  CHECK(has(run.err, "half a surrogate pair, read as U+FFFD: 1"));
  const Finished refused = Stream(R"("red")", R"(X\n\u001b[31m)").dry_run();
  CHECK(refused.code == 3);
  CHECK(refused.err.find('\n') == refused.err.size() - 1);
  CHECK(!has(refused.err, "\x1b"));
  CHECK(has(refused.err, R"("X\n\u001b[31m")"));
}
