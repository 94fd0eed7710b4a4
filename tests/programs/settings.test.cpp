// Configuration files, ranges of options, and paths and names in them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "../../examples/continual_pretrain/name_list.hpp"
#include "../../examples/continual_pretrain/task_file.hpp"
#include "programs/program.hpp"

namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

/// A model that trains within a tenth of a second, as the members of a JSON object.
const std::string small_model =
    R"("image_size": 16, "model.patch": 8, "model.vision_width": 8, "model.vision_depth": 1, "model.vision_heads": 2,
       "model.text_width": 8, "model.text_layers": 2, "model.fusion_layer": 1, "model.text_heads": 2,
       "model.intermediate": 16, "model.positions": 40, "model.embed": 8, "queue": 8, "batch_size": 5, "epochs": 1,
       "workers": 0, "threads": 1, "strategy": "seqf")";

/// A dry run of the small stream with this configuration file.
test::Finished dry_run(const std::string& config, const Arguments& more = {}) {
  Arguments words{"--data", test::small_stream(), "--tasks", test::first_task, "--dry-run",
                  "--json", "--config",           config};
  words.insert(words.end(), more.begin(), more.end());
  if (more.empty()) words.insert(words.end(), {"--set", "augment.flip=0"});
  return test::run_program("continual_pretrain", words);
}

void check_one_line(const test::Finished& run, int code, const Arguments& parts) {
  CAPTURE(run.err);
  CHECK(run.code == code);
  CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(test::has(run.err, part));
  }
}

/// A copy of the small stream whose first task has this name.
std::string stream_with_task(const TemporaryFolder& folder, const std::string& name) {
  const std::string stream = folder.path("stream"), old = test::first_task;
  fs::copy(test::small_stream(), stream, fs::copy_options::recursive);
  for (const char* list : {"train", "test", "query", "gallery"}) {
    const std::string path = stream + "/json/" + list + ".json";
    std::string text = test::read_whole(path);
    for (std::size_t at = 0; (at = text.find('"' + old + '"', at)) != std::string::npos;)
      text.replace(at + 1, old.size(), name);
    folder.write(std::string("stream/json/") + list + ".json", text);
  }
  return stream;
}

/// Sets the current folder, or a variable of the environment, for the programs that a scope runs.
class Inside {
 public:
  explicit Inside(const std::string& folder) : before_(fs::current_path()) { fs::current_path(folder); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { fs::current_path(before_); }

 private:
  fs::path before_;
};
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("settings: a YAML file that gives a setting twice, by one key or by two names, is refused with both") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& yaml, const Arguments& parts) {
    const std::string file = folder.write("c.yaml", yaml);
    CAPTURE(yaml);
    check_one_line(dry_run(file), 2, parts);
    check_one_line(dry_run(file), 2, {file});
  };
  refuse("init_lr: 1e-4\nmin_lr: 1e-6\ninit_lr: 9e-3\n", {"init_lr", "line 1", "line 3", "once"});
  refuse("k_test: 10\nk_test: 10\n", {"k_test", "line 1", "line 2"});
  refuse("episodic_mem_size: 5\nmemory_size: 6\n", {"memory_size", "episodic_mem_size", "--memory-size"});
  refuse("max_epoch: 1\n---\nmax_epoch: 2\n", {"one document", "several"});
  refuse(",\x01", {"one document", "no YAML"});  // of which YAML::LoadAll() makes documents without end
  refuse("task:\n", {"task", "a name or a list", "nothing"});
  refuse("task: []\n", {"task", "empty list"});
  refuse("task: [[a, b], c]\n", {"task", "names", "line 1"});
  refuse("max_epoch: [1]\n", {"max_epoch", "a single value", "a list"});
  refuse("max_epoch: {a: 1}\n", {"max_epoch", "a mapping"});
  refuse(std::string("max_epoch: 1\0", 13), {"byte 0"});
  refuse("max_epoch: 010\n", {"max_epoch", "'010'", "base eight"});
  refuse("max_epoch: 1_000\n", {"epochs", "'1_000'", "a whole number from 1 to 65536"});
  refuse("max_epoch: !!binary AQ==\n", {"max_epoch", "tag"});
  refuse("max_epohc: 1\n", {"line 1", "max_epohc", "did you mean \"max_epoch\"?"});
  refuse("{a: &a [x,x], b: &b [*a,*a], c: &c [*b,*b], d: [*c,*c]}\n", {"\"a\""});
  refuse(std::string(3000, '['), {"line 1"});
  refuse("\"a\\x1bb\": 1\n", {"a\\u001bb"});
}

TEST_CASE("settings: an empty YAML file gives nothing, and published keys and spellings are known") {
  const TemporaryFolder folder;
  for (const char* nothing : {"", "# only a comment\n", "---\n"}) {
    const auto run = dry_run(folder.write("empty.yaml", nothing), {"--epochs", "3", "--batch-size", "5"});
    CHECK_MESSAGE(run.code == 0, run.err);
  }
  const std::string all =
      folder.write("all.YML",
                   "episodic_mem_size: 7\nmax_epoch: +2\nbatch_size_train: &n 5\nbatch_size_test: *n\ninit_lr: 1e-4\n"
                   "min_lr: 1.0e-06\nbuffer: ER\nexemplar_seen_so_far: 0\nbase_mode: seqF\nvit: tiny\nk_test: 10\n");
  const auto run = dry_run(all, {"--strategy", "er"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(test::has(run.out, "\"epochs\":2,"));
  CHECK(test::has(run.out, "\"batch_size\":5,"));
  CHECK(test::has(run.out, "\"kept_pairs\":7"));
  const auto two = dry_run(all, {"--config", folder.write("exp.yaml", "episodic_mem_size: 9\n"), "--strategy", "er"});
  CHECK(test::has(two.out, "\"kept_pairs\":9"));  // later files replace earlier ones
}

TEST_CASE("settings: a JSON value of a wrong type, an empty one, or a key given twice is refused by name") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& json, const Arguments& parts) {
    CAPTURE(json);
    check_one_line(dry_run(folder.write("c.json", json)), 2, parts);
  };
  refuse(R"({"epochs": "2"})", {"c.json: epochs", "a whole number from 1 to 65536", "the text '2'"});
  refuse(R"({"epochs": true})", {"epochs", "the truth value 'true'"});
  refuse(R"({"epochs": 2.5})", {"epochs", "a whole number", "'2.5'"});
  refuse(R"({"lr": "1e-4"})", {"lr", "a number above 0", "the text"});
  refuse(R"({"reverse": "true"})", {"reverse", "true or false", "the text 'true'"});
  refuse(R"({"reverse": 1})", {"reverse", "true or false", "'1'"});
  refuse(R"({"strategy": 5})", {"strategy", "a text", "'5'"});
  refuse(R"({"tasks": 5})", {"tasks", "names"});
  refuse(R"({"tasks": [1]})", {"tasks[0]", "a string"});
  refuse(R"({"tasks": [""]})", {"tasks[0]", "empty"});
  refuse(R"({"tasks": []})", {"tasks", "at least one name"});
  refuse(R"({"batch_size": [2]})", {"batch_size", "a single value"});
  refuse(R"({"epochs": {}})", {"epochs", "an empty object"});
  refuse(R"({"epochs": null})", {"epochs", "null", "default"});
  refuse("null", {"c.json", "an object"});
  refuse("[]", {"c.json", "an object"});
  refuse(R"({"model": {"patch": 8}, "model.patch": 16})", {"model.patch", "once", "twice"});
  refuse(R"({"image_size": 32, "model.image": 64})", {"image_size", "model.image", "64", "32"});
  refuse(R"({"model.patch": "8"})", {"model.patch", "the text '8'"});
  refuse(R"({"init_lr": 1e-4})", {"init_lr", "published", "called lr"});
  refuse(R"({"k_test": 10})", {"k_test", "no counterpart"});
  refuse(R"({"epcohs": 2})", {"epcohs", "did you mean \"epochs\"?"});
  refuse(R"({"modle.patch": 2})", {"modle.patch", "did you mean \"model.patch\"?"});
  refuse(R"({"augmnet.flip": 0})", {"augmnet.flip", "did you mean \"augment.flip\"?"});
  std::string many = "{";
  for (int i = 0; i < 100'000; ++i) many += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  refuse(many + "}", {"at most 4096 keys", "100000"});
}

TEST_CASE("settings: options out of range are refused with the range before anything is written") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out");
  const auto refuse = [&](const Arguments& more, const Arguments& parts) {
    Arguments words{"--data", test::small_stream(), "--output", out};
    words.insert(words.end(), more.begin(), more.end());
    check_one_line(test::run_program("continual_pretrain", words), 2, parts);
    CHECK_FALSE(fs::exists(out));
  };
  for (const char* number : {"50000", "100000", "1025", "-1"})
    for (const char* option : {"--threads", "--workers"}) refuse({option, number}, {option, "from 0 to 1024", number});
  refuse({"--threads", "99999999999"}, {"--threads", "from 0 to 1024"});
  refuse({"--memory-size", "1000000000"}, {"--memory-size", "from 0 to 100000000"});
  refuse({"--epochs", "65537"}, {"--epochs", "from 1 to 65536"});
  refuse({"--batch-size", "0"}, {"--batch-size", "from 1 to 1048576"});
  refuse({"--queue", "1000000000"}, {"--queue", "from 1 to 4194304"});
  refuse({"--image-size", "1073741824"}, {"--image-size", "from 1 to 16384"});
  refuse({"--log-every", "2000000000"}, {"--log-every", "from 1 to 1000000"});
  refuse({"--prefetch", "1025"}, {"--prefetch", "from 1 to 1024"});
  refuse({"--max-words", "2"}, {"--max-words", "from 3 to 65536"});
  refuse({"--dropout", "1"}, {"--dropout", "from 0 to below 1"});
  refuse({"--seed", "-1"}, {"--seed", "from 0 to 18446744073709551615"});
  refuse({"--seed", "18446744073709551616"}, {"--seed", "from 0 to 18446744073709551615"});
  refuse({"--epcohs", "2"}, {"--epcohs", "did you mean --epochs?"});
  refuse({"--set", "lr=1", "--set", "lr=2"}, {"--set", "lr", "once"});
  refuse({"--tasks", test::first_task, "--batch-size", "5", "--set", "momentum.decya=1"}, {"momentum.decya"});
  refuse({"--tasks", test::first_task, "--batch-size", "5", "--set", "schedule.warmup_steps=-1"}, {"warmup_steps"});
  refuse({"--strategy", "seqf", "--set", "momentum.decay=0.9"},
         {"momentum.decay", "strategy seqf", "setting of ", "ctp"});
  for (const char* option : {"--threads", "--workers"})
    check_one_line(test::run_program("evaluate", {"--data", "x", "--weights", "y", option, "100000"}), 2,
                   {option, "from 0 to 1024", "100000"});
  check_one_line(test::run_program("make_stream", {"--output", out, "--quiet", "--seed", "-1"}), 2, {"--seed", "-1"});
  check_one_line(
      test::run_program("pictures_to_p9d", {"--pictures", "x", "--captions", "y", "--output", out, "--seed", "-1"}), 2,
      {"-1"});
  CHECK_FALSE(fs::exists(out));
  const Environment many("OMP_NUM_THREADS", "50000");
  refuse({}, {"OMP_NUM_THREADS", "from 1 to 1024", "50000"});
}

TEST_CASE("settings: a name with a comma is given by a list, or on the command line with a backslash") {
  const TemporaryFolder folder;
  const std::string name = "Food, Beverage", stream = stream_with_task(folder, name);
  const std::string quoted = "\"name\":\"" + name + "\"";
  const auto trained = [&](const std::string& output, Arguments words) {
    words.insert(words.end(), {"--output", folder.path(output)});
    const auto run = test::run_program("continual_pretrain", words);
    CHECK_MESSAGE(run.code == 0, run.err);
    return test::read_whole(folder.path(output) + "/metrics.jsonl").find(quoted) != std::string::npos;
  };
  const std::string json = folder.write("c.json", "{\"tasks\": [\"" + name + "\"]," + small_model + "}");
  CHECK(trained("a", {"--config", json, "--data", stream}));
  CHECK(trained("b", {"--config", folder.path("a/config.json")}));
  CHECK(test::read_whole(folder.path("a/config.json")).find("\"tasks\": [\"" + name + "\"],") != std::string::npos);
  const std::string model = folder.write("model.json", "{" + small_model + "}");
  CHECK(trained("c", {"--config", model, "--data", stream, "--tasks", "Food\\, Beverage"}));
  const std::string yaml = folder.write("c.yaml", "task: ['" + name + "']\n");
  CHECK(trained("d", {"--config", model, "--config", yaml, "--data", stream}));
}

TEST_CASE("settings: a list of names is one text and back, for any names") {
  using Names = std::vector<std::string>;
  CHECK(pretrain::split("a,b") == Names{"a", "b"});
  CHECK(pretrain::split(",a,,b,") == Names{"a", "b"});
  CHECK(pretrain::split("a\\,b,c") == Names{"a,b", "c"});
  CHECK(pretrain::split("C:\\x") == Names{"C:\\x"});
  CHECK(pretrain::split("").empty());
  for (const Names& names : {Names{"a, b", "c"}, Names{",", "\\", "\\,", ",\\"}, Names{"3C数码", "食品/保健"}})
    CHECK(pretrain::split(pretrain::join_names(names)) == names);
}

TEST_CASE("settings: config.json repeats a run from any folder, and paths in a file begin at its folder") {
  const TemporaryFolder folder;
  fs::copy(test::small_stream(), folder.path("data"), fs::copy_options::recursive);
  fs::create_directories(folder.path("elsewhere"));
  const std::string tasks = std::string("\"tasks\": \"") + test::first_task + "\",";
  folder.write("configs/run.json", "{\"data\": \"../data\"," + tasks + small_model + "}");
  folder.write("configs/lost.json", "{\"data\": \"data\"," + tasks + small_model + "}");
  const auto weights = [&](const std::string& run) {
    return test::read_whole(folder.path(run) + "/task_00.safetensors");
  };
  {
    const Inside here(folder.path());
    const auto run = test::run_program("continual_pretrain", {"--config", "configs/run.json", "--output", "first"});
    REQUIRE_MESSAGE(run.code == 0, run.err);
    check_one_line(test::run_program("continual_pretrain", {"--config", "configs/lost.json", "--output", "lost"}), 3,
                   {"configs/lost.json", "data", "configs/data", "begin at its folder", "--data"});
    CHECK_FALSE(fs::exists("lost"));
    const auto said = test::run_program("continual_pretrain",
                                        {"--config", "configs/lost.json", "--data", "data", "--output", "said"});
    CHECK_MESSAGE(said.code == 0, said.err);  // the command line's paths begin at the current folder
  }
  {
    const Inside there(folder.path("elsewhere"));
    const auto run = test::run_program("continual_pretrain", {"--config", "../first/config.json", "--output", "../b"});
    REQUIRE_MESSAGE(run.code == 0, run.err);
  }
  CHECK(!weights("first").empty());
  CHECK(weights("b") == weights("first"));
  CHECK(weights("said") == weights("first"));
}

TEST_CASE("settings: names of weight files sort by task, also beyond a hundred tasks") {
  CHECK(pretrain::task_file(0, 1) == "task_00.safetensors");
  CHECK(pretrain::task_file(99, 100) == "task_99.safetensors");
  CHECK(pretrain::task_file(0, 101) == "task_000.safetensors");
  std::vector<std::string> names;
  for (std::size_t task = 0; task < 3000; ++task) names.push_back(pretrain::task_file(task, 3000));
  CHECK(std::is_sorted(names.begin(), names.end()));
}

TEST_CASE("settings: names from files and words of the command line reach the terminal without control characters") {
  const TemporaryFolder folder;
  const std::string evil =
      "a\\nctp: all is well\\u001b[2J\\u009b1m\\u202e";  // as JSON: a line end, ESC, C1, an override
  const std::string stream = stream_with_task(folder, evil), model = folder.write("m.json", "{" + small_model + "}");
  const auto clean = [](const std::string& text) {
    return text.find('\x1b') == std::string::npos && text.find("\xC2\x9B") == std::string::npos &&
           text.find("\xE2\x80\xAE") == std::string::npos && text.find("\nctp:") == std::string::npos;
  };
  const std::string shown = evil;
  const auto train =
      test::run_program("continual_pretrain", {"--config", model, "--data", stream, "--output", folder.path("o")});
  REQUIRE_MESSAGE(train.code == 0, train.err);
  CHECK(clean(train.out));
  CHECK(test::has(train.out, "task " + shown));
  for (const auto& run :
       {test::run_program("continual_pretrain", {"--config", model, "--data", stream, "--dry-run"}),
        test::run_program("evaluate", {"--data", stream, "--weights", folder.path("o/task_00.safetensors")}),
        test::run_program("compare_runs", {"x\x1by=" + folder.path("o")})}) {
    CHECK_MESSAGE(run.code == 0, run.err);
    CHECK(clean(run.out));
    CHECK(test::has(run.out, shown.substr(0, 20)));
  }
  const std::string raw = "a\n\x1b[2J";
  const Arguments begin{"--data", stream, "--output", folder.path("p")};
  const auto with = [&](Arguments more) {
    more.insert(more.end(), begin.begin(), begin.end());
    return more;
  };
  check_one_line(test::run_program("continual_pretrain", with({"--tasks", raw})), 2, {"a\\n\\u001b[2J"});
  check_one_line(test::run_program("continual_pretrain", with({"--strategy", raw})), 2, {"a\\n\\u001b[2J"});
  check_one_line(test::run_program("continual_pretrain", with({"--" + raw})), 2, {"a\\n\\u001b[2J"});
  check_one_line(test::run_program("continual_pretrain", {"--data", raw, "--output", folder.path("p")}), 3,
                 {"a\\n\\u001b[2J"});
}
