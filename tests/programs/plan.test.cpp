// Frozen parameters, groups, clipping, and epochs of each task.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <ctp/io/json/document.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "programs/program.hpp"

namespace {

using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

/// A model that trains within a tenth of a second, on two tasks.
const char* const small_model =
    R"({"image_size": 16, "model.patch": 8, "model.vision_width": 8, "model.vision_depth": 1, "model.vision_heads": 2,
        "model.text_width": 8, "model.text_layers": 2, "model.fusion_layer": 1, "model.text_heads": 2,
        "model.intermediate": 16, "model.positions": 40, "model.embed": 8, "queue": 8, "batch_size": 5,
        "workers": 0, "threads": 1, "strategy": "seqf", "log_every": 1})";

test::Finished run(const std::string& config, const Arguments& more) {
  Arguments words{"--data", test::small_stream(), "--tasks", test::two_tasks, "--config", config};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}
std::vector<ctp::io::JsonDocument> lines_of(const std::string& path, const std::string& kind) {
  std::vector<ctp::io::JsonDocument> lines;
  const std::string text = test::read_whole(path);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    ctp::io::JsonDocument line = ctp::io::parse_json_document(text.substr(begin, end - begin), path);
    if (line.root().at("kind").string() == kind) lines.push_back(std::move(line));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

TEST_CASE("plan: frozen parameters keep their weights, gradients are clipped, and each task has its epochs") {
  const TemporaryFolder folder;
  const std::string config = folder.write("small.json", small_model);
  const auto train = [&](const std::string& name, const Arguments& more) {
    Arguments words{"--output", folder.path(name)};
    words.insert(words.end(), more.begin(), more.end());
    const auto finished = run(config, words);
    REQUIRE_MESSAGE(finished.code == 0, finished.err);
    return finished.out;
  };
  const std::string out =
      train("a", {"--freeze", "visual_encoder*", "--freeze", "*.bias", "--clip-norm", "0.25", "--epochs", "2,1",
                  "--set", "group.text_proj*.rate=0", "--set", "group.text_proj*.decay=0"});
  CHECK(out.find("frozen: ") != std::string::npos);

  const auto first = ctp::io::read_safetensors(folder.path("a/task_00.safetensors")),
             last = ctp::io::read_safetensors(folder.path("a/task_01.safetensors"));
  std::size_t still = 0, moving = 0;
  for (const ctp::NamedTensor& tensor : first.tensors) {
    const std::string& name = tensor.name;
    if (name.find("queue") != std::string::npos || name.ends_with("temp")) continue;  // no parameters
    CAPTURE(name);
    const bool stays = name.starts_with("visual_encoder") || name.ends_with(".bias") || name.starts_with("text_proj");
    CHECK((tensor.bytes == last.at(name).bytes) == stays);
    ++(stays ? still : moving);
  }
  CHECK(still > 0);
  CHECK(moving > 0);

  const auto steps = lines_of(folder.path("a/metrics.jsonl"), "step");
  std::vector<std::size_t> of_task(2);
  bool clipped = false;
  for (const auto& step : steps) {
    ++of_task[static_cast<std::size_t>(step.root().at("task").integer())];
    CHECK(step.root().at("gradient_norm").number() > 0);
    clipped = clipped || step.root().at("gradient_norm").number() > 0.25;
  }
  CHECK(clipped);
  CHECK(of_task[0] > of_task[1]);

  // config.json says the same again.
  Arguments again{"--data",         test::small_stream(), "--output",
                  folder.path("b"), "--config",           folder.path("a/config.json")};
  const auto repeated = test::run_program("continual_pretrain", again);
  REQUIRE_MESSAGE(repeated.code == 0, repeated.err);
  CHECK(test::read_whole(folder.path("b/config.json")) == test::read_whole(folder.path("a/config.json")));
  CHECK(test::read_whole(folder.path("b/task_01.safetensors")) ==
        test::read_whole(folder.path("a/task_01.safetensors")));

  const std::string rates = train("rates", {"--epochs", "1", "--set", "group.text_proj*.rate=0.5"});
  CHECK(rates.find("frozen: ") == std::string::npos);  // a group that freezes nothing

  train("plain", {"--epochs", "1"});
  for (const auto& step : lines_of(folder.path("plain/metrics.jsonl"), "step"))
    CHECK_FALSE(step.root().find("gradient_norm"));
}

TEST_CASE("plan: a dry run says what is frozen and how long each task is trained, and counts no backward pass there") {
  const TemporaryFolder folder;
  const std::string config = folder.write("small.json", small_model);
  const auto text = run(config, {"--dry-run", "--freeze", "visual_encoder*", "--epochs", "2,1"});
  REQUIRE_MESSAGE(text.code == 0, text.err);
  CHECK(text.out.find("2, 1 epochs each") != std::string::npos);
  CHECK(text.out.find("frozen: ") != std::string::npos);
  const auto work = [&](const Arguments& more) {
    Arguments words{"--dry-run", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const auto finished = run(config, words);
    REQUIRE_MESSAGE(finished.code == 0, finished.err);
    const auto document = ctp::io::parse_json_document(finished.out, "dry run");
    return document.root().at("costs").at(0).at("multiply_adds").number();
  };
  CHECK(work({"--freeze", "visual_encoder*"}) < work({}));
  CHECK(work({"--freeze", "*.bias"}) == work({}));
}

TEST_CASE("plan: patterns match parameters of policies, in a dry run as in a training") {
  const TemporaryFolder folder;
  const std::string config = folder.write("small.json", small_model);
  const std::string scale = "policy.in_batch_contrast.logit_scale";
  const auto with = [&](const std::string& name, const Arguments& more) {
    Arguments words{"--output", folder.path(name), "--epochs", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run(config, words);
  };
  const Arguments learn{"--set", "in_batch_contrast.learn_temperature=true"};
  Arguments freeze = learn;
  freeze.insert(freeze.end(), {"--freeze", "*logit_scale"});
  const auto trained = with("out", freeze);
  REQUIRE_MESSAGE(trained.code == 0, trained.err);
  CHECK(trained.out.find("frozen: 1 of ") != std::string::npos);
  freeze.push_back("--dry-run");
  const auto dry = with("dry", freeze);
  REQUIRE_MESSAGE(dry.code == 0, dry.err);
  CHECK(dry.out.find("frozen: 1 of ") != std::string::npos);
  const auto first = ctp::io::read_safetensors(folder.path("out/task_00.safetensors")),
             last = ctp::io::read_safetensors(folder.path("out/task_01.safetensors"));
  CHECK(first.at(scale).bytes == last.at(scale).bytes);

  // The strategy has no such parameter without the setting, and none of this name with it.
  for (const Arguments& set : {Arguments{}, learn})
    for (const Arguments& mode : {Arguments{}, Arguments{"--dry-run"}}) {
      Arguments words{"--freeze", "policy.nope"};
      words.insert(words.end(), set.begin(), set.end());
      words.insert(words.end(), mode.begin(), mode.end());
      const auto refused = with("refused", words);
      CAPTURE(refused.err);
      CHECK(refused.code == 2);
      CHECK(refused.err.find("--freeze") != std::string::npos);
      CHECK(refused.err.find("'policy.nope'") != std::string::npos);
      CHECK_FALSE(std::filesystem::exists(folder.path("refused/config.json")));
    }
}

TEST_CASE("plan: patterns that match nothing, factors out of range and epochs of other tasks are refused by name") {
  const TemporaryFolder folder;
  const std::string config = folder.write("small.json", small_model);
  const auto refuse = [&](const Arguments& more, const Arguments& parts) {
    Arguments words{"--output", folder.path("out")};
    words.insert(words.end(), more.begin(), more.end());
    const auto finished = run(config, words);
    CAPTURE(finished.err);
    CHECK(finished.code == 2);
    CHECK(std::count(finished.err.begin(), finished.err.end(), '\n') == 1);
    for (const std::string& part : parts) CHECK(finished.err.find(part) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder.path("out/config.json")));
  };
  refuse({"--freeze", "visual_encodr.norm.weight"},
         {"--freeze", "'visual_encodr.norm.weight'", "did you mean", "visual_encoder.norm.weight"});
  refuse({"--set", "group.head*.rate=2"}, {"--set: group.head*.rate", "'head*'"});
  refuse({"--set", "group.text*.rate=-2"}, {"group.text*.rate", "from 0", "'-2'"});
  refuse({"--set", "group.text*.speed=2"}, {"group.text*.speed", "group.PATTERN.rate"});
  refuse({"--set", "group.text*.freeze=2"}, {"group.text*.freeze", "true or false"});
  refuse({"--epochs", "3,2,1"}, {"--epochs", "2, one for each task", "3, 2, 1"});
  refuse({"--epochs", "3,0"}, {"--epochs", "from 1 to", "'0'"});
  refuse({"--strategy", "jointt", "--epochs", "3,2"}, {"--epochs", "jointt trains once"});
  refuse({"--clip-norm", "-1"}, {"--clip-norm", "from 0"});
}
