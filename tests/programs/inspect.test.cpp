// inspect lists what weight files hold, and what a training would take from them, without reading their tensors.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "data/temporary_folder.hpp"
#include "io/weights/hex_lines.hpp"
#include "programs/program.hpp"
#include "support/sanitizers.hpp"

namespace {

using Arguments = std::vector<std::string>;
using Json = nlohmann::json;
using Shape = std::vector<std::int64_t>;
using test::has;
using test::TemporaryFolder;

const std::string golden = std::string(CTP_GOLDEN_DIR) + "/";
const std::string image_file = golden + "published/deit.pth", text_file = golden + "published/bert.bin";

/// The output of inspect for people.
std::string text_of(const Arguments& words) {
  const test::Finished run = test::run_program("inspect", words);
  REQUIRE_MESSAGE(run.code == 0, run.err);
  CHECK(run.err.empty());
  return run.out;
}
/// The one JSON object on standard output.
Json json_of(Arguments words) {
  words.emplace_back("--json");
  const std::string text = text_of(words);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  return Json::parse(text);
}
/// Requires one line on standard error, nothing on standard output, and exit code `code`.
std::string refusal(const Arguments& words, int code) {
  const test::Finished run = test::run_program("inspect", words);
  CAPTURE(run.err);
  CHECK(run.code == code);
  CHECK(run.out.empty());
  CHECK(run.err.starts_with("inspect: "));
  CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
  return run.err;
}

/// What is expected of a tensor.
struct Row {
  std::string name, type;
  Shape shape;
  std::uint64_t bytes;
  std::string own;  ///< its name in this project; "-" if it is not used, empty if the file has no layout
};

/// Compares all listed tensors, in any order.
void check_tensors(const Json& file, const std::vector<Row>& rows) {
  std::map<std::string, Json> found;
  for (const Json& tensor : file["tensors"]) found[tensor["name"].get<std::string>()] = tensor;
  CHECK(file["tensors"].size() == rows.size());
  CHECK(file["tensor_count"] == rows.size());
  CHECK(found.size() == rows.size());
  std::uint64_t bytes = 0;
  for (const Row& row : rows) {
    CAPTURE(row.name);
    REQUIRE(found.contains(row.name));
    const Json& tensor = found[row.name];
    CHECK(tensor["type"] == row.type);
    CHECK(tensor["shape"].get<Shape>() == row.shape);
    CHECK(tensor["bytes"] == row.bytes);
    const bool named = !row.own.empty() && row.own != "-";
    CHECK(tensor["own_name"] == (named ? Json(row.own) : Json(nullptr)));
    CHECK(tensor["use"] == (named ? Json("used") : row.own.empty() ? Json(nullptr) : Json("not used")));
    bytes += row.bytes;
  }
  CHECK(file["bytes"] == bytes);
}

/// A tensor in float32, with its name in this project.
Row f32(const std::string& name, const Shape& shape, const std::string& own) {
  std::uint64_t bytes = 4;
  for (const std::int64_t n : shape) bytes *= static_cast<std::uint64_t>(n);
  return {name, "F32", shape, bytes, own};
}
/// Adds weight and bias of a layer.
void add_layer(std::vector<Row>& rows, const std::string& name, const Shape& weight, const std::string& own) {
  rows.push_back(f32(name + ".weight", weight, own == "-" ? own : own + ".weight"));
  rows.push_back(f32(name + ".bias", {weight[0]}, own == "-" ? own : own + ".bias"));
}

/// timm's VisionTransformer of make_published.py: 16 pixels in patches of 8, width 32, depth 2, 3 classes.
std::vector<Row> rows_of_deit() {
  std::vector<Row> rows{f32("cls_token", {1, 1, 32}, "visual_encoder.cls_token"),
                        f32("pos_embed", {1, 5, 32}, "visual_encoder.pos_embed"),
                        f32("patch_embed.proj.weight", {32, 3, 8, 8}, "visual_encoder.patch_embed.proj.weight"),
                        f32("patch_embed.proj.bias", {32}, "visual_encoder.patch_embed.proj.bias")};
  for (const std::string block : {"blocks.0.", "blocks.1."})
    for (const auto& [layer, shape] : {std::pair<std::string, Shape>{"norm1", {32}},
                                       {"attn.qkv", {96, 32}},
                                       {"attn.proj", {32, 32}},
                                       {"norm2", {32}},
                                       {"mlp.fc1", {128, 32}},
                                       {"mlp.fc2", {32, 128}}})
      add_layer(rows, block + layer, shape, "visual_encoder." + block + layer);
  add_layer(rows, "norm", {32}, "visual_encoder.norm");
  add_layer(rows, "head", {3, 32}, "-");
  return rows;
}

/// BertModel of make_published.py: 29 words, width 32, 2 layers, inner width 48, 12 positions. `before`: stands in
/// front of its names.
std::vector<Row> rows_of_bert(const std::string& before) {
  const std::string own = "text_mlm_encoder.bert.";
  std::vector<Row> rows;
  for (const auto& [name, count] : {std::pair<std::string, int>{"word", 29}, {"position", 12}, {"token_type", 2}}) {
    const std::string table = "embeddings." + name + "_embeddings.weight";
    rows.push_back(f32(before + table, {count, 32}, own + table));
  }
  const auto add = [&](const std::string& name, const Shape& shape) {
    add_layer(rows, before + name, shape, own + name);
  };
  add("embeddings.LayerNorm", {32});
  for (const std::string layer : {"encoder.layer.0.", "encoder.layer.1."}) {
    for (const std::string part : {"query", "key", "value"}) add(layer + "attention.self." + part, {32, 32});
    add(layer + "attention.output.dense", {32, 32});
    add(layer + "attention.output.LayerNorm", {32});
    add(layer + "intermediate.dense", {48, 32});
    add(layer + "output.dense", {32, 48});
    add(layer + "output.LayerNorm", {32});
  }
  add_layer(rows, before + "pooler.dense", {32, 32}, "-");
  return rows;
}
/// BertForPreTraining: with heads.
std::vector<Row> rows_of_pretrained_bert() {
  std::vector<Row> rows = rows_of_bert("bert.");
  const std::string head = "cls.predictions.", own = "text_mlm_encoder.cls.predictions.";
  rows.push_back(f32(head + "bias", {29}, own + "bias"));
  add_layer(rows, head + "transform.dense", {32, 32}, own + "transform.dense");
  add_layer(rows, head + "transform.LayerNorm", {32}, own + "transform.LayerNorm");
  add_layer(rows, head + "decoder", {29, 32}, own + "decoder");
  add_layer(rows, "cls.seq_relationship", {2, 32}, "-");
  return rows;
}
/// The same with the old names of layer norms.
std::vector<Row> with_old_names(std::vector<Row> rows) {
  for (Row& row : rows)
    for (const auto& [now, old] : {std::pair<std::string, std::string>{"LayerNorm.weight", "LayerNorm.gamma"},
                                   {"LayerNorm.bias", "LayerNorm.beta"}})
      if (row.name.ends_with(now)) row.name.replace(row.name.size() - now.size(), now.size(), old);
  return rows;
}

/// The tensors of make_torch.py.
std::vector<Row> rows_of_torch() {
  return {{"f32", "F32", {2, 3}, 24, ""},
          {"f64", "F64", {3}, 24, ""},
          {"f16", "F16", {4, 3}, 24, ""},
          {"bf16", "BF16", {3, 4}, 24, ""},
          {"f16_special", "F16", {6}, 12, ""},
          {"i64", "I64", {3}, 24, ""},
          {"i32", "I32", {2}, 8, ""},
          {"i16", "I16", {2}, 4, ""},
          {"i8", "I8", {2}, 2, ""},
          {"u8", "U8", {2}, 2, ""},
          {"bool", "BOOL", {3}, 3, ""},
          {"rank0", "F32", {}, 4, ""},
          {"empty", "F32", {0, 3}, 0, ""},
          {"counter", "I64", {}, 8, ""},
          {"base", "F32", {5, 6}, 120, ""},
          {"base.tied", "F32", {5, 6}, 120, ""},
          {"base.rows", "F32", {3, 6}, 72, ""},
          {"base.column", "F32", {5}, 20, ""},
          {"base.transposed", "F32", {6, 5}, 120, ""},
          {"base.steps", "F32", {3, 2}, 24, ""},
          {"base.corner", "F32", {2, 2}, 16, ""},
          {"f16.transposed", "F16", {3, 4}, 24, ""},
          {"bf16.steps", "BF16", {3, 2}, 12, ""},
          {"block.permuted", "F32", {5, 3, 2, 4}, 480, ""},
          {"block.inner", "F32", {3, 3, 2}, 72, ""},
          {"expanded", "F32", {3, 4}, 48, ""},
          {"expanded.rows", "F32", {4, 3}, 48, ""},
          {"parameter", "F32", {2, 2}, 16, ""},
          {"frozen", "F32", {2, 2}, 16, ""},
          {"channels_last", "F32", {1, 2, 3, 3}, 72, ""},
          {"名字.权重", "F32", {2}, 8, ""}};
}

/// A safetensors file with this header and `bytes` zeros behind it.
std::string with_header(const TemporaryFolder& folder, const std::string& name, const std::string& header,
                        std::uint64_t bytes) {
  std::string text;
  for (unsigned i = 0; i < 8; ++i) text += static_cast<char>(header.size() >> (8 * i) & 0xFFU);
  const std::string path = folder.write(name, text + header);
  std::filesystem::resize_file(path, 8 + header.size() + bytes);
  return path;
}

}  // namespace

TEST_CASE("inspect: every tensor of published encoders is listed, with its name in this project") {
  const Json deit = json_of({image_file});
  REQUIRE(deit["files"].size() == 1);
  CHECK(deit["files"][0]["file"] == image_file);
  CHECK(deit["files"][0]["format"] == "PyTorch archive");
  CHECK(deit["files"][0]["layout"] == "DeiT and timm's ViT");
  CHECK(deit["files"][0]["values"] == 31939);
  CHECK(deit["files"][0]["sizes"] == Json::parse(R"({"image":16,"patch":8,"vision_width":32,"vision_depth":2})"));
  check_tensors(deit["files"][0], rows_of_deit());
  const Json text_sizes =
      Json::parse(R"({"vocab":29,"text_width":32,"text_layers":2,"intermediate":48,"positions":12,"types":2})");
  for (const auto& [name, format, layout, rows] :
       {std::tuple{"bert.bin", "PyTorch archive", "BERT of Hugging Face with 'bert.'",
                   with_old_names(rows_of_pretrained_bert())},
        {"bert.safetensors", "safetensors", "BERT of Hugging Face with 'bert.'", rows_of_pretrained_bert()},
        {"bare.safetensors", "safetensors", "BERT of Hugging Face without 'bert.'", rows_of_bert("")}}) {
    CAPTURE(name);
    const Json found = json_of({golden + "published/" + name})["files"][0];
    CHECK(found["format"] == format);
    CHECK(found["layout"] == layout);
    CHECK(found["sizes"] == text_sizes);
    check_tensors(found, rows);
  }
}

TEST_CASE("inspect: files of each format without a layout are listed, and the known layouts are named") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden + "torch"))
    if (const std::string path = entry.path().string(); path.ends_with(".pth")) {
      CAPTURE(path);
      const Json all = json_of({path});
      const Json& file = all["files"][0];
      const bool legacy = has(entry.path().filename().string(), "legacy");
      CHECK(has(file["format"].get<std::string>(), legacy ? "old format" : "archive"));
      CHECK(file["layout"] == Json(nullptr));
      CHECK(file["fitting_layouts"].empty());
      CHECK(file["sizes"].empty());
      CHECK(has(all["start"]["error"].get<std::string>(), "31 tensors of none of them"));
      check_tensors(file, rows_of_torch());
      ++files;
    }
  CHECK(files == 12);
  const Json sharded = json_of({golden + "torch/two_parts/model.safetensors.index.json"})["files"][0];
  CHECK(sharded["format"] == "weights in 2 files");
  CHECK(sharded["metadata"] == Json::parse(R"({"format":"pt"})"));
  check_tensors(sharded, rows_of_torch());

  const Json reference = json_of({golden + "safetensors/reference.safetensors"});
  CHECK(reference["files"][0]["metadata"] == Json{{"config", R"({"width":4})"}, {"作者", "ctp"}});
  CHECK(reference["known_layouts"].size() == 4);
  check_tensors(reference["files"][0], {{"f64", "F64", {3, 4}, 96, ""},
                                        {"f32", "F32", {2, 6}, 48, ""},
                                        {"f16", "F16", {9}, 18, ""},
                                        {"i64", "I64", {3}, 24, ""},
                                        {"i32", "I32", {2}, 8, ""},
                                        {"i16", "I16", {2}, 4, ""},
                                        {"i8", "I8", {3}, 3, ""},
                                        {"u8", "U8", {2}, 2, ""},
                                        {"bool", "BOOL", {3}, 3, ""},
                                        {"scalar", "F32", {}, 4, ""},
                                        {"empty", "F32", {0, 5}, 0, ""},
                                        {"名字.权重", "F32", {1}, 4, ""}});
  const std::string text = text_of({golden + "safetensors/reference.safetensors"});
  for (const char* part :
       {"layout    none of the known layouts: this project's names; DeiT", "holds     12 tensors, 50 values, 214 bytes",
        "\nname       type  shape  bytes\n", "\nf64        F64   [3,4]     96\n", "\n名字.权重  F32   [1]        4\n",
        "\nscalar     F32   []         4\n"})
    CHECK_MESSAGE(has(text, part), part, text);
}

TEST_CASE("inspect: --filter selects tensors by their name in the file or in this project; the sums are of all") {
  const auto names = [](const std::string& pattern) {
    std::vector<std::string> found;
    const Json file = json_of({image_file, "--filter", pattern})["files"][0];
    CHECK(file["tensor_count"] == 32);
    CHECK(file["bytes"] == 127756);
    for (const Json& tensor : file["tensors"]) found.push_back(tensor["name"]);
    return found;
  };
  CHECK(names("head*") == Arguments{"head.weight", "head.bias"});
  CHECK(names("*.1.*fc2.*") == Arguments{"blocks.1.mlp.fc2.weight", "blocks.1.mlp.fc2.bias"});
  CHECK(names("visual_encoder.norm.*") == Arguments{"norm.weight", "norm.bias"});
  CHECK(names("norm").empty());
  const std::string text = text_of({image_file, "--filter", "head*"});
  CHECK(has(text, "filter    head*: 2 of 32 tensors"));
  CHECK(has(text, "\nhead.weight  F32   [3,32]    384  not used\n"));
  CHECK(!has(text, "visual_encoder."));
}

TEST_CASE("inspect: what a training would take from several files: parts that start fresh, and what is missing") {
  const Json both = json_of({image_file, text_file})["start"];
  CHECK(both["error"] == Json(nullptr));
  CHECK(both["model"] == "tiny");
  CHECK(both["fresh"] == Json{"projections"});  // tiny has cross-attention from layer 2 on, and these are two layers
  REQUIRE(both["needed"].size() == 2);          // a width of 32 is no multiple of 64
  CHECK(has(both["needed"][0].get<std::string>(), "give model.vision_heads with --set"));
  CHECK(has(both["needed"][1].get<std::string>(), "give model.text_heads with --set"));
  CHECK(has(text_of({image_file, text_file}),
            "--init:\n  needed: " + both["needed"][0].get<std::string>() + "\n  needed: "));
  CHECK(json_of({image_file})["start"]["fresh"] == Json{"cross-attention", "text encoder", "projections"});
  CHECK(json_of({text_file})["start"]["fresh"] == Json{"image encoder", "projections"});
  const Json base = json_of({image_file, text_file, "--model", "base"})["start"];
  CHECK(base["model"] == "base");
  CHECK(has(base["error"].get<std::string>(), "model.fusion_layer: expected at most text_layers 2, found 6"));
}

TEST_CASE(
    "inspect: a part that is there in part, names of two layouts and one tensor in two files are facts, not errors") {
  const std::string bare = golden + "published/bare.safetensors", full = golden + "published/bert.safetensors";
  const std::string missing = json_of({image_file, bare})["start"]["error"];
  CHECK(has(missing, "found 5 missing: text_mlm_encoder.cls.predictions.bias, "));
  CHECK(has(text_of({image_file, bare}), "\n  refused: " + missing));
  const TemporaryFolder folder;
  std::string tokens = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (char c = 'a'; c < 'a' + 24; ++c) tokens += std::string(1, c) + "\n";
  const auto training = [&](const std::string& files) {
    return test::run_program("continual_pretrain", {"--data",
                                                    test::small_stream(),
                                                    "--dry-run",
                                                    "--strategy",
                                                    "seqf",
                                                    "--tasks",
                                                    test::first_task,
                                                    "--batch-size",
                                                    "8",
                                                    "--max-words",
                                                    "10",
                                                    "--max-unknown-share",
                                                    "1",
                                                    "--vocab",
                                                    folder.write("vocab.txt", tokens),
                                                    "--set",
                                                    "model.vision_heads=2",
                                                    "--set",
                                                    "model.text_heads=2",
                                                    "--init",
                                                    files});
  };
  CHECK(training(image_file + "," + bare).err == "continual_pretrain: " + missing + "\n");
  const test::Finished started = training(image_file + "," + text_file);
  CHECK_MESSAGE(started.code == 0, started.err);
  for (const Json& note : json_of({image_file, text_file})["start"]["notes"])
    CHECK_MESSAGE(has(started.out, note.get<std::string>()), note, started.out);

  const std::string twice = json_of({bare, full})["start"]["error"];
  CHECK(has(twice, bare));
  CHECK(has(twice, full));
  CHECK(has(twice, "a tensor that no other file has"));

  const std::string entry = R"(:{"dtype":"F32","shape":[2],"data_offsets":[)";
  const std::string two = with_header(
      folder, "two",
      R"({"patch_embed.proj.weight")" + entry + R"(0,8]},"embeddings.word_embeddings.weight")" + entry + "8,16]}}", 16);
  const Json found = json_of({two});
  CHECK(found["files"][0]["layout"] == Json(nullptr));
  CHECK(found["files"][0]["fitting_layouts"].size() == 2);
  CHECK(has(found["start"]["error"].get<std::string>(), "write each model to a file of its own"));
  CHECK(has(text_of({two}), "layout    names of several: DeiT and timm's ViT; BERT of Hugging Face without 'bert.'"));

  const std::string odd = with_header(
      folder, "odd", R"({"patch_embed.proj.weight")" + entry + R"(0,8]},"blocks.0.gamma")" + entry + "8,16]}}", 16);
  const Json unknown = json_of({odd});
  CHECK(unknown["files"][0]["tensors"][1]["use"] == "unknown");
  CHECK(has(unknown["files"][0]["sizes_error"].get<std::string>(), "expected 4 dimensions, found [2]"));
  CHECK(has(unknown["start"]["error"].get<std::string>(), "found blocks.0.gamma; are these weights of another model?"));
}

TEST_CASE("inspect: a whole model of this project has all parts, and its config is shown cut") {
  const std::string weights = golden + "features/weights.safetensors";
  const Json whole = json_of({weights});
  const Json& file = whole["files"][0];
  CHECK(file["layout"] == "this project's names");
  const Json config = Json::parse(file["metadata"]["config"].get<std::string>());
  for (const auto& [name, value] : file["sizes"].items()) {
    CAPTURE(name);
    CHECK(value == config.at(name));
  }
  CHECK(file["sizes"].size() == 12);
  CHECK(whole["start"]["error"] == Json(nullptr));
  CHECK(whole["start"]["fresh"].empty());
  CHECK(whole["start"]["needed"].empty());  // the config tells the heads
  const std::string text = text_of({weights});
  CHECK(has(text, "\nmetadata  \"config\": \"{\\\"image\\\": 24, "));
  CHECK(has(text, "\"... (" + std::to_string(file["metadata"]["config"].get<std::string>().size()) + " bytes)\n"));
  CHECK(has(text, "  encoders and projections are all there\n"));
  CHECK(whole["start"]["notes"].empty());  // the strategy decides on the biases of the projections
  CHECK(has(json_of({weights, text_file})["start"]["error"].get<std::string>(), "give this file alone"));
}

TEST_CASE("inspect: names of a hostile file cannot move the cursor, in text or in JSON") {
  const TemporaryFolder folder;
  const std::string path = with_header(
      folder, "x",
      R"({"__metadata__":{"k\u001b":"v\n\u202e"},"a\u001b[2J\nb\u202e\u007f":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
      8);
  const std::string text = text_of({path});
  CHECK(has(text, "\na\\u001b[2J\\nb\\u202e\\u007f  F32   [2]        8\n"));
  CHECK(has(text, "metadata  \"k\\u001b\": \"v\\n\\u202e\"\n"));
  const test::Finished json = test::run_program("inspect", {path, "--json"});
  CHECK(Json::parse(json.out)["files"][0]["tensors"][0]["name"] == "a\x1b[2J\nb\u202e\x7f");
  for (const std::string& out : {text, json.out})
    CHECK(std::all_of(out.begin(), out.end(), [](char c) { return c == '\n' || (c >= ' ' && c < '\x7f'); }));
}

TEST_CASE("inspect: damaged and hostile files are refused with one line and exit code 3, as by --init") {
  const TemporaryFolder folder;
  for (const auto& [list, count] :
       {std::pair{"safetensors/verdicts.txt", 83}, {"torch/bad_archives.txt", 67}, {"torch/bad_legacy.txt", 28}}) {
    int refused = 0;
    for (const HexLine& line : hex_lines(golden + list)) {
      if (line.verdict == "accept" || line.verdict == "none") continue;
      CAPTURE(list);
      CAPTURE(line.name);
      const std::string path = folder.write("w", line.bytes);
      const std::string text = refusal({path}, 3);
      CHECK(text.starts_with("inspect: " + path));
      CHECK(has(text, "expected "));
      CHECK(has(text, ", found "));
      ++refused;
    }
    CHECK(refused == count);
  }
  // A bad file among good ones: nothing is printed of the good ones.
  CHECK(has(refusal({image_file, folder.path("w")}, 3), folder.path("w")));
  CHECK(has(refusal({folder.path("nothing"), "--json"}, 3), "No such file"));
}

TEST_CASE("inspect: wrong usage has exit code 2") {
  CHECK(has(refusal({}, 2), "files is required"));
  CHECK(has(refusal({image_file, "--fliter", "x"}, 2), "did you mean --filter"));
  CHECK(has(refusal({image_file, "--model", "large"}, 2), "expected tiny, small or base, found \"large\""));
}

TEST_CASE("inspect: a file of 8 GiB is listed without reading it") {
  const TemporaryFolder folder;
  const std::uint64_t bytes = std::uint64_t{1} << 33U;
  const std::string path =
      with_header(folder, "large",
                  R"({"text_proj.weight":{"dtype":"F32","shape":[2147483648],"data_offsets":[0,8589934592]}})", bytes);
  const std::string out = folder.path("out"), limit = CTP_TEST_SANITIZED ? "" : "ulimit -v 1000000; ";
  const std::string command =
      limit + "'" + std::string(CTP_PROGRAM_DIR) + "/inspect' '" + path + "' --json >'" + out + "'";
  REQUIRE(std::system(command.c_str()) == 0);
  const Json found = Json::parse(test::read_whole(out));
  CHECK(found["files"][0]["bytes"] == bytes);
  CHECK(found["files"][0]["values"] == bytes / 4);
}
