// Outputs: never over inputs, one run a folder, nothing of another run replaced, nothing half made left behind.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "programs/program.hpp"

namespace {

namespace fs = std::filesystem;
using test::has;
using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

test::Finished train(const std::string& stream, const std::string& output, const Arguments& more = {}) {
  Arguments words{"--data",    stream, "--output",     output, "--tasks",      test::first_task,
                  "--epochs",  "1",    "--batch-size", "9",    "--image-size", "32",
                  "--threads", "1",    "--strategy",   "seqf"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}

/// Requires exit code 2 and one line with all parts.
void check_refused(const test::Finished& run, const Arguments& parts) {
  CAPTURE(run.err);
  CHECK(run.code == 2);
  CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
  for (const std::string& part : parts) CHECK(has(run.err, part));
}

/// Names, sizes and contents of all files below a folder, as one text.
std::string content(const std::string& folder) {
  std::vector<std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    all.push_back(entry.path().string() + "\n" + (entry.is_regular_file() ? test::read_whole(entry.path()) : ""));
  std::sort(all.begin(), all.end());
  std::string text;
  for (const std::string& one : all) text += one;
  return text;
}

/// Six pictures and their table.
struct Pictures {
  TemporaryFolder folder;
  std::string table;
  Pictures() {
    int n = 0;
    for (const auto& file : fs::directory_iterator(test::small_stream() + "/train_images")) {
      if (n == 6) break;
      const std::string name = "p" + std::to_string(n++) + ".jpg";
      folder.write("pictures/" + name, test::read_whole(file.path()));
      table += name + ",title " + std::to_string(n) + "\n";
    }
    folder.write("table.csv", table);
  }
  [[nodiscard]] test::Finished convert(const std::string& output, const Arguments& more = {}) const {
    Arguments words{"--pictures", folder.path("pictures"), "--captions", folder.path("table.csv"), "--output", output};
    words.insert(words.end(), more.begin(), more.end());
    return test::run_program("pictures_to_p9d", words);
  }
};

}  // namespace

TEST_CASE("programs: a run's folder that is the data, lies in them, or is not empty is refused, and nothing changes") {
  const TemporaryFolder folder;
  fs::copy(test::small_stream(), folder.path("stream"), fs::copy_options::recursive);
  fs::create_directory_symlink(folder.path("stream"), folder.path("link"));
  const std::string stream = folder.path("stream"), before = content(stream);
  for (const std::string& output :
       {stream, stream + "/json", stream + "/run/of/mine", folder.path("link/run"), folder.path("new/../stream/run")})
    check_refused(train(stream, output), {"--output", output, "apart from --data", "choose another path"});
  check_refused(train(folder.path("link"), stream + "/run"), {"--output", "apart from --data"});
  CHECK(content(stream) == before);
  for (const char* name : {"task_01.safetensors", "last_good.safetensors", "notes", "config.json"}) {
    const std::string out = folder.path(std::string("with ") + name);
    folder.write(std::string("with ") + name + "/" + name, "mine");
    check_refused(train(stream, out), {"--output", out, name, "choose another folder"});
    CHECK(content(out) == out + "/" + name + "\nmine");
  }
}

TEST_CASE("programs: of two trainings that start together into one folder one trains and the other ends with 2") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out");
  test::Finished one, two;
  std::thread other([&] { two = train(test::small_stream(), out, {"--seed", "2"}); });
  one = train(test::small_stream(), out, {"--seed", "1"});
  other.join();
  CHECK(std::min(one.code, two.code) == 0);
  CHECK(std::max(one.code, two.code) == 2);
  const std::string log = test::read_whole(out + "/metrics.jsonl"), summary = "\"kind\":\"summary\"";
  REQUIRE(has(log, summary));
  CHECK(log.find(summary) == log.rfind(summary));
  CHECK_FALSE(fs::exists(out + "/.ctp-run.lock"));
}

TEST_CASE("programs: a start that fails before its first step leaves a folder that the same command takes") {
  const TemporaryFolder folder;
  fs::copy(test::small_stream(), folder.path("stream"), fs::copy_options::recursive);
  const std::string stream = folder.path("stream"), out = folder.path("a/out");
  // A test picture of the first task, which the evaluation before the first step reads.
  const std::string list = test::read_whole(stream + "/json/test.json");
  const std::string before = "gallery_images/";
  const std::size_t at = list.find(before);
  const std::string picture = stream + "/" + list.substr(at, list.find('"', at) - at);
  fs::rename(picture, folder.path("away.jpg"));
  CHECK(train(stream, out).code == 3);
  CHECK_FALSE(fs::exists(folder.path("a")));
  folder.write("a/out/.ctp-run.lock", "config.json\nmetrics.jsonl\nvocab.txt\n");  // of a start that was killed
  folder.write("a/out/config.json", "{");
  fs::rename(folder.path("away.jpg"), picture);
  const auto again = train(stream, out);
  CHECK_MESSAGE(again.code == 0, again.err);
}

TEST_CASE("programs: make_stream replaces a data set only if asked, and never a folder with anything else in it") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out");
  const auto make = [&](const Arguments& more) {
    Arguments words{"--output", out, "--train", "90", "--test", "45", "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return test::run_program("make_stream", words);
  };
  REQUIRE(make({}).code == 0);
  const std::string before = content(out);
  check_refused(make({"--seed", "1"}), {"--output", out, "gallery_images", "--overwrite"});
  CHECK(content(out) == before);
  CHECK(make({"--seed", "1", "--overwrite"}).code == 0);
  const std::string replaced = content(out);
  CHECK(replaced != before);
  folder.write("out/json/notes.txt", "mine");
  check_refused(make({"--overwrite"}), {"--output", "json/notes.txt"});
  fs::remove(out + "/json/notes.txt");
  CHECK(content(out) == replaced);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("programs: pictures_to_p9d never writes into its pictures, and a failing conversion changes nothing") {
  const Pictures set;
  const TemporaryFolder folder;
  const std::string pictures = set.folder.path("pictures"), before = content(set.folder.path());
  for (const std::string& output : {pictures, pictures + "/out", set.folder.path(), set.folder.path("table.csv")})
    for (const Arguments& more : {Arguments{}, Arguments{"--overwrite"}})
      check_refused(set.convert(output, more), {"--output", output, "choose another path"});
  CHECK(content(set.folder.path()) == before);

  const std::string out = folder.path("out");
  REQUIRE(set.convert(out).code == 0);
  const std::string converted = content(out);
  set.folder.write("table.csv", set.table + "missing.jpg,none\n");
  for (const Arguments& more : {Arguments{}, Arguments{"--overwrite"}}) CHECK(set.convert(out, more).code != 0);
  CHECK(set.convert(folder.path("new/out")).code == 3);
  CHECK(content(out) == converted);
  // Pictures that the table names by their path, in the data set that is to be replaced.
  std::string inside;
  for (const auto& file : fs::recursive_directory_iterator(out))
    if (file.path().extension() == ".jpg") inside += file.path().string() + ",title\n";
  set.folder.write("table.csv", inside);
  check_refused(set.convert(out, {"--overwrite"}), {"--output", "contains"});
  set.folder.write("table.csv", set.table);
  const auto replaced = set.convert(out, {"--overwrite", "--seed", "3"});
  CHECK_MESSAGE(replaced.code == 0, replaced.err);
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

TEST_CASE("programs: evaluate --features never replaces weights, vocabulary or data, and a file only if asked") {
  const TemporaryFolder folder;
  const std::string stream = test::small_stream(), run = folder.path("run");
  REQUIRE(train(stream, run).code == 0);
  const std::string weights = run + "/task_00.safetensors", before = content(run);
  const auto evaluate = [&](const std::string& features, const Arguments& more = {}) {
    Arguments words{"--data", stream, "--weights", weights, "--threads", "1", "--features", features};
    words.insert(words.end(), more.begin(), more.end());
    return test::run_program("evaluate", words);
  };
  fs::create_symlink(weights, folder.path("link"));
  fs::create_hard_link(run + "/vocab.txt", folder.path("hard"));
  for (const std::string& features : {weights, run + "/vocab.txt", run + "/../run/task_00.safetensors",
                                      folder.path("link"), folder.path("hard"), stream + "/json/features"})
    check_refused(evaluate(features, {"--overwrite"}), {"--features", features, "apart from"});
  CHECK(content(run) == before);
  fs::create_directory(folder.path("empty"));
  check_refused(evaluate(folder.path("empty")), {"--features", "the path of a file"});
  const std::string features = folder.write("features", "mine");
  check_refused(evaluate(features), {"--features", "--overwrite"});
  CHECK(test::read_whole(features) == "mine");
  check_refused(evaluate(features, {"--overwrite"}), {"--features", "a file of features to replace"});
  CHECK(test::read_whole(features) == "mine");
  fs::remove(features);
  CHECK(evaluate(features).code == 0);
  check_refused(evaluate(features), {"--features", "--overwrite"});
  CHECK(evaluate(features, {"--overwrite"}).code == 0);
  CHECK(test::read_whole(features).size() > 100);
}

TEST_CASE("programs: pictures that are links into the output are inputs, at any depth") {
  const Pictures made;
  const std::string out = made.folder.path("out"), links = made.folder.path("links");
  REQUIRE(made.convert(out).code == 0);
  fs::create_directories(links + "/a");
  std::string table;
  for (const auto& file : fs::directory_iterator(out + "/train_images")) {
    const std::string name = "a/" + file.path().filename().string();
    fs::create_symlink(file.path(), links + "/" + name);
    table += name + ",title " + name + "\n";
  }
  made.folder.write("links.csv", table);
  const std::string before = content(out);
  check_refused(test::run_program("pictures_to_p9d", {"--pictures", links, "--captions", made.folder.path("links.csv"),
                                                      "--output", out, "--overwrite"}),
                {"--output", "the folder that contains"});
  CHECK(content(out) == before);
}

TEST_CASE("programs: a configuration file in the folder of a killed start is an input") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out");
  folder.write("out/config.json", "{}");
  folder.write("out/.ctp-run.lock", "config.json\nmetrics.jsonl\nvocab.txt\n");
  check_refused(train(test::small_stream(), out, {"--config", out + "/config.json"}), {"--output", "--config"});
  CHECK(test::read_whole(out + "/config.json") == "{}");
}

TEST_CASE("programs: an empty path of an output is refused") {
  check_refused(test::run_program("make_stream", {"--output", "", "--train", "90", "--test", "45", "--overwrite"}),
                {"--output", "found nothing"});
}
