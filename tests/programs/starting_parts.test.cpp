// --init with published encoders: one file or several, with a report of what was taken and what starts fresh.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <ctp/io/weights/open_weights.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "data/temporary_folder.hpp"
#include "programs/program.hpp"

namespace {

using Arguments = std::vector<std::string>;
using test::has;
using test::TemporaryFolder;

const std::string golden = std::string(CTP_GOLDEN_DIR) + "/published/";
const std::string image_file = golden + "deit.pth", text_file = golden + "bert.bin";
const Arguments heads{"--set", "model.vision_heads=2", "--set", "model.text_heads=2"};

/// A vocabulary with as many tokens as the text encoder has word embeddings.
std::string vocabulary(const TemporaryFolder& folder, int tokens = 29) {
  std::string text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (int i = 5; i < tokens; ++i) text += static_cast<char>('a' + i - 5) + std::string("\n");
  return folder.write("vocabulary" + std::to_string(tokens) + ".txt", text);
}
test::Finished start_from(const std::string& init, const TemporaryFolder& folder, const Arguments& more) {
  Arguments words{"--data",
                  test::small_stream(),
                  "--output",
                  folder.path("run"),
                  "--tasks",
                  test::first_task,
                  "--epochs",
                  "1",
                  "--batch-size",
                  "8",
                  "--workers",
                  "0",
                  "--threads",
                  "1",
                  "--strategy",
                  "seqf",
                  "--max-words",
                  "10",
                  "--max-unknown-share",
                  "1",
                  "--init",
                  init};
  words.insert(words.end(), more.begin(), more.end());
  return test::run_program("continual_pretrain", words);
}
Arguments with(Arguments words, const Arguments& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}
void check_refused(const test::Finished& run, int code, const Arguments& parts) {
  CAPTURE(run.err);
  CHECK(run.code == code);
  for (const std::string& part : parts) {
    CAPTURE(part);
    CHECK(has(run.err, part));
  }
}

}  // namespace

TEST_CASE("programs: a training starts from a DeiT and a BERT, and reports what it took") {
  const TemporaryFolder folder;
  const Arguments more = with(heads, {"--vocab", vocabulary(folder), "--lr", "1e-30", "--min-lr", "0"});
  const auto run = start_from(image_file + "," + text_file, folder, more);
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CAPTURE(run.out);
  CHECK(has(run.out, image_file + ": PyTorch archive, DeiT and timm's ViT; tensors used: 30; not used: head.weight, "
                                  "head.bias\n"));
  CHECK(has(run.out, text_file + ": PyTorch archive, BERT of Hugging Face with 'bert.'; tensors used: "));
  CHECK(has(run.out, "cls.seq_relationship.weight"));
  CHECK(has(run.out, "start fresh, since no file has them: projections; temperature and queues\n"));
  CHECK(has(run.out, "sizes that no file tells, of --model: model.fusion_layer 2, model.embed 64, model.queue "));
  const ctp::TensorFile trained = ctp::io::read_safetensors(folder.path("run/task_00.safetensors"));
  const ctp::TensorFile image = ctp::io::read_weight_file(image_file), text = ctp::io::read_weight_file(text_file);
  CHECK(trained.at("visual_encoder.blocks.1.mlp.fc2.weight").bytes == image.at("blocks.1.mlp.fc2.weight").bytes);
  CHECK(trained.at("text_mlm_encoder.bert.embeddings.LayerNorm.weight").bytes ==
        text.at("bert.embeddings.LayerNorm.gamma").bytes);
  CHECK(has(test::read_whole(folder.path("run/config.json")), "deit.pth," + text_file));
  const auto again = test::run_program("continual_pretrain", {"--config", folder.path("run/config.json"), "--dry-run"});
  CHECK_MESSAGE(again.code == 0, again.err);
  const std::string whole = folder.path("run/task_00.safetensors");
  check_refused(start_from(whole + "," + image_file, folder, with(more, {"--dry-run"})), 3,
                {whole, "metadata 'config'", "those of a whole model; give this file alone"});
}

TEST_CASE(
    "programs: cross-attention starts fresh where layers of the text encoder have it, in any order of the files") {
  const TemporaryFolder folder;
  const Arguments more = with(heads, {"--vocab", vocabulary(folder), "--dry-run", "--set", "model.fusion_layer=1"});
  for (const std::string& init : {text_file + "," + image_file, image_file + "," + golden + "bert.safetensors"}) {
    const auto run = start_from(init, folder, more);
    REQUIRE_MESSAGE(run.code == 0, run.err);
    CHECK_MESSAGE(has(run.out, "cross-attention of the text layers 1 to 1; projections; temperature and queues\n"),
                  run.out);
    CHECK_FALSE(has(run.out, "model.fusion_layer 1,"));
  }
  const auto json = start_from(text_file + "," + image_file, folder, with(more, {"--json"}));
  CHECK(has(json.err, "continual_pretrain: note: start fresh"));
}

TEST_CASE("programs: one published encoder alone, the other side fresh") {
  const TemporaryFolder folder;
  const auto image = start_from(image_file, folder, {"--set", "model.vision_heads=2", "--dry-run"});
  REQUIRE_MESSAGE(image.code == 0, image.err);
  CHECK_MESSAGE(has(image.out,
                    "start fresh, since no file has them: cross-attention of the text layers 2 to 3; text "
                    "encoder; projections; temperature and queues\n"),
                image.out);
  CHECK(has(image.out, "model.text_heads 3"));
  const auto text =
      start_from(text_file, folder, {"--set", "model.text_heads=2", "--vocab", vocabulary(folder), "--dry-run"});
  REQUIRE_MESSAGE(text.code == 0, text.err);
  CHECK_MESSAGE(has(text.out, "start fresh, since no file has them: image encoder; projections"), text.out);
}

TEST_CASE("programs: numbers of heads are width / 64 of published layouts") {
  const TemporaryFolder folder;
  const ctp::TensorFile source = ctp::io::read_weight_file(image_file);
  ctp::TensorFile wide;  // zeros, of four times the width
  const auto widened = [](std::int64_t n) { return n % 32 == 0 ? 4 * n : n; };
  for (const ctp::NamedTensor& tensor : source.tensors) {
    std::vector<std::int64_t> shape;
    for (const std::int64_t n : tensor.shape) shape.push_back(widened(n));
    const std::vector<float> zeros(*ctp::checked_element_count(shape));
    wide.tensors.push_back(ctp::make_named(tensor.name, shape, std::span<const float>(zeros)));
  }
  ctp::io::write_safetensors(folder.path("wide.safetensors"), wide);
  const auto run = start_from(folder.path("wide.safetensors"), folder, {"--dry-run"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK_MESSAGE(has(run.out,
                    "model.vision_heads is 2: width 128 / 64, as in published models; --set "
                    "model.vision_heads=N replaces it\n"),
                run.out);
  const auto other =
      start_from(folder.path("wide.safetensors"), folder, {"--dry-run", "--set", "model.vision_heads=4"});
  REQUIRE_MESSAGE(other.code == 0, other.err);
  CHECK_FALSE(has(other.out, "model.vision_heads"));
}

TEST_CASE("programs: a chosen image size interpolates the positions of the image encoder, as timm") {
  const TemporaryFolder folder;
  const Arguments more{"--set", "model.vision_heads=2", "--lr", "1e-30", "--min-lr", "0"};
  const std::string line =
      "positions of the image encoder interpolated from 2 x 2 to 3 x 3 patches (bicubic, as timm)\n";
  const auto run = start_from(image_file, folder, with(more, {"--set", "model.image=24"}));
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK_MESSAGE(has(run.out, line), run.out);
  const ctp::TensorFile trained = ctp::io::read_safetensors(folder.path("run/task_00.safetensors"));
  const ctp::NamedTensor& found = trained.at("visual_encoder.pos_embed");
  CHECK(found.shape == std::vector<std::int64_t>{1, 10, 32});
  const std::vector<double> ours = found.as_doubles();
  const std::vector<double> theirs =
      ctp::io::read_weight_file(golden + "positions.safetensors").at("deit_for_24").as_doubles();
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) CHECK(std::abs(ours[i] - theirs[i]) < 1e-5);
  const auto again = test::run_program("continual_pretrain", {"--config", folder.path("run/config.json"), "--dry-run"});
  REQUIRE_MESSAGE(again.code == 0, again.err);
  CHECK(has(again.out, line));
  const auto option = start_from(image_file, folder, with(more, {"--image-size", "24", "--dry-run"}));
  CHECK_MESSAGE(has(option.out, line), option.err);
  for (const Arguments& same : {Arguments{}, Arguments{"--image-size", "16"}}) {
    const auto kept = start_from(image_file, folder, with(with(more, same), {"--dry-run"}));
    CHECK_MESSAGE(kept.code == 0, kept.err);
    CHECK_FALSE(has(kept.out, "interpolated"));
  }
}

TEST_CASE("programs: a smaller number of positions of a text keeps the first ones to the bit") {
  const TemporaryFolder folder;
  const Arguments more = with(heads, {"--vocab", vocabulary(folder), "--lr", "1e-30", "--min-lr", "0"});
  const auto run = start_from(image_file + "," + text_file, folder, with(more, {"--set", "model.positions=10"}));
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK_MESSAGE(has(run.out, "positions of the text encoder cut from 12 to the first 10\n"), run.out);
  const char* const name = "bert.embeddings.position_embeddings.weight";
  const ctp::NamedTensor found =
      ctp::io::read_safetensors(folder.path("run/task_00.safetensors")).at(std::string("text_mlm_encoder.") + name);
  std::vector<std::byte> first = ctp::io::read_weight_file(text_file).at(name).bytes;
  first.resize(first.size() / 12 * 10);
  CHECK(found.shape == std::vector<std::int64_t>{10, 32});
  CHECK(found.bytes == first);
  const Arguments twelve{"--set", "model.positions=12", "--dry-run"};
  const auto all = start_from(image_file + "," + text_file, folder, with(more, twelve));
  CHECK_MESSAGE(all.code == 0, all.err);
  CHECK_FALSE(has(all.out, "cut from"));
}

TEST_CASE("programs: starting weights that do not fit are refused before anything is written") {
  const TemporaryFolder folder;
  const std::string both = image_file + "," + text_file, vocab = vocabulary(folder);
  const auto refuse = [&](const std::string& init, const Arguments& more, int code, const Arguments& parts) {
    check_refused(start_from(init, folder, more), code, parts);
    CHECK_FALSE(std::filesystem::exists(folder.path("run")));
  };
  const Arguments given = with(heads, {"--vocab", vocab});
  refuse(both, {"--vocab", vocab}, 3,
         {both, "number of heads", "a multiple of 64, found width 32", "give model.vision_heads with --set"});
  refuse(both, heads, 2, {"--vocab", golden + "vocab.txt"});
  refuse(both, with(heads, {"--vocab", vocabulary(folder, 28)}), 3, {"vocabulary28.txt", "29 tokens, found 28"});
  refuse(both, with(given, {"--image-size", "20"}), 2, {"model.image", "a multiple of the patch size 8, found 20"});
  refuse(both, with(given, {"--set", "model.patch=4", "--image-size", "32"}), 2, {"model.patch", "the 8 of " + both});
  refuse(image_file + "," + image_file, given, 3, {image_file, "a tensor that no other file has"});
  refuse(golden + "bare.safetensors", given, 3, {"bare.safetensors", "5 missing: text_mlm_encoder.cls.predictions"});
  refuse(golden + "expected.safetensors", given, 3,
         {"expected.safetensors", "names of tensors", "DeiT and timm's ViT"});
  refuse(image_file + "," + folder.path("none.bin"), given, 3, {folder.path("none.bin")});
  refuse(both, with(given, {"--set", "model.vision_depth=3"}), 2, {"model.vision_depth", "the 2 of " + both});
  refuse(both, with(given, {"--set", "model.fusion_layer=3"}), 2, {"fusion_layer", "at most text_layers 2"});
  refuse(both, with(given, {"--set", "model.positions=13"}), 2,
         {"model.positions", "at most the 12 of " + both, "each position of a text is learned by itself"});
  refuse(both, with(given, {"--set", "model.positions=9"}), 2, {"--max-words", "at most the model's 9 positions"});
  ctp::TensorFile uneven = ctp::io::read_weight_file(image_file);
  for (ctp::NamedTensor& tensor : uneven.tensors)
    if (tensor.name == "pos_embed")
      tensor = ctp::make_named(tensor.name, {1, 4, 32}, std::span<const float>(tensor.as_floats()).first(128));
  ctp::io::write_safetensors(folder.path("uneven.safetensors"), uneven);
  refuse(folder.path("uneven.safetensors"), with(given, {"--image-size", "24"}), 3,
         {"uneven.safetensors: tensor visual_encoder.pos_embed", "a class token and the patches of a square picture",
          "found [1,4,32]"});
  ctp::TensorFile narrow = ctp::io::read_weight_file(image_file);
  for (ctp::NamedTensor& tensor : narrow.tensors)
    if (tensor.name == "pos_embed")
      tensor = ctp::make_named(tensor.name, {1, 5, 16}, std::span<const float>(tensor.as_floats()).first(80));
  ctp::io::write_safetensors(folder.path("narrow.safetensors"), narrow);
  refuse(
      folder.path("narrow.safetensors"), with(given, {"--image-size", "24"}), 3,
      {"narrow.safetensors: tensor visual_encoder.pos_embed", "positions of the encoder's width 32, found [1,5,16]"});
  ctp::TensorFile gap = ctp::io::read_weight_file(image_file);
  std::erase_if(gap.tensors, [](const auto& tensor) { return tensor.name.starts_with("blocks.0."); });
  ctp::io::write_safetensors(folder.path("gap.safetensors"), gap);
  refuse(folder.path("gap.safetensors"), given, 3,
         {"gap.safetensors", "12 missing: visual_encoder.blocks.0.norm1.weight"});
}

TEST_CASE("programs: a configuration names several files, relative to its folder") {
  const TemporaryFolder folder;
  std::filesystem::copy_file(image_file, folder.path("d.pth"));
  std::filesystem::copy_file(text_file, folder.path("b.bin"));
  std::filesystem::copy_file(vocabulary(folder), folder.path("vocab.txt"));
  const auto run = [&](const std::string& init) {
    const std::string config = folder.write(
        "c.json", "{\"data\": \"" + test::small_stream() + "\", \"init\": \"" + init +
                      "\", \"max_words\": 10, \"max_unknown_share\": 1, \"batch_size\": 8, \"strategy\": \"seqf\", "
                      "\"model\": {\"vision_heads\": 2, \"text_heads\": 2}}");
    return test::run_program("continual_pretrain", {"--config", config, "--output", folder.path("run"), "--dry-run",
                                                    "--threads", "1", "--tasks", test::first_task});
  };
  const auto found = run("d.pth,b.bin");
  REQUIRE_MESSAGE(found.code == 0, found.err);
  CHECK(has(found.out, "vocabulary: " + folder.path("vocab.txt") + ", beside the starting weights\n"));
  check_refused(run("d.pth,c.bin"), 3, {"c.json", "init", folder.path("c.bin")});
}
