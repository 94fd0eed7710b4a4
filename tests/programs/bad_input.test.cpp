// Input with one error: the program prints one line that names the error and a remedy, and ends with the documented
// exit code.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "programs/program.hpp"

namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using Arguments = std::vector<std::string>;

constexpr int usage = 2, data = 3;

/// Requires exit code `code` and one line on standard error that begins with the program's name and contains all
/// `parts`.
void check_complaint(const std::string& program, const Arguments& arguments, int code, const Arguments& parts) {
  const test::Finished run = test::run_program(program, arguments);
  std::string call = program;
  for (const std::string& argument : arguments) call += " " + argument;
  CAPTURE(call);
  CAPTURE(run.err);
  CHECK(run.code == code);
  CHECK(run.err.starts_with(program + ": "));
  CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
  CHECK(run.err.ends_with("\n"));
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(test::has(run.err, part));
  }
}

/// A copy of the small stream in `folder`.
std::string copy_of_stream(const TemporaryFolder& folder) {
  fs::copy(test::small_stream(), folder.path("stream"), fs::copy_options::recursive);
  return folder.path("stream");
}

/// A short training of the first task; `more` comes last.
Arguments training(const std::string& stream, const std::string& output, const Arguments& more = {}) {
  Arguments words{"--data", stream, "--output", output, "--epochs", "1", "--tasks", test::first_task};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The id of the first item in an annotation file: the first eight digits between quotes.
std::string first_item(const std::string& json) {
  const std::string text = test::read_whole(json);
  const std::size_t at = text.find_first_of("0123456789");
  return text.substr(at, text.find('"', at) - at);
}

/// Weights of a tiny model and their vocabulary, made once by a training of the small stream.
const std::string& trained() {
  static const TemporaryFolder folder;
  static const std::string path = [] {
    const Arguments quick{"--batch-size", "15", "--no-augment", "--strategy", "seqf"};
    const auto run = test::run_program("continual_pretrain", training(test::small_stream(), folder.path("run"), quick));
    REQUIRE_MESSAGE(run.code == 0, run.err);
    return folder.path("run");
  }();
  return path;
}
std::string weights() { return trained() + "/task_00.safetensors"; }

/// The weights with the bytes from `begin` on replaced.
std::string damaged_weights(const TemporaryFolder& folder, std::size_t begin, const std::string& bytes) {
  return folder.write("damaged.safetensors", test::read_whole(weights()).replace(begin, bytes.size(), bytes));
}

/// Offset of a tensor's numbers in the weight file.
std::size_t begin_of(const std::string& tensor) {
  const std::string file = test::read_whole(weights());
  std::size_t header = 0;
  for (std::size_t i = 8; i-- > 0;) header = header * 256 + static_cast<unsigned char>(file[i]);
  const std::string key = "\"data_offsets\":[";
  const std::size_t at = file.find(key, file.find("\"" + tensor + "\":")) + key.size();
  return 8 + header + std::stoul(file.substr(at, 20));
}

}  // namespace

TEST_CASE("programs: an option's value out of range is refused by the option's name with exit code 2") {
  const TemporaryFolder folder;
  const std::string stream = test::small_stream(), out = folder.path("out");
  const auto refuse = [&](const Arguments& more, const Arguments& parts) {
    check_complaint("continual_pretrain", training(stream, out, more), usage, parts);
  };
  refuse({"--strategy", "cpt"}, {"--strategy", "'cpt'", "did you mean", "ctp"});
  refuse({"--allow", "seed"}, {"--allow", "expected --resume"});
  refuse({"--checkpoint-every", "30x"}, {"--checkpoint-every", "30m", "never", "30x"});
  refuse({"--checkpoint-every", "0"}, {"--checkpoint-every", "a number of steps"});
  refuse({"--keep", "1"}, {"--keep", "from 2", "'1'"});
  refuse({"--device", "cuda"}, {"--device cuda", "use --device cpu"});
  refuse({"--device", "tpu"}, {"--device", "tpu", "cpu or cuda"});
  refuse({"--precision", "bf16"}, {"--precision bf16", "fp32 on the CPU"});
  refuse({"--model", "huge"}, {"--model", "'huge'", "tiny, small or base"});
  refuse({"--batch-size", "20"}, {"--batch-size", test::first_task, "18", "found 20", "smaller batch"});
  refuse({"--max-words", "65"}, {"--max-words", "64 positions", "found 65", "fewer words"});
  refuse({"--image-size", "60"}, {"image", "multiple of the patch size 8", "found 60", "--image-size"});
  refuse({"--set", "epochs=many"}, {"--set", "epochs", "a whole number", "'many'"});
  refuse({"--lr", "0"}, {"--lr", "above 0", "--help"});
  refuse({"--bogus"}, {"--bogus", "--help"});
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("programs: a negative number, or one that is not finite, is refused and never taken for the default") {
  const TemporaryFolder folder;
  const std::string stream = test::small_stream(), out = folder.path("out");
  const auto refuse = [&](Arguments more, const Arguments& parts) {
    more.insert(more.end(), {"--tasks", test::first_task});
    more.insert(more.end(), {"--data", stream, "--output", out});
    check_complaint("continual_pretrain", more, usage, parts);
  };
  const Arguments options{"--lr",          "--min-lr",     "--dropout",  "--weight-decay", "--epochs",
                          "--batch-size",  "--image-size", "--queue",    "--threads",      "--workers",
                          "--memory-size", "--log-every",  "--max-words"};
  for (const std::string& option : options) refuse({option, "-1"}, {option, "a ", "'-1'", "default"});
  refuse({"--lr", "-0.1"}, {"--lr", "'-0.1'"});
  for (const char* number : {"nan", "inf", "-inf"})
    for (const char* option : {"--lr", "--min-lr", "--dropout", "--weight-decay"})
      refuse({option, number}, {option, "a finite number", number});
  refuse({"--set", "dropout=-1"}, {"--set", "dropout", "from 0 to below 1", "'-1'"});
  refuse({"--set", "model.temp=nan"}, {"--set", "model.temp", "a finite number", "'nan'"});
  const std::string file = folder.write("negative.json", R"({"epochs": -3})");
  refuse({"--config", file}, {file, "epochs", "from 1 to 65536", "'-3'"});
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("programs: settings of policies that are out of range are refused before anything is trained") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out");
  const auto refuse = [&](Arguments more, const Arguments& parts) {
    more.insert(more.end(), {"--batch-size", "15"});
    check_complaint("continual_pretrain", training(test::small_stream(), out, more), usage, parts);
    CHECK_FALSE(fs::exists(out + "/metrics.jsonl"));
    more.push_back("--dry-run");
    check_complaint("continual_pretrain", training(test::small_stream(), out, more), usage, parts);
  };
  for (const char* strategy : {"er", "mof", "kmeans"})
    refuse({"--strategy", strategy, "--set", "rehearsal.budget=-1"}, {"rehearsal.budget", "0 or more", "found -1"});
  refuse({"--set", "momentum.decay=nan"}, {"--set", "momentum.decay", "a finite number", "'nan'"});
  refuse({"--set", "momentum.decay=inf"}, {"--set", "momentum.decay", "a finite number", "'inf'"});
}

TEST_CASE("programs: with --init, assigned sizes must equal the file's, and other settings of the model hold") {
  const TemporaryFolder folder;
  const std::string vocabulary = trained() + "/vocab.txt", out = folder.path("out");
  const auto words = [&](const Arguments& more) {
    Arguments all = training(test::small_stream(), out,
                             {"--init", weights(), "--vocab", vocabulary, "--batch-size", "15", "--no-augment"});
    all.insert(all.end(), {"--strategy", "seqf"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const auto refuse = [&](const Arguments& more, const Arguments& parts) {
    check_complaint("continual_pretrain", words(more), usage, parts);
    CHECK_FALSE(fs::exists(out));
  };
  refuse({"--image-size", "32"}, {"--image-size", "the 64 of " + weights(), "'32'", "leave it out"});
  refuse({"--set", "model.vision_width=48"}, {"--set", "model.vision_width", "of " + weights(), "'48'", "--init"});
  refuse({"--set", "model.vision_heads=1"}, {"--set", "model.vision_heads", "of " + weights()});
  const std::string file = folder.write("sizes.json", R"({"model": "tiny", "image_size": 32})");
  refuse({"--config", file}, {file, "image_size", "the 64 of " + weights(), "'32'"});

  const auto run = test::run_program(
      "continual_pretrain", words({"--image-size", "64", "--set", "model.temp=0.5", "--set", "model.distill_temp=2",
                                   "--set", "model.dropout=0.25", "--queue", "30"}));
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const std::string config = test::read_whole(out + "/config.json");
  for (const char* line : {"\"model.temp\": 0.5,", "\"model.distill_temp\": 2,", "\"model.dropout\": 0.25",
                           "\"dropout\": 0.25,", "\"queue\": 30,", "\"model.queue\": 30,", "\"image_size\": 64,"}) {
    CAPTURE(line);
    CHECK(test::has(config, line));
  }
}

TEST_CASE("programs: config.json gives the same settings again, for any seed, and later assignments override it") {
  const TemporaryFolder folder;
  const Arguments quick{"--batch-size", "15", "--no-augment", "--strategy", "seqf", "--image-size", "32"};
  for (const char* seed : {"18446744073709551615", "9007199254740993"}) {
    CAPTURE(seed);
    const std::string first = folder.path(std::string("first") + seed),
                      again = folder.path(std::string("again") + seed);
    Arguments words = training(test::small_stream(), first, quick);
    words.insert(words.end(), {"--seed", seed});
    auto run = test::run_program("continual_pretrain", words);
    REQUIRE_MESSAGE(run.code == 0, run.err);
    run = test::run_program("continual_pretrain", {"--config", first + "/config.json", "--output", again});
    REQUIRE_MESSAGE(run.code == 0, run.err);
    const std::string config = test::read_whole(first + "/config.json");
    CHECK(test::has(config, "\"seed\": " + std::string(seed) + ","));
    CHECK(test::read_whole(again + "/config.json") == config);
  }
}

TEST_CASE("programs: the command line overrides config.json, also for the model's sizes") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out");
  const Arguments said{"--config", trained() + "/config.json", "--image-size", "40"};
  const auto run = test::run_program("continual_pretrain", training(test::small_stream(), out, said));
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const std::string config = test::read_whole(out + "/config.json");
  CHECK(test::has(config, "\"image_size\": 40,"));
  CHECK(test::has(config, "\"model.image\": 40,"));
  const std::string file = folder.write("spelled.json", R"({"epochs": 2e0, "batch_size": 15, "lr": 1})");
  const auto spelled = test::run_program("continual_pretrain", {"--config", file, "--data", test::small_stream(),
                                                                "--tasks", test::first_task, "--dry-run"});
  CHECK_MESSAGE(spelled.code == 0, spelled.err);
  CHECK(test::has(spelled.out, "2 epochs each, in batches of 15"));
}

TEST_CASE("programs: a task that is not in the folder is refused with exit code 2") {
  const TemporaryFolder folder;
  check_complaint("continual_pretrain",
                  {"--data", test::small_stream(), "--output", folder.path("out"), "--tasks", "家居用具"}, usage,
                  {"tasks", "\"家居用具\"", test::first_task});
  check_complaint("continual_pretrain", {"--output", folder.path("out")}, usage, {"--data", "--help"});
  check_complaint("continual_pretrain", {"--data", test::small_stream()}, usage, {"--output", "--help"});
}

TEST_CASE("programs: an unknown key of --set or of a configuration file is refused with a suggestion") {
  const TemporaryFolder folder;
  const std::string stream = test::small_stream(), out = folder.path("out");
  const auto refuse = [&](const Arguments& more, const Arguments& parts) {
    check_complaint("continual_pretrain", training(stream, out, more), usage, parts);
  };
  refuse({"--set", "model.vision_widht=96"}, {"--set", "model.vision_widht", "did you mean", "model.vision_width"});
  refuse({"--set", "nonsense"}, {"--set", "key=value", "'nonsense'"});
  // Keys of policies are known only when the strategy is built; the output folder must still serve the next attempt.
  const auto refuse_late = [&](Arguments more, const Arguments& parts) {
    more.insert(more.end(), {"--batch-size", "15"});
    refuse(more, parts);
    CHECK_FALSE(fs::exists(out + "/metrics.jsonl"));
  };
  refuse_late({"--set", "momentum.decya=0.5"}, {"--set", "momentum.decya", "did you mean", "momentum.decay"});
  refuse_late({"--set", "epcohs=3"}, {"--set", "epcohs", "did you mean", "epochs"});
  refuse_late({"--strategy", "seqf", "--set", "momentum.decay=0.5"}, {"--set", "momentum.decay", "a setting of ctp"});
  refuse_late({"--set", "momentum.decay=half"}, {"--set", "momentum.decay", "a number", "'half'"});
  refuse_late({"--set", "schedule.warmup_steps=-1"}, {"schedule.warmup_steps", "0 or more steps", "-1"});

  const std::string unknown =
      folder.write("unknown.json", "{\"model\": \"tiny\", // fine\n \"momentum\": {\"decya\": 1}}");
  refuse_late({"--config", unknown}, {unknown, "momentum.decya", "momentum.decay"});
  const std::string broken = folder.write("broken.json", "{\"model\": \"tiny\",\n \"epochs\" 3}");
  refuse({"--config", broken}, {broken, "line 2"});
  const std::string yaml = folder.write("odd.yaml", "max_epoch: 3\nbatch_size_trian: 8\n");
  refuse({"--config", yaml}, {yaml, "batch_size_trian", "JSON"});
  refuse({"--config", folder.path("none.json")}, {folder.path("none.json"), "check the path"});
}

TEST_CASE("programs: a folder that is missing or lacks pairs is refused with exit code 3") {
  const TemporaryFolder folder;
  const std::string nowhere = folder.path("nowhere"), out = folder.path("out");
  check_complaint("continual_pretrain", training(nowhere, out), data, {nowhere + "/json/train.json", "check the path"});
  check_complaint("evaluate", {"--data", nowhere, "--weights", weights()}, data,
                  {nowhere + "/json/train.json", "check the path"});

  const std::string stream = copy_of_stream(folder);
  folder.write("stream/json/train.json", R"({"家居用品":{}})");
  check_complaint("continual_pretrain", training(stream, out), data,
                  {"train.json", test::first_task, "at least one pair", "remove the industry"});
  folder.write("stream/json/train.json", R"({"家居用品":{"1":{"title":"tea"},}})");
  check_complaint("continual_pretrain", training(stream, out), data, {"train.json", "line 1"});
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("programs: a picture that is missing, truncated or no picture is refused by its file name with exit code 3") {
  const TemporaryFolder folder;
  const std::string stream = copy_of_stream(folder);
  const Arguments quick{"--batch-size", "15", "--strategy", "seqf"};
  const auto break_picture = [&](const std::string& name, const std::string& program, const Arguments& arguments) {
    const std::string picture = stream + name, whole = test::read_whole(picture);
    const auto refuse = [&](const Arguments& parts) {
      fs::remove_all(folder.path("out"));
      check_complaint(program, arguments, data, parts);
    };
    folder.write("stream" + name, "<!DOCTYPE html><html><body>Too many requests</body></html>");
    refuse({picture, "JPEG or PNG", "an HTML page", "convert it"});
    folder.write("stream" + name, whole.substr(0, whole.size() / 2));
    refuse({picture, "intact JPEG", "truncated", "fetch the file again"});
    folder.write("stream" + name, "");
    refuse({picture, "empty"});
    fs::remove(picture);
    refuse({picture, "check the path"});
    folder.write("stream" + name, whole);
  };
  const std::string train = "/train_images/" + first_item(stream + "/json/train.json") + ".jpg";
  Arguments arguments = training(stream, folder.path("out"), quick);
  for (const std::string& workers : std::vector<std::string>{"0", "2"}) {
    arguments.insert(arguments.end(), {"--workers", workers});
    break_picture(train, "continual_pretrain", arguments);
    arguments.resize(arguments.size() - 2);
  }
  const std::string test_picture = "/gallery_images/" + first_item(stream + "/json/test.json") + ".jpg";
  break_picture(test_picture, "evaluate", {"--data", stream, "--weights", weights()});
}

TEST_CASE("programs: a vocabulary without [MASK], or of another size than the weights', is refused with exit code 3") {
  const TemporaryFolder folder;
  std::string words = test::read_whole(trained() + "/vocab.txt");
  const std::string longer = folder.write("longer.txt", words + "unheard-of\n");
  words.erase(words.find("[MASK]\n"), 7);
  const std::string maskless = folder.write("maskless.txt", words);
  const std::string stream = test::small_stream(), out = folder.path("out");
  check_complaint("continual_pretrain", training(stream, out, {"--vocab", maskless}), data,
                  {maskless, "[MASK]", "add the line"});
  check_complaint("continual_pretrain", training(stream, out, {"--vocab", longer, "--init", weights()}), data,
                  {weights(), "vocabulary", "--vocab"});
  check_complaint("evaluate", {"--data", stream, "--weights", weights(), "--vocab", maskless}, data,
                  {maskless, "[MASK]"});
  check_complaint("evaluate", {"--data", stream, "--weights", weights(), "--vocab", longer}, data,
                  {longer, "the vocabulary of these weights"});
  check_complaint("evaluate", {"--data", stream, "--weights", weights(), "--vocab", folder.path("none.txt")}, data,
                  {"none.txt", "no such file"});
}

TEST_CASE("programs: weights that are missing, cut, altered or not finite are refused with exit code 3") {
  const TemporaryFolder folder;
  const std::string stream = test::small_stream(), vocabulary = trained() + "/vocab.txt";
  const auto refuse = [&](const std::string& file, const Arguments& parts) {
    CAPTURE(file);
    const Arguments init{"--vocab", vocabulary, "--init", file, "--batch-size", "15"};
    check_complaint("continual_pretrain", training(stream, folder.path("out"), init), data, parts);
    check_complaint("evaluate", {"--data", stream, "--weights", file, "--vocab", vocabulary}, data, parts);
  };
  const std::string missing = folder.path("none.safetensors");
  refuse(missing, {missing, "check the path"});
  const std::string cut = folder.write("cut.safetensors", test::read_whole(weights()).substr(0, 100000));
  refuse(cut, {cut, "fetch or write it again"});
  const std::string page = folder.write("page.safetensors", "<!DOCTYPE html><html><body>Not found</body></html>");
  refuse(page, {page, "a web page (HTML)", "fetch the file again"});
  refuse(damaged_weights(folder, 40, "\xFF"), {"damaged.safetensors", "header", "UTF-8", "fetch or write it again"});
  refuse(damaged_weights(folder, begin_of("vision_proj.bias"), std::string("\0\0\xC0\x7F", 4)),
         {"damaged.safetensors", "vision_proj.bias", "finite"});
}

TEST_CASE(
    "programs: a temperature that contradicts the weights' own is refused; one that only the weights have holds") {
  const TemporaryFolder folder;
  const std::string stream = test::small_stream(), vocabulary = trained() + "/vocab.txt";
  const std::string five_hundredths = {'\xCD', '\xCC', '\x4C', '\x3D'};  // 0.05 in float32
  const std::string other = damaged_weights(folder, begin_of("temp"), five_hundredths);
  const auto init = [&](const std::string& out, const Arguments& more) {
    Arguments words =
        training(stream, folder.path(out), {"--vocab", vocabulary, "--init", other, "--batch-size", "15"});
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const Arguments contradiction{other, "tensor temp", "the 0.07 of metadata 'config'", "found 0.05",
                                "remove the tensor"};
  check_complaint("continual_pretrain", init("out", {}), data, contradiction);
  check_complaint("evaluate", {"--data", stream, "--weights", other, "--vocab", vocabulary}, data, contradiction);

  std::string file = test::read_whole(other);
  folder.write("damaged.safetensors", file.replace(file.find("\"config\""), 8, "\"konfig\""));
  const Arguments heads{"--set", "model.vision_heads=3", "--set", "model.text_heads=3"};
  const auto with_heads = [&](Arguments more) {
    more.insert(more.end(), heads.begin(), heads.end());
    return more;
  };
  check_complaint("continual_pretrain", init("out", with_heads({"--set", "model.temp=0.07"})), usage,
                  {"--set", "model.temp", "the 0.05 of " + other, "'0.07'", "leave it out"});
  for (const Arguments& more : {Arguments{}, Arguments{"--set", "model.temp=0.05"}}) {
    const std::string out = more.empty() ? "told" : "agreed";
    const auto run = test::run_program("continual_pretrain", init(out, with_heads(more)));
    REQUIRE_MESSAGE(run.code == 0, run.err);
    CHECK(test::read_whole(folder.path(out) + "/config.json").find("\"model.temp\": 0.05,") != std::string::npos);
  }
}

TEST_CASE("programs: evaluate refuses options that contradict the weights with exit code 2") {
  const std::string stream = test::small_stream();
  const auto refuse = [&](const Arguments& more, const Arguments& parts) {
    Arguments words{"--data", stream, "--weights", weights()};
    words.insert(words.end(), more.begin(), more.end());
    check_complaint("evaluate", words, usage, parts);
  };
  refuse({"--max-words", "65"}, {"--max-words", "64 positions", "found 65"});
  refuse({"--image-size", "32"}, {"--image-size", "the model's 64", "leave the option out"});
  refuse({"--image-size", "-1"}, {"--image-size", "the model's 64", "found -1"});
  refuse({"--threads", "-2"}, {"--threads", "from 0 to 1024", "found -2", "all cores"});
  refuse({"--workers", "-1"}, {"--workers", "from 0 to 1024", "found -1"});
  refuse({"--device", "cuda"}, {"--device cuda", "use --device cpu"});
  refuse({"--batch-size", "0"}, {"--batch-size", "found 0"});
  check_complaint("evaluate", {"--data", stream}, usage, {"--weights", "--help"});
}

TEST_CASE("programs: nothing of an earlier run is overwritten") {
  const std::string before = test::read_whole(trained() + "/metrics.jsonl");
  check_complaint("continual_pretrain", training(test::small_stream(), trained(), {"--batch-size", "15"}), usage,
                  {"--output", trained(), "metrics.jsonl", "choose another folder"});
  CHECK(before == test::read_whole(trained() + "/metrics.jsonl"));
  CHECK(test::has(before, "\"kind\":\"summary\""));
}

TEST_CASE("programs: conformance refuses a file that is not a record") {
  const TemporaryFolder folder;
  const std::string missing = folder.path("none.safetensors");
  check_complaint("conformance", {missing}, data, {missing, "check the path"});
  const std::string cut = folder.write("cut.safetensors", test::read_whole(weights()).substr(0, 100000));
  check_complaint("conformance", {cut}, data, {cut, "fetch or write it again"});
  check_complaint("conformance", {weights()}, data, {weights()});
  check_complaint("conformance", {missing, "--device", "cuda"}, usage, {"--device cuda", "use --device cpu"});
  check_complaint("conformance", {}, usage, {"records", "--help"});
}

TEST_CASE("programs: make_stream refuses unusable sizes, keys and folders") {
  const TemporaryFolder folder;
  const std::string out = folder.path("out"), file = folder.write("file", "text");
  check_complaint("make_stream", {}, usage, {"--output", "--help"});
  check_complaint("make_stream", {"--output", out, "--train", "3"}, usage, {"train", "found 3"});
  check_complaint("make_stream", {"--output", out, "--train", "many"}, usage, {"--train", "many"});
  check_complaint("make_stream", {"--output", out, "--set", "unheard=1"}, usage,
                  {"--set", "unheard", "held_out_every"});
  check_complaint("make_stream", {"--output", file}, usage, {file, "choose another path"});
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("programs: every program has --help") {
  for (const std::string& name :
       std::vector<std::string>{"continual_pretrain", "evaluate", "conformance", "make_stream", "inspect"}) {
    CAPTURE(name);
    const auto run = test::run_program(name, {"--help"});
    CHECK(run.code == 0);
    CHECK(run.err.empty());
    CHECK(test::has(run.out, "--help"));
  }
}
