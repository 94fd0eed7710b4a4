// Pictures that cannot be decoded: each policy, the limit, and the list that one run writes and another reads.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/io/json/document.hpp>

#include "programs/program.hpp"

namespace {

namespace fs = std::filesystem;
using test::has;
using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

/// A copy of the small stream whose first training pictures, of the first task, are cut in half. `end`: with an end
/// marker behind the half, so that only decoding finds the damage.
class DamagedStream {
 public:
  explicit DamagedStream(int pictures = 1, bool end = false) {
    fs::copy(test::small_stream(), path(), fs::copy_options::recursive);
    const std::string json = test::read_whole(path() + "/json/train.json");
    std::size_t at = 0;
    for (int i = 0; i < pictures; ++i) {
      constexpr std::string_view before = "train_images/";
      at = json.find(before, at) + before.size();
      const std::string pair = json.substr(at, json.find(".jpg", at) - at);
      if (i == 0) pair_ = pair;
      const std::string whole = test::read_whole(path() + "/train_images/" + pair + ".jpg");
      folder_.write("stream/train_images/" + pair + ".jpg",
                    whole.substr(0, whole.size() / 2) + (end ? "\xFF\xD9" : ""));
    }
  }

  [[nodiscard]] std::string path() const { return folder_.path("stream"); }
  [[nodiscard]] const std::string& pair() const { return pair_; }
  [[nodiscard]] std::string picture() const { return path() + "/train_images/" + pair_ + ".jpg"; }

 private:
  TemporaryFolder folder_;
  std::string pair_;
};

/// One epoch of the first task, all of whose 18 pairs are in the two batches.
test::Finished train(const std::string& stream, const std::string& output, const Arguments& more) {
  Arguments words{"--data", stream,         "--output", output,         "--tasks", test::first_task, "--epochs",
                  "1",      "--batch-size", "9",        "--image-size", "32",      "--strategy",     "seqf"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}

const Arguments skip{"--on-bad-image", "skip", "--bad-image-limit", "0.1"};

}  // namespace

TEST_CASE("programs: with skip a training goes on without the cut picture and lists task, pair, file and reason") {
  const DamagedStream stream;
  const TemporaryFolder folder;
  const std::string out = folder.path("out"), list = out + "/bad_images.jsonl";

  const auto run = train(stream.path(), out, skip);

  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(has(run.out, "pictures left out as bad: 1, listed in " + list));
  const std::string text = test::read_whole(list);
  REQUIRE(std::count(text.begin(), text.end(), '\n') == 1);
  const auto entry = ctp::io::parse_json_document(text, list);
  CHECK(entry.root().at("task").string() == test::first_task);
  CHECK(entry.root().at("pair").string() == stream.pair());
  CHECK(entry.root().at("file").string() == stream.picture());
  CHECK(has(entry.root().at("reason").string(), "truncated"));
}

TEST_CASE("programs: without a policy, or with error, a cut picture ends the training with exit code 3") {
  const DamagedStream stream;
  const TemporaryFolder folder;
  const std::string config = folder.write("error.json", R"({"on_bad_image": "error", "bad_image_limit": 1})");
  for (const Arguments& more : {Arguments{}, Arguments{"--config", config}}) {
    fs::remove_all(folder.path("out"));
    const auto run = train(stream.path(), folder.path("out"), more);
    CHECK(run.code == 3);
    CHECK(has(run.err, stream.picture()));
    CHECK_FALSE(fs::exists(folder.path("out/bad_images.jsonl")));
  }
}

TEST_CASE("programs: more bad pictures than the limit end the training with exit code 3, listed all the same") {
  const DamagedStream stream(1, true);
  const TemporaryFolder folder;
  const auto run = train(stream.path(), folder.path("out"), {"--set", "on_bad_image=skip"});
  CHECK(run.code == 3);
  CHECK(has(run.err, "expected at most 0.1 % of its pairs, found 1 of 18"));
  CHECK(has(run.err, stream.picture()));
  CHECK(has(test::read_whole(folder.path("out/bad_images.jsonl")), stream.pair()));
}

TEST_CASE("programs: a list of an earlier run leaves the same pictures out, with the same weights") {
  const DamagedStream stream;
  const TemporaryFolder folder;
  const std::string first = folder.path("first"), again = folder.path("again");
  const auto found = train(stream.path(), first, {"--on-bad-image", "quarantine", "--bad-image-limit", "0.1"});
  REQUIRE_MESSAGE(found.code == 0, found.err);

  const auto told = train(stream.path(), again, {"--quarantine", first + "/bad_images.jsonl"});

  REQUIRE_MESSAGE(told.code == 0, told.err);
  CHECK(test::read_whole(again + "/task_00.safetensors") == test::read_whole(first + "/task_00.safetensors"));
  CHECK(test::read_whole(again + "/bad_images.jsonl") == test::read_whole(first + "/bad_images.jsonl"));
}

TEST_CASE("programs: many listed pictures are never opened, with the same weights as a run that finds them") {
  const DamagedStream stream(7);
  const TemporaryFolder folder;
  const std::string first = folder.path("first"), again = folder.path("again");
  const auto found = train(stream.path(), first, {"--on-bad-image", "quarantine", "--bad-image-limit", "0.5"});
  REQUIRE_MESSAGE(found.code == 0, found.err);
  REQUIRE(has(found.out, "pictures left out as bad: 7,"));

  const auto told = train(stream.path(), again, {"--quarantine", first + "/bad_images.jsonl"});

  REQUIRE_MESSAGE(told.code == 0, told.err);
  CHECK(test::read_whole(again + "/task_00.safetensors") == test::read_whole(first + "/task_00.safetensors"));
}

TEST_CASE("programs: entries of other tasks are counted; a list without a picture of the data set is refused") {
  const TemporaryFolder folder;
  const std::string entry = R"(,"pair":"no such pair","file":"a","reason":"b"})";
  const std::string other = folder.write("other.jsonl", R"({"task":"x")" + entry + "\n");
  const auto refused = train(test::small_stream(), folder.path("out"), {"--quarantine", other});
  CHECK(refused.code == 3);
  CHECK(has(refused.err, "other.jsonl: task and pair: expected pictures of this data set, found none among 1 entries"));
  CHECK_FALSE(fs::exists(folder.path("out")));

  const DamagedStream stream;
  const std::string mixed =
      folder.write("mixed.jsonl", R"({"task":"x")" + entry + "\n{\"task\":\"" + std::string(test::first_task) +
                                      "\",\"pair\":\"" + stream.pair() + R"(","file":"a","reason":"b"})");
  const auto run = train(stream.path(), folder.path("out"), {"--quarantine", mixed});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(has(run.out, "mixed.jsonl: 1 entries are not pictures of these tasks"));
  const auto json = train(stream.path(), folder.path("json"), {"--quarantine", mixed, "--json"});
  CHECK(has(json.out, R"("kind":"check","quarantine_unknown":1,)"));
  CHECK(has(json.err, "mixed.jsonl: 1 entries are not pictures of these tasks"));
  CHECK(has(run.out, "pictures left out as bad: 1,"));
}

TEST_CASE("programs: a list of an earlier run in the output folder is not overwritten") {
  const TemporaryFolder folder;
  const std::string list = folder.write("out/bad_images.jsonl", "{}\n");
  const auto run = train(test::small_stream(), folder.path("out"), {});
  CHECK(run.code == 2);
  CHECK(has(run.err, "an empty or a new folder, found \"bad_images.jsonl\" in it"));
  CHECK(test::read_whole(list) == "{}\n");
}

TEST_CASE("programs: a rehearsal keeps no pair whose picture is bad or quarantined") {
  const DamagedStream stream;
  const TemporaryFolder folder;
  Arguments words{"--set", "strategy=mof"};
  words.insert(words.end(), skip.begin(), skip.end());
  const auto run = train(stream.path(), folder.path("out"), words);
  REQUIRE_MESSAGE(run.code == 0, run.err);

  const auto told = train(stream.path(), folder.path("told"),
                          {"--set", "strategy=mof", "--quarantine", folder.path("out/bad_images.jsonl")});
  CHECK_MESSAGE(told.code == 0, told.err);
}

TEST_CASE("programs: a list of bad pictures that is missing or broken is refused by file, line and key") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& file, const Arguments& parts) {
    const auto run = train(test::small_stream(), folder.path("out"), {"--quarantine", file});
    CHECK(run.code == 3);
    CAPTURE(run.err);
    for (const std::string& part : parts) CHECK(has(run.err, part));
  };
  refuse(folder.path("none.jsonl"), {"none.jsonl", "check the path"});
  refuse(folder.write("key.jsonl", "\n{\"task\":\"a\",\"pair\":7,\"file\":\"b\",\"reason\":\"c\"}\n"),
         {"key.jsonl", "line 2", "pair", "a string"});
  refuse(folder.write("cut.jsonl", "{\"task\":\"a\""), {"cut.jsonl", "line 1"});
  CHECK_FALSE(fs::exists(folder.path("out")));
}

TEST_CASE("programs: settings of the augmentation reach the training and config.json") {
  const TemporaryFolder folder;
  const auto weights = [&](const std::string& name, const Arguments& more) {
    const auto run = train(test::small_stream(), folder.path(name), more);
    REQUIRE_MESSAGE(run.code == 0, run.err);
    return test::read_whole(folder.path(name) + "/task_00.safetensors");
  };
  const auto config = [&](const std::string& name) { return test::read_whole(folder.path(name) + "/config.json"); };

  const std::string plain = weights("plain", {"--no-augment"}), published = weights("published", {});
  // The whole of a square picture, neither mirrored nor changed.
  const std::string off = folder.write("off.json", R"({"augment": {"min_scale": 1, "max_scale": 1, "min_ratio": 1,
      "max_ratio": 1, "flip": 0, "operations": 0}})");
  CHECK(weights("off", {"--config", off}) == plain);
  CHECK(published != plain);
  CHECK(has(config("off"), "\"augment.flip\": 0,"));

  const Arguments always{"--set", "augment.operations=9", "--set", "augment.probability=1"};
  const std::string nine = weights("nine", always);
  CHECK(nine != published);
  Arguments defect = always;
  defect.insert(defect.end(), {"--set", "augment.published=true"});
  CHECK(weights("defect", defect) != nine);
  CHECK(has(config("defect"), "\"augment.published\": true,"));
  CHECK(has(config("nine"), "\"augment.published\": false,"));
  CHECK(weights("replay", {"--config", folder.path("defect/config.json")}) == weights("defect again", defect));
}

TEST_CASE("programs: prefetch and patience leave the numbers as they are and are written to config.json") {
  const TemporaryFolder folder;
  const Arguments two{"--workers", "2"}, far{"--workers", "2", "--set", "prefetch=7", "--set", "patience_seconds=99"};
  REQUIRE(train(test::small_stream(), folder.path("two"), two).code == 0);
  REQUIRE(train(test::small_stream(), folder.path("far"), far).code == 0);
  CHECK(test::read_whole(folder.path("far/task_00.safetensors")) ==
        test::read_whole(folder.path("two/task_00.safetensors")));
  const std::string config = test::read_whole(folder.path("far/config.json"));
  CHECK(has(config, "\"prefetch\": 7,"));
  CHECK(has(config, "\"patience_seconds\": 99,"));
}

TEST_CASE("programs: settings of loading out of range are refused by key with exit code 2") {
  const TemporaryFolder folder;
  const auto refuse = [&](const Arguments& more, const Arguments& parts) {
    const auto run = train(test::small_stream(), folder.path("out"), more);
    CHECK(run.code == 2);
    CAPTURE(run.err);
    for (const std::string& part : parts) CHECK(has(run.err, part));
  };
  refuse({"--on-bad-image", "ignore"}, {"--on-bad-image", "error, skip, quarantine", "'ignore'"});
  refuse({"--bad-image-limit", "1.5"}, {"--bad-image-limit", "from 0 to 1", "1.5"});
  refuse({"--set", "prefetch=0"}, {"prefetch", "from 1 to 1024", "'0'"});
  refuse({"--set", "patience_seconds=0"}, {"patience_seconds", "from 1 to 1048576", "'0'"});
  refuse({"--set", "augment.flpi=1"}, {"--set", "augment.flpi", "did you mean", "augment.flip"});
  refuse({"--set", "augment.published=perhaps"}, {"augment.published", "true or false", "'perhaps'"});
  refuse({"--set", "augment.flip=2"}, {"augment.flip", "a probability", "found 2"});
  refuse({"--set", "augment.operations=2000000000"}, {"augment.operations", "from 0 to 100"});
  refuse({"--set", "augment.min_scale=0"}, {"augment.min_scale", "above 0"});
  refuse({"--set", "augment.max_ratio=0.1"}, {"augment.max_ratio", "at least augment.min_ratio"});
  refuse({"--set", "augment.magnitude=11"}, {"augment.magnitude", "from 0 to 10"});
  CHECK_FALSE(fs::exists(folder.path("out")));
}
