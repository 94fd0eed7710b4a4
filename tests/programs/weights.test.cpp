// Weights carry what they were trained with: evaluate and --init use it, compare it, and never guess.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <ctp/io/weights/safetensors.hpp>
#include <ctp/io/weights/training_record.hpp>

#include "data/temporary_folder.hpp"
#include "programs/program.hpp"

namespace {

using Arguments = std::vector<std::string>;
using test::has;
using test::TemporaryFolder;

constexpr const char* task_line = "\"kind\":\"task\"";

Arguments training(const std::string& output, const Arguments& more) {
  Arguments words{"--data",       test::small_stream(),
                  "--output",     output,
                  "--tasks",      test::two_tasks,
                  "--image-size", "32",
                  "--epochs",     "1",
                  "--batch-size", "8",
                  "--workers",    "0",
                  "--threads",    "1",
                  "--strategy",   "seqf"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// A training of two tasks with 8 words a title, made once. Another number of words gives other numbers.
const std::string& trained() {
  static const TemporaryFolder folder;
  static const std::string path = [] {
    const auto run = test::run_program("continual_pretrain", training(folder.path("run"), {"--max-words", "8"}));
    REQUIRE_MESSAGE(run.code == 0, run.err);
    return folder.path("run");
  }();
  return path;
}
std::string weights() { return trained() + "/task_01.safetensors"; }

test::Finished evaluate(const std::string& file, const Arguments& more = {}) {
  Arguments words{"--data", test::small_stream(), "--weights", file, "--json", "--threads", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("evaluate", words);
}
test::Finished start_from(const std::string& file, const std::string& output, const Arguments& more = {}) {
  Arguments words = training(output, {"--init", file});
  words.erase(std::find(words.begin(), words.end(), "--image-size"), std::find(words.begin(), words.end(), "--epochs"));
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}

void check_refused(const test::Finished& run, int code, const Arguments& parts) {
  CAPTURE(run.err);
  CHECK(run.code == code);
  CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(has(run.err, part));
  }
}

/// The trained weights with changed metadata or tensors, beside their vocabulary.
template <class Change>
std::string changed(const TemporaryFolder& folder, const std::string& name, Change change) {
  ctp::TensorFile file = ctp::io::read_safetensors(weights());
  change(file);
  folder.write("vocab.txt", test::read_whole(trained() + "/vocab.txt"));
  ctp::io::write_safetensors(folder.path(name), file);
  return folder.path(name);
}

/// The recalls of the tasks by themselves, of the first tasks of a line.
std::string per_task(const std::string& line, int tasks) {
  std::size_t at = line.find("\"per_task\":[");
  const std::size_t begin = at;
  for (int i = 0; i < tasks; ++i) at = line.find('}', at) + 1;
  return line.substr(begin, at - begin);
}

/// A vocabulary with the same tokens, of which the last ones have changed places.
std::string other_vocabulary(const TemporaryFolder& folder) {
  std::string text = test::read_whole(trained() + "/vocab.txt");
  const std::size_t last = text.rfind('\n', text.size() - 2), before = text.rfind('\n', last - 1);
  text = text.substr(0, before + 1) + text.substr(last + 1) + text.substr(before + 1, last - before);
  return folder.write("other.txt", text);
}

}  // namespace

TEST_CASE("programs: weights carry the record of their training, and their tensors are what they were") {
  const ctp::TensorFile file = ctp::io::read_safetensors(weights());
  const auto record = ctp::io::training_of(file);
  REQUIRE(record);
  const std::string vocabulary = test::read_whole(trained() + "/vocab.txt");
  CHECK(record->vocabulary.file == "vocab.txt");
  CHECK(record->vocabulary.tokens == static_cast<std::size_t>(std::count(vocabulary.begin(), vocabulary.end(), '\n')));
  CHECK(record->vocabulary.fingerprint == ctp::io::vocabulary_fingerprint(vocabulary));
  CHECK(record->max_words == 8);
  CHECK(record->image == 32);
  CHECK(record->mean == std::array{0.48145466F, 0.4578275F, 0.40821073F});
  CHECK(record->deviation == std::array{0.26862954F, 0.26130258F, 0.27577711F});
  CHECK(record->cleaning == "published");
  CHECK(record->casing == "lower");
  CHECK(record->strategy == "seqf");
  CHECK(record->precision == "fp32");
  CHECK(record->version == "0.1.0");
  CHECK(file.metadata.contains("config"));
  CHECK(ctp::io::training_of(ctp::io::read_safetensors(trained() + "/task_00.safetensors")).has_value());
}

TEST_CASE("programs: evaluate gives the numbers of the training, with its number of words") {
  const std::string log = test::read_whole(trained() + "/metrics.jsonl");
  const std::string second = log.substr(log.rfind(task_line));
  const auto found = evaluate(weights());
  REQUIRE_MESSAGE(found.code == 0, found.err);
  CHECK_FALSE(has(found.err, "note:"));
  CHECK(per_task(found.out, 2) == per_task(second, 2));
  CHECK(per_task(evaluate(trained() + "/task_00.safetensors").out, 1) == per_task(log.substr(log.find(task_line)), 1));
  CHECK(has(found.out, "\"max_words\":8,\"trained_max_words\":8,\"vocabulary\":\""));
}

TEST_CASE("programs: evaluate says that another number of words was asked for") {
  const auto found = evaluate(weights(), {"--max-words", "5"});
  REQUIRE_MESSAGE(found.code == 0, found.err);
  CHECK(has(found.err, "evaluate: note: --max-words 5: " + weights() +
                           " was trained with 8 words, so the numbers are not the training's\n"));
  CHECK(has(found.out, "\"max_words\":5,\"trained_max_words\":8"));
  CHECK(!has(evaluate(weights(), {"--max-words", "8"}).err, "note:"));
}

TEST_CASE("programs: another vocabulary of the same size is refused by both files and fingerprints") {
  const TemporaryFolder folder;
  const std::string other = other_vocabulary(folder);
  const Arguments parts{other, "vocabulary of " + weights(), "fingerprint",
                        ctp::io::vocabulary_fingerprint(test::read_whole(other)),
                        ctp::io::vocabulary_fingerprint(test::read_whole(trained() + "/vocab.txt"))};
  check_refused(evaluate(weights(), {"--vocab", other}), 3, parts);
  check_refused(start_from(weights(), folder.path("out"), {"--vocab", other}), 3, parts);
  // The wrong file beside the weights.
  std::filesystem::copy_file(weights(), folder.path("w.safetensors"));
  std::filesystem::rename(other, folder.path("vocab.txt"));
  check_refused(evaluate(folder.path("w.safetensors")), 3, {folder.path("vocab.txt"), "fingerprint"});
  check_refused(start_from(folder.path("w.safetensors"), folder.path("out")), 3, {folder.path("vocab.txt")});
  CHECK_FALSE(std::filesystem::exists(folder.path("out")));
}

TEST_CASE("programs: special tokens of another vocabulary are refused even where weights have no record") {
  const TemporaryFolder folder;
  const std::string old = changed(folder, "old.safetensors", [](auto& file) { file.metadata.erase("training"); });
  std::string text = test::read_whole(trained() + "/vocab.txt");
  const std::size_t at = text.find("[SEP]\n[MASK]\n");
  REQUIRE(at != std::string::npos);
  const std::string swapped = folder.write("swapped.txt", text.replace(at, 13, "[MASK]\n[SEP]\n"));
  check_refused(evaluate(old, {"--vocab", swapped, "--max-words", "8"}), 3, {swapped, old, "special token sep"});
}

TEST_CASE("programs: weights without metadata are used with given sizes only, and give the same numbers") {
  const TemporaryFolder folder;
  const std::string bare = changed(folder, "bare.safetensors", [](auto& file) { file.metadata.clear(); });
  check_refused(evaluate(bare), 3, {bare, "model.vision_heads and model.text_heads", "--set"});
  check_refused(evaluate(bare, {"--set", "model.vision_heads=3"}), 3, {bare, "model.text_heads"});
  const Arguments heads{"--set", "model.vision_heads=3", "--set", "model.text_heads=3"};
  check_refused(evaluate(bare, heads), 2, {"--max-words", bare, "give --max-words"});
  check_refused(evaluate(bare, {"--set", "vision_heads=3"}), 2, {"--set", "model.FIELD=NUMBER"});
  check_refused(evaluate(weights(), {"--set", "model.vision_heads=6"}), 2,
                {"model.vision_heads", weights(), "found 6"});
  Arguments all = heads;
  all.insert(all.end(), {"--max-words", "8"});
  const auto found = evaluate(bare, all);
  REQUIRE_MESSAGE(found.code == 0, found.err);
  CHECK(per_task(found.out, 9) == per_task(evaluate(weights()).out, 9));
  CHECK(has(found.err, bare + " does not say what it was trained with"));
  CHECK(has(found.out, "\"trained_max_words\":null"));

  check_refused(start_from(bare, folder.path("out"), {"--dry-run"}), 3, {bare, "model.vision_heads", "--set"});
  Arguments more = heads;
  more.push_back("--dry-run");
  const auto started = start_from(bare, folder.path("out"), more);
  REQUIRE_MESSAGE(started.code == 0, started.err);
  CHECK(has(started.out, bare + " does not say what it was trained with"));
  CHECK(has(started.out, "defaults are taken: model.queue "));
}

TEST_CASE("programs: --init takes vocabulary and words from beside and inside the weights, and says so") {
  const TemporaryFolder folder;
  const auto run = start_from(weights(), folder.path("run"), {"--lr", "1e-30", "--min-lr", "0"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(has(run.out, "vocabulary: " + trained() + "/vocab.txt, beside the starting weights\n"));
  CHECK(has(run.out, "words kept of a title: 8; " + weights() + " was trained with 8\n"));
  CHECK(test::read_whole(folder.path("run/vocab.txt")) == test::read_whole(trained() + "/vocab.txt"));
  CHECK(ctp::io::training_of(ctp::io::read_safetensors(folder.path("run/task_00.safetensors")))->max_words == 8);
  // A rate of 1e-30 changes nothing, so the numbers are those of the starting weights.
  const std::string log = test::read_whole(folder.path("run/metrics.jsonl"));
  CHECK(per_task(log.substr(log.rfind(task_line)), 2) == per_task(evaluate(weights()).out, 2));

  const auto other = start_from(weights(), folder.path("other"), {"--max-words", "12", "--dry-run"});
  REQUIRE_MESSAGE(other.code == 0, other.err);
  CHECK(has(other.out, "words kept of a title: 12; " + weights() + " was trained with 8\n"));
  check_refused(start_from(weights(), folder.path("out"), {"--image-size", "64"}), 2, {"--image-size", weights()});

  std::filesystem::copy_file(weights(), folder.path("alone.safetensors"));
  check_refused(start_from(folder.path("alone.safetensors"), folder.path("out")), 2,
                {"--vocab", folder.path("vocab.txt"), folder.path("alone.safetensors")});
  check_refused(evaluate(folder.path("alone.safetensors")), 3, {folder.path("vocab.txt")});
}

TEST_CASE("programs: metadata of wrong kinds, other formats and other input are refused by file and key") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::string& from, const std::string& to, const std::string& part) {
    const std::string file = changed(folder, "changed.safetensors", [&](auto& f) {
      std::string& text = f.metadata["training"];
      REQUIRE(has(text, from));
      text.replace(text.find(from), from.size(), to);
    });
    check_refused(evaluate(file), 3, {file, part});
    check_refused(start_from(file, folder.path("out")), 3, {file, part});
  };
  refuse("\"format\":1", "\"format\":7", "format");
  refuse("\"max_words\":8", "\"max_words\":true", "max_words");
  refuse("\"cleaning\":\"published\"", "\"cleaning\":\"none\"", "cleaning");
  refuse("\"image\":32", "\"image\":64", "image");
  refuse("\"vocab.txt\"", "\"\\u001b[2J\\nvocab.txt\"", "vocabulary.file");
  refuse("\"mean\":[0.48", "\"mean\":[0.5", "mean");
  const std::string words = changed(folder, "words.safetensors", [](auto& file) {
    std::string& text = file.metadata["training"];
    text.replace(text.find("\"max_words\":8"), 13, "\"max_words\":800");
  });
  check_refused(evaluate(words), 3, {words, "max_words", "800"});
}

TEST_CASE("programs: sizes that a file cannot hold, or that no model can have, are data errors that name the file") {
  const TemporaryFolder folder;
  const auto refuse = [&](const std::map<std::string, std::string>& fields) {
    const std::string file = changed(folder, "lies.safetensors", [&](auto& f) {
      std::string& text = f.metadata["config"];
      for (const auto& [key, value] : fields) {
        const std::size_t at = text.find("\"" + key + "\":") + key.size() + 3;
        text.replace(at, text.find_first_of(",}", at) - at, value);
      }
    });
    CAPTURE(fields.begin()->first);
    check_refused(evaluate(file), 3, {file});
    check_refused(start_from(file, folder.path("out")), 3, {file});
  };
  refuse({{"patch", "0"}});
  refuse({{"vision_heads", "5"}});
  refuse({{"temp", "0"}});
  refuse({{"positions", "1048576"}});
  refuse({{"vision_depth", "1000000"}});
  refuse({{"vocab", "4294967296"}, {"text_width", "4294967296"}});
  refuse({{"intermediate", "16777216"}, {"text_layers", "1024"}, {"fusion_layer", "0"}});
  CHECK_FALSE(std::filesystem::exists(folder.path("out")));
}

TEST_CASE("programs: types that are not computed with are passed over, and refused where weights are wanted") {
  const TemporaryFolder folder;
  const std::string passed = changed(folder, "passed.safetensors", [](auto& file) {
    file.tensors.push_back({"queue_ptr", ctp::DType::U64, {1}, std::vector<std::byte>(8)});
    file.tensors.push_back({"text_queue", ctp::DType::F8_E4M3, {2}, std::vector<std::byte>(2)});
  });
  const auto found = evaluate(passed);
  CHECK_MESSAGE(found.code == 0, found.err);
  const std::string wanted = changed(folder, "wanted.safetensors", [](auto& file) {
    for (auto& tensor : file.tensors)
      if (tensor.name == "text_proj.bias") tensor.dtype = ctp::DType::U32;
  });
  const auto refused = evaluate(wanted);
  check_refused(refused, 3, {wanted, "text_proj.bias", "U32"});
  CHECK_FALSE(has(refused.err, "damaged"));
}

TEST_CASE("programs: weights of another format, or with a prefix, are named with a remedy") {
  const TemporaryFolder folder;
  using namespace std::string_literals;
  const std::string archive = folder.write("w.pth", "PK\x03\x04\0\0\x08\x08\0\0\0\0archive/data.pkl"s);
  check_refused(evaluate(archive), 3, {archive, "rule 'end record'", "incomplete"});
  check_refused(start_from(archive, folder.path("out")), 3, {archive, "rule 'end record'"});
  const std::string pickle = folder.write("w.pkl", "\x80\x04\x95\x10\0\0\0\0\0\0\0}."s);
  check_refused(evaluate(pickle), 3, {pickle, "Python pickle", "safetensors.torch.save_file"});
  check_refused(start_from(pickle, folder.path("out")), 3, {pickle, "Python pickle"});
  const std::string prefixed = changed(folder, "prefixed.safetensors", [](auto& file) {
    for (auto& tensor : file.tensors) tensor.name = "module." + tensor.name;
  });
  check_refused(evaluate(prefixed), 3, {prefixed, "remove \"module.\""});
  check_refused(start_from(prefixed, folder.path("out")), 3, {prefixed, "remove \"module.\""});
}
