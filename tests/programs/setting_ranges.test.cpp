// Settings of policies outside their ranges, settings that contradict one another or the data, and what a run says.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <ctp/io/json/document.hpp>

#include "../../examples/common/threads.hpp"
#include "../../examples/continual_pretrain/whole_number.hpp"
#include "programs/program.hpp"

namespace {

using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

test::Finished dry_run(const Arguments& more) {
  Arguments words{"--data", test::small_stream(), "--batch-size", "5", "--dry-run", "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}

void refuse(const Arguments& more, const Arguments& parts) {
  const auto run = dry_run(more);
  CAPTURE(more.back());
  CAPTURE(run.err);
  CHECK(run.code == 2);
  CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(test::has(run.err, part));
  }
}

}  // namespace

TEST_CASE("setting ranges: a policy's setting outside its range is refused with key, range and value") {
  struct Bad {
    const char *strategy, *key, *value, *range;
  };
  for (const Bad& bad : {Bad{"ctp", "momentum.decay", "2", "from 0 to 1"},
                         {"ctp", "momentum.decay", "-1", "from 0 to 1"},
                         {"ctp", "momentum.first_task_decay", "2", "from 0 to 1"},
                         {"ewc", "penalty.lambda", "-1000", "from 0 to 1e+30"},
                         {"si", "penalty.damping", "-1", "from 1e-30"},
                         {"ctp", "optimizer.epsilon", "0", "from 1e-30"},
                         {"ctp", "optimizer.weight_decay", "-1", "from 0"},
                         {"ctp", "optimizer.beta1", "1", "from 0 to below 1"},
                         {"ctp", "optimizer.beta2", "2", "from 0 to below 1"},
                         {"seqf", "in_batch_contrast.weight", "-1", "from 0 to 1e+30"},
                         {"kmeans", "rehearsal.iterations", "-1", "from 1 to 1000000"}}) {
    refuse({"--strategy", bad.strategy, "--set", std::string(bad.key) + "=" + bad.value},
           {bad.key, bad.range, "'" + std::string(bad.value) + "'"});
  }
  refuse({"--strategy", "seqf", "--set", "in_batch_contrast.weight=0", "--set", "masked_language.weight=0"},
         {"in_batch_contrast.weight", "masked_language.weight", "above 0"});
}

TEST_CASE("setting ranges: a list of tasks without names is refused") {
  const TemporaryFolder folder;
  for (const char* list : {"", ",", ",,"}) {
    refuse({"--tasks", list}, {"--tasks", "at least one name"});
    refuse({"--config", folder.write("c.json", "{\"tasks\": \"" + std::string(list) + "\"}")},
           {"c.json", "tasks", "at least one name"});
  }
}

TEST_CASE("setting ranges: whole numbers with exponents are whole in configuration files") {
  CHECK(pretrain::digits_of_whole("1e5") == "100000");
  CHECK(pretrain::digits_of_whole("2.50e1") == "25");
  CHECK(pretrain::digits_of_whole("-3.0") == "-3");
  for (const char* other : {"1e-1", "1e16", "1e999", "inf", "nan", "x", "", "1e", "1 "}) {
    CAPTURE(other);
    CHECK(pretrain::digits_of_whole(other).empty());
  }
  const TemporaryFolder folder;
  for (const std::string& file :
       {folder.write("c.json", "{\"memory_size\": 1e5}"), folder.write("c.yaml", "memory_size: 1e5\n")}) {
    const auto run = dry_run({"--strategy", "seqf", "--config", file});
    CHECK_MESSAGE(run.code == 0, run.err);
  }
  refuse({"--config", folder.write("half.json", "{\"memory_size\": 1.5}")}, {"memory_size", "a whole number"});
}

TEST_CASE("setting ranges: a setting must not contradict the vocabulary, nor another one of its source") {
  const TemporaryFolder folder;
  for (const char* field : {"model.vocab=100", "model.mask=99999", "model.cls=3", "model.pad=7"}) {
    const std::string setting = field, key = setting.substr(0, setting.find('='));
    refuse({"--strategy", "seqf", "--set", setting}, {key, "the vocabulary of the training titles"});
  }
  refuse({"--strategy", "seqf", "--config", folder.write("c.json", "{\"model\": {\"vocab\": 100}}")},
         {"c.json", "model.vocab", "the vocabulary of the training titles"});
  const auto same = dry_run({"--strategy", "seqf", "--set", "model.cls=2"});
  CHECK_MESSAGE(same.code == 0, same.err);
  refuse({"--queue", "3", "--set", "model.queue=7"}, {"queue", "model.queue, 7", "found 3"});
  refuse({"--set", "image_size=32", "--set", "model.image=64"}, {"image_size", "model.image, 64", "found 32"});
  const auto later = dry_run({"--strategy", "seqf", "--queue", "5", "--set", "queue=10", "--set", "model.queue=10"});
  CHECK_MESSAGE(later.code == 0, later.err);
}

TEST_CASE("setting ranges: OMP_NUM_THREADS is a list of whole numbers of which the first counts") {
  CHECK(examples::first_of_list("4") == 4);
  CHECK(examples::first_of_list(" 4 , 2 ") == 4);
  for (const char* bad : {"", "0", "-1", "abc", "99999999999999999999", "4,", "4,x", "4x", ",4"}) {
    CAPTURE(bad);
    CHECK_FALSE(examples::first_of_list(bad).has_value());
  }
  setenv("OMP_NUM_THREADS", "abc", 1);
  const auto run = dry_run({"--strategy", "seqf"});
  unsetenv("OMP_NUM_THREADS");
  CHECK(run.code == 2);
  CHECK(test::has(run.err, "OMP_NUM_THREADS in the environment: expected a whole number"));
}

TEST_CASE("setting ranges: control characters of an output folder do not reach the terminal") {
  const TemporaryFolder folder;
  const auto run =
      test::run_program("continual_pretrain", {"--data", test::small_stream(), "--batch-size", "5", "--strategy",
                                               "seqf", "--output", folder.path("a\x1b[31mb"), "--dry-run"});
  CHECK_MESSAGE(run.code == 0, run.err);
  CHECK(test::has(run.out, "a\\u001b[31mb"));
  CHECK(run.out.find('\x1b') == std::string::npos);
}
