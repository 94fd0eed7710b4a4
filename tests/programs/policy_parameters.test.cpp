// Parameters of policies in the programs: set before a training, saved, started from, passed over by evaluate.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <ctp/io/weights/safetensors.hpp>

#include "data/temporary_folder.hpp"
#include "programs/program.hpp"

namespace {

using Arguments = std::vector<std::string>;
using test::TemporaryFolder;

constexpr const char* learn = "in_batch_contrast.learn_temperature=true";
constexpr const char* logit_scale = "policy.in_batch_contrast.logit_scale";

test::Finished train(const std::string& output, const Arguments& more) {
  Arguments words{"--data",       test::small_stream(),
                  "--output",     output,
                  "--tasks",      test::two_tasks,
                  "--epochs",     "1",
                  "--batch-size", "8",
                  "--workers",    "0",
                  "--threads",    "1",
                  "--strategy",   "seqf"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}
test::Finished evaluate(const std::string& file, const Arguments& more = {}) {
  Arguments words{"--data", test::small_stream(), "--weights", file, "--threads", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("evaluate", words);
}
/// Two trainings of the same tasks, made once: with a learned temperature, and with the model's.
const std::string& trained(bool learned) {
  static const TemporaryFolder folder;
  const auto run = [](const char* name, const Arguments& more) {
    Arguments words{"--image-size", "32"};
    words.insert(words.end(), more.begin(), more.end());
    const auto finished = train(folder.path(name), words);
    REQUIRE_MESSAGE(finished.code == 0, finished.err);
    return folder.path(name) + "/task_01.safetensors";
  };
  static const std::string with = run("with", {"--set", learn}), without = run("without", {});
  return learned ? with : without;
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

}  // namespace

TEST_CASE("programs: a learned temperature is trained and saved, and there is none without the setting") {
  const ctp::TensorFile file = ctp::io::read_safetensors(trained(true));
  const ctp::NamedTensor* scale = file.find(logit_scale);
  REQUIRE(scale != nullptr);
  CHECK(scale->shape.empty());
  const double value = scale->as_doubles().front(), start = -std::log(0.07);
  CHECK(value != static_cast<float>(start));
  CHECK(std::abs(value - start) < 0.1);  // a few steps at a small rate
  const ctp::TensorFile other = ctp::io::read_safetensors(trained(false));
  CHECK(std::none_of(other.tensors.begin(), other.tensors.end(),
                     [](const auto& tensor) { return tensor.name.starts_with("policy."); }));
}

TEST_CASE("programs: evaluate passes parameters of policies over and names them once") {
  const auto table = evaluate(trained(true));
  REQUIRE_MESSAGE(table.code == 0, table.err);
  CHECK(count(table.out, std::string("parameters of the training's policies, not used here: ") + logit_scale + "\n") ==
        1);
  const auto object = evaluate(trained(true), {"--json"});
  CHECK(count(object.out, std::string("\"policy_parameters\":[\"") + logit_scale + "\"]") == 1);
  CHECK_FALSE(has(evaluate(trained(false)).out, "policies"));
  CHECK_FALSE(has(evaluate(trained(false), {"--json"}).out, "policy_parameters"));
}

TEST_CASE("programs: --init reads parameters of policies, lets others start fresh, and says what it does not use") {
  const TemporaryFolder folder;
  const std::string with = trained(true), without = trained(false);
  const std::string fresh = "parameters of policies that " + without + " does not have start fresh: " + logit_scale;
  const std::string unused = "parameters of other policies in " + with + ", not used by this training: " + logit_scale;

  const auto started = train(folder.path("started"), {"--init", without, "--set", learn});
  REQUIRE_MESSAGE(started.code == 0, started.err);
  CHECK(count(started.out, fresh + "\n") == 1);
  CHECK_FALSE(has(started.out, "not used"));

  const auto plain = train(folder.path("plain"), {"--init", with, "--json"});
  REQUIRE_MESSAGE(plain.code == 0, plain.err);
  CHECK(count(plain.err, "continual_pretrain: note: " + unused + "\n") == 1);
  CHECK_FALSE(has(plain.err, "fresh"));

  // A rate that moves nothing: the written scale is the one that was read.
  const auto gone_on = train(folder.path("on"), {"--init", with, "--set", learn, "--lr", "1e-30", "--min-lr", "0"});
  REQUIRE_MESSAGE(gone_on.code == 0, gone_on.err);
  CHECK_FALSE(has(gone_on.out, "policies"));
  const auto value = [](const std::string& path) {
    return ctp::io::read_safetensors(path).at(logit_scale).as_doubles().front();
  };
  CHECK(value(folder.path("on") + "/task_00.safetensors") == value(with));

  const auto dry = train(folder.path("dry"), {"--init", without, "--set", learn, "--dry-run"});
  REQUIRE_MESSAGE(dry.code == 0, dry.err);
  CHECK(count(dry.out, fresh + "\n") == 1);
}

TEST_CASE("programs: a temperature that cannot be learned is refused before anything is written") {
  const TemporaryFolder folder;
  for (const Arguments& more : {Arguments{}, Arguments{"--dry-run"}}) {
    Arguments words{"--set", learn, "--set", "model.temp=2"};
    words.insert(words.end(), more.begin(), more.end());
    const auto refused = train(folder.path("out"), words);
    CHECK(refused.code == 2);
    CHECK(
        has(refused.err,
            "in_batch_contrast.learn_temperature: the model's temperature (model.temp): expected a number from 0.01 to "
            "1, the limits of a learned temperature, found 2"));
    CHECK_FALSE(std::filesystem::exists(folder.path("out") + "/config.json"));
  }
}

TEST_CASE("programs: the dry run counts the parameters of policies") {
  const TemporaryFolder folder;
  const auto parameters = [&](const Arguments& more) {
    Arguments words{"--dry-run", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const auto run = train(folder.path("out"), words);
    REQUIRE_MESSAGE(run.code == 0, run.err);
    const std::size_t at = run.out.find("\"parameters\":") + 13;
    return std::stol(run.out.substr(at));
  };
  CHECK(parameters({"--set", learn}) == parameters({}) + 1);
}
