// What is known before the first step: pictures of all splits, copies, disk and memory; and the same in evaluate.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <ctp/io/json/document.hpp>

#include "programs/program.hpp"

namespace {

namespace fs = std::filesystem;
using test::has;
using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

/// A copy of the small stream that a test may damage.
class Stream {
 public:
  Stream() { fs::copy(test::small_stream(), path(), fs::copy_options::recursive); }
  [[nodiscard]] std::string path(const std::string& name = "") const {
    return folder_.path(name.empty() ? "stream" : "stream/" + name);
  }
  /// Ids of the pictures that a list names, in its order.
  [[nodiscard]] std::vector<std::string> ids(const std::string& split, const std::string& images) const {
    const std::string json = test::read_whole(path("json/" + split + ".json"));
    std::vector<std::string> found;
    for (std::size_t at = 0; (at = json.find(images + "/", at)) != std::string::npos;) {
      at += images.size() + 1;
      found.push_back(json.substr(at, json.find(".jpg", at) - at));
    }
    return found;
  }
  [[nodiscard]] std::string train_picture(std::size_t n) const {
    return path("train_images/" + ids("train", "train_images").at(n) + ".jpg");
  }
  [[nodiscard]] std::string picture(const std::string& split, std::size_t n) const {
    return path("gallery_images/" + ids(split, "gallery_images").at(n) + ".jpg");
  }
  void write(const std::string& name, const std::string& content) const { folder_.write("stream/" + name, content); }

 private:
  TemporaryFolder folder_;
};

/// A model of a few thousand parameters, for one epoch of the first two tasks.
test::Finished train(const std::string& stream, const std::string& output, const Arguments& more = {}) {
  Arguments words{"--data",    stream,       "--tasks", test::two_tasks, "--epochs", "1",       "--batch-size",
                  "9",         "--strategy", "seqf",    "--image-size",  "16",       "--queue", "9",
                  "--workers", "0"};
  for (const char* size : {"vision_width=8", "vision_depth=1", "vision_heads=2", "text_width=8", "text_layers=2",
                           "fusion_layer=1", "text_heads=2", "intermediate=16", "embed=8", "patch=8"}) {
    const std::string setting = std::string("model.") + size, key = setting.substr(0, setting.find('=') + 1);
    if (std::none_of(more.begin(), more.end(), [&](const std::string& word) { return word.starts_with(key); }))
      words.insert(words.end(), {"--set", setting});
  }
  if (!output.empty()) words.insert(words.end(), {"--output", output});
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("known before: missing and broken pictures of all splits are named in one line, and nothing is trained") {
  const Stream stream;
  const TemporaryFolder folder;
  const std::string missing = stream.train_picture(25), empty = stream.picture("test", 0),
                    html = stream.picture("gallery", 1), cut = stream.picture("query", 2);
  fs::remove(missing);
  std::ofstream(empty, std::ios::binary).flush();
  std::ofstream(html, std::ios::binary) << "<html></html>";
  const std::string whole = test::read_whole(cut);
  std::ofstream(cut, std::ios::binary) << whole.substr(0, whole.size() / 2);

  for (const Arguments& more : {Arguments{}, Arguments{"--dry-run"}}) {
    const auto run = train(stream.path(), folder.path("out"), more);
    CAPTURE(run.err);
    CHECK(run.code == 3);
    CHECK(lines(run.err) == 1);
    for (const std::string& file : {missing, empty, html, cut}) CHECK(has(run.err, file));
    for (const char* reason : {"No such file", "an empty file", "an HTML page", "truncated"})
      CHECK(has(run.err, reason));
    CHECK(has(run.err, "found 4 that cannot"));
    CHECK_FALSE(fs::exists(folder.path("out/metrics.jsonl")));
    CHECK_FALSE(fs::exists(folder.path("out/config.json")));
  }
  const auto listed = train(stream.path(), "", {"--dry-run", "--json"});
  CHECK(listed.code == 3);
  const auto list = ctp::io::parse_json_document(listed.out.substr(0, listed.out.find('\n')), "out");
  CHECK(list.root().at("kind").string() == "bad_pictures");
  CHECK(list.root().at("list").size() >= 4);
}

TEST_CASE("known before: with skip, bad pictures of the evaluation leave their lists, are counted and listed") {
  const Stream stream;
  const TemporaryFolder folder;
  fs::remove(stream.picture("test", 0));
  const std::string out = folder.path("out");
  const auto run = train(stream.path(), out, {"--on-bad-image", "skip"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(has(run.out, "test: 1 of "));
  CHECK(has(run.out, "left out"));
  const std::string metrics = test::read_whole(out + "/metrics.jsonl");
  const auto first = ctp::io::parse_json_document(metrics.substr(0, metrics.find('\n')), "metrics");
  CHECK(first.root().at("kind").string() == "check");
  CHECK(first.root().at("left_out").at("test").number() == 1);
  std::size_t at = metrics.find("\"kind\":\"task\"");
  REQUIRE(at != std::string::npos);
  CHECK(has(metrics.substr(at, metrics.find('\n', at) - at), "\"left_out\":{\"test\":1,"));
  const std::string list = test::read_whole(out + "/bad_images.jsonl");
  CHECK(has(list, "\"split\":\"test\""));

  // The list of that run leaves the record out of a run with the policy error, too, with the same figures.
  const auto told = train(stream.path(), folder.path("told"), {"--quarantine", out + "/bad_images.jsonl"});
  REQUIRE_MESSAGE(told.code == 0, told.err);
  const std::string again = test::read_whole(folder.path("told/metrics.jsonl"));
  CHECK(again.substr(again.find("\"r_mean\""), 40) == metrics.substr(metrics.find("\"r_mean\""), 40));
  CHECK(has(again, "\"left_out\":{\"test\":1,"));
}

TEST_CASE("known before: bad training pictures above the limit end the run before its folder has files") {
  const Stream stream;
  const TemporaryFolder folder;
  fs::remove(stream.train_picture(0));
  const auto refused = train(stream.path(), folder.path("out"), {"--on-bad-image", "quarantine"});
  CHECK(refused.code == 3);
  CHECK(has(refused.err, "expected at most 0.1 % of its pairs, found 1 of 18"));
  CHECK(has(refused.err, stream.train_picture(0)));
  CHECK_FALSE(fs::exists(folder.path("out/metrics.jsonl")));
  const auto run =
      train(stream.path(), folder.path("out"), {"--on-bad-image", "quarantine", "--bad-image-limit", "0.1"});
  CHECK_MESSAGE(run.code == 0, run.err);
  CHECK(has(test::read_whole(folder.path("out/bad_images.jsonl")), "No such file"));
}

TEST_CASE("known before: --no-check opens no picture before the training") {
  const Stream stream;
  const TemporaryFolder folder;
  fs::remove(stream.train_picture(25));  // of the second task
  const auto run = train(stream.path(), folder.path("out"), {"--no-check"});
  CHECK(run.code == 3);
  const std::string metrics = test::read_whole(folder.path("out/metrics.jsonl"));
  CHECK(has(metrics, "\"kind\":\"task\""));  // found out after the first task
  CHECK(has(metrics, "{\"kind\":\"check\",\"pictures\":null}"));
}

TEST_CASE("known before: copies of training pictures in the evaluation are counted at the start and by evaluate") {
  const Stream stream;
  const TemporaryFolder folder;
  fs::copy_file(stream.train_picture(0), stream.picture("test", 0), fs::copy_options::overwrite_existing);
  const auto run = train(stream.path(), folder.path("out"), {"--json"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const auto check = ctp::io::parse_json_document(run.out.substr(0, run.out.find('\n')), "out");
  CHECK(check.root().at("copies_of_training_pictures").at("test").number() == 1);
  CHECK(check.root().at("copies_of_training_pairs").at("test").number() == 0);

  const Arguments words{"--data", stream.path(), "--weights", folder.path("out/task_00.safetensors")};
  const auto text = test::run_program("evaluate", words);
  CHECK_MESSAGE(text.code == 0, text.err);
  CHECK(has(text.out, "are copies of training pictures, 0 of them with the same title"));
}

TEST_CASE("known before: a task whose test pictures are all left out is refused with the number of these records") {
  const Stream stream;
  const TemporaryFolder folder;
  for (std::size_t i = 0; i < 5; ++i) fs::remove(stream.picture("test", i));  // all test pairs of the first task
  const auto run = train(stream.path(), folder.path("out"), {"--on-bad-image", "skip"});
  CAPTURE(run.err);
  CHECK(run.code == 3);
  CHECK(has(run.err, "at least one pair of task \"" + std::string(test::first_task) + "\" whose picture can be read"));
  CHECK(has(run.err, "none: 5 test records are left out as bad pictures"));
}

TEST_CASE("known before: evaluate names all bad pictures, or leaves their records out and counts them") {
  const Stream stream;
  const TemporaryFolder folder;
  REQUIRE(train(stream.path(), folder.path("out")).code == 0);
  const std::string one = stream.picture("test", 0), two = stream.picture("test", 3);
  fs::remove(one);
  std::ofstream(two, std::ios::binary) << "text";
  fs::remove(stream.train_picture(0));  // not needed to evaluate
  Arguments words{"--data", stream.path(), "--weights", folder.path("out/task_00.safetensors"), "--json"};
  const auto refused = test::run_program("evaluate", words);
  CHECK(refused.code == 3);
  CHECK(lines(refused.err) == 1);
  CHECK(has(refused.err, one));
  CHECK(has(refused.err, two));
  words.insert(words.end(), {"--on-bad-image", "skip"});
  const auto run = test::run_program("evaluate", words);
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(has(run.out, "\"left_out\":{\"test\":2,"));
}

TEST_CASE("known before: a dry run tells disk, memory and caches; a run that cannot fit is refused with both numbers") {
  const Stream stream;
  const TemporaryFolder folder;
  const auto report = train(stream.path(), folder.path("out"), {"--dry-run", "--json", "--cache-mb", "10"});
  REQUIRE_MESSAGE(report.code == 0, report.err);
  const auto line = ctp::io::parse_json_document(report.out, "out");
  CHECK(line.root().at("cache_budget").number() == 10 * 1048576);
  CHECK(line.root().at("cache_filled").number() > 0);
  CHECK(line.root().at("cache_filled").number() <= 10 * 1048576);
  CHECK(line.root().at("free_disk").number() > line.root().at("disk").number());
  CHECK(line.root().at("disk").number() > 2 * line.root().at("parameters").number() * 4);
  CHECK_FALSE(fs::exists(folder.path("out")));
  const auto text = train(stream.path(), folder.path("out"), {"--dry-run"});
  CHECK(has(text.out, "--cache-mb: at most 1280.0 MiB"));

  // Each of two layers has two matrices of 2^12 x 2^24 numbers: 1 TiB of weights.
  const auto refused = train(stream.path(), folder.path("out"),
                             {"--set", "model.intermediate=16777216", "--set", "model.text_width=4096"});
  CHECK(refused.code == 6);
  CAPTURE(refused.err);
  CHECK(lines(refused.err) == 1);
  CHECK(has(refused.err, "MiB for "));
  CHECK_FALSE(fs::exists(folder.path("out/config.json")));
  const auto cache = train(stream.path(), folder.path("out"), {"--cache-mb", "99999999"});
  CHECK(cache.code == 2);
  CHECK(has(cache.err, "--cache-mb"));
}

TEST_CASE("known before: no cache at all leaves the weights as they are") {
  const TemporaryFolder folder;
  REQUIRE(train(test::small_stream(), folder.path("cached")).code == 0);
  REQUIRE(train(test::small_stream(), folder.path("plain"), {"--cache-mb", "0"}).code == 0);
  CHECK(test::read_whole(folder.path("plain/task_01.safetensors")) ==
        test::read_whole(folder.path("cached/task_01.safetensors")));
}
