// What figures are measured over: unlisted records, queries that find nothing, repeated titles, few pairs, comparisons
// of different lists, logs with values of the wrong kind, batches of one.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "programs/program.hpp"

namespace {

using test::TemporaryFolder;
using Json = nlohmann::ordered_json;

void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

Json read(const std::string& path) { return Json::parse(test::read_whole(path)); }

/// A copy of the small stream's two first tasks, changed by `change(folder)`.
struct Copy {
  TemporaryFolder folder;
  std::string path = folder.path("stream");

  Copy() { std::filesystem::copy(test::small_stream(), path, std::filesystem::copy_options::recursive); }
  [[nodiscard]] std::string list(const std::string& name) const { return path + "/json/" + name + ".json"; }
  /// Calls change(record) for each record of a flat list.
  template <class Change>
  void change(const std::string& name, const Change& change) const {
    Json all = read(list(name));
    for (auto& [id, record] : all.items()) change(record);
    write(list(name), all.dump());
  }
};

test::Finished train(const std::string& data, const std::string& output, const std::vector<std::string>& more = {},
                     const std::string& batch = "8") {
  std::vector<std::string> words{
      "--data",    data, "--output",  output, "--strategy",   "seqf", "--epochs",     "1",       "--batch-size", batch,
      "--workers", "0",  "--threads", "1",    "--image-size", "32",   "--no-augment", "--tasks", test::two_tasks};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}

/// Weights trained once on the small stream, with their log.
const std::string& trained() {
  static const TemporaryFolder folder;
  static const std::string path = [] {
    const auto run = train(test::small_stream(), folder.path("run"));
    REQUIRE_MESSAGE(run.code == 0, run.err);
    CHECK(test::has(run.out, "records left out, because their tasks are not trained: 35 test"));
    CHECK(test::has(run.out, "chance"));
    return folder.path("run");
  }();
  return path;
}

test::Finished evaluate(const std::string& data, std::vector<std::string> more = {"--json"}) {
  std::vector<std::string> words{"--data", data, "--weights", trained() + "/task_01.safetensors", "--threads", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("evaluate", words);
}

bool one_line(const std::string& err, const std::string& part) {
  return std::count(err.begin(), err.end(), '\n') == 1 && err.find(part) != std::string::npos;
}

/// A finished log of one task, with these values in place of the right ones.
std::string log(const std::string& kind, const std::string& name, const std::string& mean, const std::string& matrix) {
  return "{\"kind\":" + kind +
         "}\n{\"kind\":\"task\",\"task\":0,\"name\":\"a\",\"r_mean\":1.5,\"per_task\":[{\"name\":" + name +
         ",\"r_mean\":" + mean + "}]}\n{\"kind\":\"summary\",\"matrix\":" + matrix +
         ",\"average\":1.5,\"forgetting\":null,\"seconds\":1}\n";
}

test::Finished compare(const TemporaryFolder& folder, const std::string& text, const std::string& name = "a") {
  std::filesystem::create_directories(folder.path("log"));
  write(folder.path("log/metrics.jsonl"), text);
  return test::run_program("compare_runs", {name + "=" + folder.path("log")});
}

}  // namespace

TEST_CASE("programs: evaluate refuses records of industries that are not trained, or counts them as asked") {
  const Copy data;
  int test_records = 0, half = 0;
  data.change("test", [&](Json& record) {
    if (record["industry_name"] == test::first_task && test_records++ % 2 == 0) {
      record["industry_name"] = std::string(test::first_task) + " ";
      ++half;
    }
  });
  const auto refused = evaluate(data.path);
  CHECK(refused.code == 3);
  CHECK(one_line(refused.err, std::to_string(half) + " test, 0 query and 0 gallery records of other industries: \"" +
                                  std::string(test::first_task) + " \""));
  const auto counted = evaluate(data.path, {"--json", "--unlisted", "count"});
  REQUIRE_MESSAGE(counted.code == 0, counted.err);
  CHECK(Json::parse(counted.out)["unlisted"] == Json({{"test", half}, {"query", 0}, {"gallery", 0}}));
  CHECK(Json::parse(counted.out)["pairs"] == 45 - half);
  CHECK(evaluate(data.path, {"--unlisted", "skip"}).code == 2);

  const Copy other;
  other.change("gallery", [](Json& record) {
    if (record["industry_name"] == test::first_task) record["industry_name"] = "";
  });
  CHECK(evaluate(other.path).code == 3);
}

TEST_CASE(
    "programs: unlisted records are counted before pictures are looked at, and their pictures end no evaluation") {
  const Copy data;
  std::vector<std::string> unlisted;
  Json records = read(data.list("test"));
  for (auto& [id, record] : records.items())
    if (record["industry_name"] == test::first_task && unlisted.size() < 2) {
      record["industry_name"] = "unlisted";
      unlisted.push_back(id);
    }
  write(data.list("test"), records.dump());
  for (const char* list : {"query", "gallery"}) {  // the pictures are those of test records alone
    Json others = read(data.list(list));
    for (const std::string& id : unlisted) others.erase(id);
    write(data.list(list), others.dump());
  }
  for (const std::string& id : unlisted) REQUIRE(std::filesystem::remove(data.path + "/gallery_images/" + id + ".jpg"));
  for (const std::string policy : {"error", "skip"}) {
    const auto refused = evaluate(data.path, {"--on-bad-image", policy});
    CHECK(refused.code == 3);
    CHECK(one_line(refused.err, "2 test, 0 query and 0 gallery records of other industries: \"unlisted\""));
    const auto counted = evaluate(data.path, {"--json", "--unlisted", "count", "--on-bad-image", policy});
    REQUIRE_MESSAGE(counted.code == 0, counted.err);
    const Json line = Json::parse(counted.out);
    CHECK(line["unlisted"] == Json({{"test", 2}, {"query", 0}, {"gallery", 0}}));
    CHECK(line["bad_pictures_left_out"] == 0);
    CHECK(line["pairs"] == 45 - 2);
    CHECK(line["check"]["bad_pictures"] == 0);
  }
  CHECK(evaluate(data.path, {"--unlisted", "count", "--no-check"}).code == 0);
  // Features are written of the whole test list.
  const TemporaryFolder folder;
  const auto features = evaluate(data.path, {"--unlisted", "count", "--features", folder.path("f.safetensors")});
  CHECK(features.code == 3);
  CHECK(one_line(features.err, unlisted[0]));
}

TEST_CASE("programs: a training on some tasks does not need the test pictures of the others") {
  const Copy data;
  const std::string chosen = std::string(",") + test::two_tasks + ",";
  std::size_t removed = 0, kept = 0;
  const Json records = read(data.list("test"));
  for (const auto& [id, record] : records.items()) {
    const bool used = chosen.find("," + record["industry_name"].get<std::string>() + ",") != std::string::npos;
    used ? ++kept : removed += std::filesystem::remove(data.path + "/gallery_images/" + id + ".jpg") ? 1 : 0;
  }
  REQUIRE(removed > 0);
  const TemporaryFolder folder;
  const auto run = train(data.path, folder.path("run"));
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const auto summary = [](const std::string& output) {
    const std::string text = test::read_whole(output + "/metrics.jsonl");
    Json last = Json::parse(text.substr(text.rfind('\n', text.size() - 2) + 1));
    last.erase("seconds");
    return last;
  };
  const Json found = summary(folder.path("run"));
  CHECK(found["other_tasks"]["test"] == 45 - kept);
  CHECK(found["bad_pictures_left_out"] == 0);
  CHECK(found == summary(trained()));
}

TEST_CASE("programs: evaluate counts the pictures that it measures, not those of training") {
  const Copy data;
  const Json line = Json::parse(evaluate(data.path).out);
  const std::size_t records =
      read(data.list("test")).size() + read(data.list("query")).size() + read(data.list("gallery")).size();
  CHECK(line["check"]["pictures"] == records);
  std::filesystem::remove_all(data.path + "/train_images");
  CHECK(Json::parse(evaluate(data.path).out)["check"]["pictures"] == records);
  std::filesystem::remove(data.path + "/gallery_images/" + read(data.list("test")).begin().key() + ".jpg");
  CHECK(one_line(evaluate(data.path).err,
                 "that each of " + std::to_string(records) + " can be read, found 1 that cannot"));
}

TEST_CASE("programs: queries that can find nothing are counted, and the precision is null if none is left") {
  const Json whole = Json::parse(evaluate(test::small_stream()).out);
  const int before = whole["map_without_positive"].get<int>();
  CHECK(whole["map10"].is_number());
  CHECK(whole["map_chance"]["map10"].is_number());

  const Copy some;
  int queries = 0;
  const std::string shared = "垃圾桶";  // of two queries and two gallery items
  const int found = before + 2;
  some.change("query", [&](Json& record) {
    ++queries;
    if (record["cate_name"] == shared) record["cate_name"] = record["cate_name"].get<std::string>() + " ";
  });
  const auto one = evaluate(some.path);
  CHECK(Json::parse(one.out)["map_without_positive"] == found);
  CHECK(Json::parse(one.out)["map10"].is_number());
  CHECK(test::has(one.err,
                  "queries without a gallery item of their category (cate_name): " + std::to_string(found) + " of "));

  const auto published = evaluate(some.path, {"--json", "--equal-texts", "published"});
  const Json own = Json::parse(one.out), script = Json::parse(published.out);
  CHECK(script["map_without_positive"] == found);
  CHECK(test::has(published.err, "; each counts 0 in the mean average precision"));
  const double share = 1 - static_cast<double>(found) / queries;  // no two scores are equal
  for (const char* key : {"map1", "map10"}) {
    CHECK(script[key].get<double>() == doctest::Approx(share * own[key].get<double>()));
    CHECK(script["map_chance"][key].get<double>() == doctest::Approx(share * own["map_chance"][key].get<double>()));
  }

  const Copy all;
  all.change("query", [](Json& record) { record["cate_name"] = "nothing\nlike it"; });
  for (const std::string rule : {"own", "published"}) {
    const auto none = evaluate(all.path, {"--json", "--equal-texts", rule});
    REQUIRE_MESSAGE(none.code == 0, none.err);
    CHECK(Json::parse(none.out)["map10"].is_null());
    CHECK(Json::parse(none.out)["map_without_positive"] == queries);
    CHECK(test::has(none.err, "\"nothing\\nlike it\""));
  }
  CHECK(evaluate(all.path, {}).out.find("mAP@1/5/10: - - -") != std::string::npos);
}

TEST_CASE("programs: with titles that repeat the figures do not depend on the order of the records") {
  const Copy data;
  std::vector<std::string> titles;
  std::size_t n = 0;
  data.change("test", [&](Json& record) {
    if (titles.size() < 7) titles.push_back(record["title"].get<std::string>());
    record["title"] = titles[n++ % 7];
  });
  const auto forward = evaluate(data.path, {"--json", "--batch-size", "7"});
  REQUIRE_MESSAGE(forward.code == 0, forward.err);
  CHECK(Json::parse(forward.out)["repeated_texts"] == 45 - 7);
  CHECK(test::has(forward.err, "test texts that repeat an earlier one: 38 of 45"));
  const auto published = evaluate(data.path, {"--json", "--equal-texts", "published"});
  CHECK(Json::parse(published.out)["equal_texts"] == "published");
  CHECK(Json::parse(published.out)["r_mean"] < Json::parse(forward.out)["r_mean"]);

  for (const std::string list : {"test", "query", "gallery"}) {
    const Json all = read(data.list(list));
    std::vector<std::pair<std::string, Json>> records;
    for (const auto& [id, record] : all.items()) records.emplace_back(id, record);
    std::reverse(records.begin(), records.end());
    std::rotate(records.begin(), records.begin() + 5, records.end());
    Json turned = Json::object();
    for (const auto& [id, record] : records) turned[id] = record;
    write(data.list(list), turned.dump());
  }
  const auto backward = evaluate(data.path, {"--json", "--batch-size", "7"});
  CHECK(backward.out == forward.out);  // the fingerprints, too
}

TEST_CASE("programs: a picture with several captions is one query, and each of its captions is right") {
  const Copy data;
  std::size_t n = 0;
  data.change("test", [&](Json& record) {
    if (n++ % 5 == 0) record["title"] = Json({record["title"], "红色 大号 " + record["title"].get<std::string>()});
  });
  const auto run = evaluate(data.path);
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const Json line = Json::parse(run.out);
  CHECK(line["pairs"] == 45 + 9);
  CHECK(line["images"] == 45);
  // Nine pictures have two right texts of 54, the others one; each text has one right picture of 45.
  const double two = 1 - 52.0 / 54 * 51 / 53 * 50 / 52 * 49 / 51 * 48 / 50, one = 5.0 / 54;
  CHECK(line["chance"]["txt_r5"].get<double>() == doctest::Approx(100 * (9 * two + 36 * one) / 45));
  CHECK(line["chance"]["img_r5"].get<double>() == doctest::Approx(100 * 5.0 / 45));
}

TEST_CASE("programs: every recall stands beside its number of pairs and its chance level") {
  const auto run = evaluate(test::small_stream());
  const Json line = Json::parse(run.out);
  CHECK(line["pairs"] == 45);
  CHECK(line["images"] == 45);
  CHECK(line["chance"]["txt_r5"].get<double>() == doctest::Approx(100.0 * 5 / 45));
  CHECK(line["chance"]["r_mean"].get<double>() == doctest::Approx(100.0 * 16 / 45 / 3));
  for (const Json& task : line["per_task"]) {
    CHECK(task["pairs"] == 5);
    CHECK(task["chance"]["img_r1"].get<double>() == doctest::Approx(20));
    CHECK(task["chance"]["img_r5"] == 100.0);
    CHECK(task["test_list"].get<std::string>().size() == 16);
  }
  CHECK(line["few_pairs"].size() == 9);
  CHECK(test::has(run.err, "warning: tasks with fewer than 20 test pairs"));
  CHECK(test::has(run.err, "chance"));

  const std::string text = test::read_whole(trained() + "/metrics.jsonl");
  const Json summary = Json::parse(text.substr(text.rfind("{\"kind\":\"summary\"")));
  CHECK(summary["pairs"] == Json({5, 5}));
  CHECK(summary["chance"].get<double>() == doctest::Approx((20.0 + 100 + 100) / 3));
  CHECK(summary["test_lists"].size() == 2);
  CHECK(summary["few_pairs"].size() == 2);
  CHECK(summary["other_tasks"]["test"] == 35);
  CHECK(summary["equal_texts"] == "own");
}

TEST_CASE("programs: compare_runs compares what was measured on the same lists by the same rule") {
  const TemporaryFolder folder;
  const std::string first = "a=" + trained();
  const auto same = test::run_program("compare_runs", {first, "b=" + trained()});
  CHECK(same.code == 0);
  CHECK(test::has(same.out, "chance"));

  const Copy other;
  int n = 0;
  other.change("test", [&](Json& record) {
    if (n++ == 0) record["title"] = "另一个标题";
  });
  REQUIRE(train(other.path, folder.path("other")).code == 0);
  const auto refused = test::run_program("compare_runs", {first, "b=" + folder.path("other")});
  CHECK(refused.code == 3);
  CHECK(one_line(refused.err, "test pairs of task"));

  const Copy gallery;
  n = 0;
  gallery.change("gallery", [&](Json& record) {
    if (n++ == 0) record["cate_name"] = "new";
  });
  REQUIRE(train(gallery.path, folder.path("gallery")).code == 0);
  CHECK(one_line(test::run_program("compare_runs", {first, "b=" + folder.path("gallery")}).err,
                 "query and gallery items"));

  REQUIRE(train(test::small_stream(), folder.path("rule"), {"--equal-texts", "published"}).code == 0);
  const auto rule = test::run_program("compare_runs", {first, "b=" + folder.path("rule")});
  CHECK(rule.code == 3);
  CHECK(one_line(rule.err, "equal_texts"));

  std::filesystem::create_directories(folder.path("old"));
  write(folder.path("old/metrics.jsonl"), log("\"step\"", "\"a\"", "1.5", "[[1.5]]"));
  const std::string old = folder.path("old");
  const auto unknown = test::run_program("compare_runs", {"a=" + old, "b=" + old});
  CHECK(unknown.code == 0);
  CHECK(one_line(unknown.err, "no fingerprints of the test lists in the logs of \"a\", \"b\""));
}

TEST_CASE("programs: compare_runs compares every run with all earlier ones, logs without fingerprints between them") {
  const TemporaryFolder folder;
  const auto finished = [&](const std::string& name, const std::string& fields) {
    std::string text = log("\"step\"", "\"a\"", "1.5", "[[1.5]]");
    text.insert(text.find("\"r_mean\""), fields);
    std::filesystem::create_directories(folder.path(name));
    write(folder.path(name + "/metrics.jsonl"), text);
    return name + "=" + folder.path(name);
  };
  const std::string old = finished("old", ""), one = finished("one", R"("test_list":"1",)"),
                    two = finished("two", R"("test_list":"2",)"), own = finished("own", R"("equal_texts":"own",)"),
                    published = finished("published", R"("equal_texts":"published",)");
  CHECK(test::run_program("compare_runs", {old, one, old, one}).code == 0);
  const auto lists = test::run_program("compare_runs", {old, one, two});
  CHECK(lists.code == 3);
  CHECK(one_line(lists.err, folder.path("two") + ": test pairs: expected the list 1, on which " + folder.path("one")));
  const auto rules = test::run_program("compare_runs", {old, own, old, published});
  CHECK(rules.code == 3);
  CHECK(one_line(rules.err, folder.path("published") + ": equal_texts: expected \"own\", as in " + folder.path("own")));
}

TEST_CASE("programs: values of the wrong kind in metrics.jsonl are data errors that name file and line") {
  const TemporaryFolder folder;
  const std::string step = "\"step\"", name = "\"a\"", mean = "1.5", matrix = "[[1.5]]";
  CHECK(compare(folder, log(step, name, mean, matrix)).code == 0);
  CHECK(compare(folder, log(step, name, "null", matrix)).code == 0);
  const auto refused = [&](const std::string& text, const std::string& place) {
    CAPTURE(text);
    const auto run = compare(folder, text);
    CHECK(run.code == 3);
    CHECK(one_line(run.err, folder.path("log/metrics.jsonl") + ": " + place));
  };
  for (const std::string kind : {"1", "null", "{}", "[]", "true"})
    refused(log(kind, name, mean, matrix), "line 1 > kind");
  for (const std::string bad : {"1", "null", "{}", "[1]"})
    refused(log(step, bad, mean, matrix), "line 2 > per_task[0] > name");
  for (const std::string bad : {"\"1.5\"", "{}", "[]", "true", "1e308", "-1"})
    refused(log(step, name, bad, matrix), "line 2 > per_task[0] > r_mean");
  for (const std::string bad : {"1", "null", "{}", "[]", "[1]", "[[]]", "[[1],[2]]", "[[\"1\"]]", "[[1,2]]"})
    refused(log(step, name, mean, bad), "line 3 > matrix");
  for (const std::string bad : {"\"1\"", "{}", "[]", "true", "-1"}) {
    for (const std::string key : {"task", "seconds", "txt_r5", "img_r_mean", "map1"})
      refused("{\"kind\":\"task\",\"" + key + "\":" + bad + "}\n", "line 1 > " + key);
    refused("{\"kind\":\"task\",\"per_task\":[{\"name\":\"a\",\"img_r10\":" + bad + "}]}\n",
            "line 1 > per_task[0] > img_r10");
  }
  refused("{\"kind\":\"task\",\"name\":7}\n", "line 1 > name");
  for (const std::string key : {"average", "forgetting", "published_bwt"})
    refused("{\"kind\":\"summary\",\"" + key + "\":\"1\"}\n", "line 1 > " + key);
  refused("{\"kind\":\"task\",\"per_task\":[]}\n", "line 1 > per_task");
  refused("{\"kind\":\"task\",\"per_task\":[1]}\n", "line 1 > per_task[0]");
  refused("{\"kind\":\"task\"}\n", "line 1 > per_task");
  refused("{}\n", "line 1 > kind");
  refused("[]\n", "line 1");
  refused("7\n", "line 1");
  refused("x\n", "line 1");
  refused("{\"kind\":\"task\",\"per_task\":[{\"name\":\"a\",\"r_mean\":1,\"chance\":3}]}\n",
          "line 1 > per_task[0] > chance");
  refused("{\"kind\":\"task\",\"per_task\":[{\"name\":\"a\",\"r_mean\":1,\"test_list\":3}]}\n",
          "line 1 > per_task[0] > test_list");
  refused(std::string(100000, '['), "line 1");
  refused("{\"kind\":\"step\",\"x\":" + std::string(100000, '[') + "\n", "line 1");
  const std::string whole = log(step, name, mean, matrix);
  refused(whole + whole, "line 5 > kind");  // two trainings in one log

  const auto escaped = compare(folder, log(step, "\"\\u001b[2J\\n\"", mean, matrix), "\x1b[2J");
  CHECK(escaped.code == 0);
  CHECK(escaped.out.find('\x1b') == std::string::npos);
  CHECK(test::has(escaped.out, "\\u001b[2J\\n"));
}

TEST_CASE("programs: a batch of one is refused before anything is written, unless no loss contrasts it") {
  const TemporaryFolder folder;
  const auto run = train(test::small_stream(), folder.path("run"), {}, "1");
  CHECK(run.code == 2);
  CHECK(one_line(run.err, "--batch-size: expected at least 2, found 1"));
  CHECK_FALSE(std::filesystem::exists(folder.path("run")));
  CHECK(train(test::small_stream(), folder.path("dry"), {"--dry-run"}, "1").code == 2);
  const auto masked =
      train(test::small_stream(), folder.path("masked"), {"--set", "in_batch_contrast.weight=0", "--dry-run"}, "1");
  CHECK_MESSAGE(masked.code == 0, masked.err);
}
