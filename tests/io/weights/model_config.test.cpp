#include <ctp/io/weights/model_config.hpp>

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/encoder/initialize.hpp>
#include <ctp/encoder/weights.hpp>

#include "../encoder/tiny_structure.hpp"

namespace {

ctp::TensorFile weights_of(const ctp::ModelConfig& config) {
  const test::Structure model(config);
  const std::vector<float> theta(static_cast<std::size_t>(model.layout().size()));
  return {ctp::named_weights<float>(model.layout(), theta), {}, "w.safetensors"};
}
std::string text(const ctp::ModelConfig& config) { return ctp::io::config_text(config); }
const ctp::io::GivenSizes heads_of_odd{{"vision_heads", 2}, {"text_heads", 3}};

/// The message with which `read` refuses; empty if it accepts.
template <class Refusal = ctp::DataError, class Read>
std::string refusal(const Read& read) {
  try {
    (void)read();
  } catch (const Refusal& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("model_config: a configuration survives being written and read") {
  ctp::ModelConfig config = test::odd;
  config.temperature = 0.1 + 0.2;  // needs all its digits
  config.dropout = 0.25;

  const ctp::ModelConfig back = ctp::io::parse_config(text(config), "x");

  CHECK(text(back) == text(config));
  CHECK(back.temperature == config.temperature);
  CHECK(back.vision_heads == 2);
}

TEST_CASE("model_config: a field that the text lacks keeps its value, and an unknown field is ignored") {
  const ctp::ModelConfig config = ctp::io::parse_config(R"({"embed": 5, "colour": "blue"})", "x", test::odd);

  CHECK(config.embed == 5);
  CHECK(config.queue == test::odd.queue);
}

TEST_CASE("model_config: a value of the wrong kind is refused with origin and field") {
  const auto message = [](const char* json) -> std::string {
    try {
      (void)ctp::io::parse_config(json, "w.safetensors");
    } catch (const ctp::DataError& error) {
      return error.what();
    }
    return "";
  };

  for (const char* json :
       {R"({"embed": "five"})", R"({"embed": 5.5})", R"({"embed": -1})", R"({"embed": 5000000000})"}) {
    CAPTURE(json);
    CHECK(message(json).find("w.safetensors") == 0);
    CHECK(message(json).find("embed") != std::string::npos);
  }
  CHECK(!message("{").empty());
}

TEST_CASE("model_config: shapes give the sizes away, under either name of the text encoder") {
  ctp::ModelConfig config = test::odd;
  config.fusion_layer = 1;
  config.unk = 100;
  config.cls = 101;
  config.sep = 102;
  config.mask = 103;
  config.vocab = 110;
  config.queue = ctp::ModelConfig{}.queue;
  ctp::TensorFile file = weights_of(config);

  CHECK(text(ctp::io::config_of(file, heads_of_odd)) == text(config));

  for (auto& tensor : file.tensors)
    if (const std::string prefix = "text_mlm_encoder.bert."; tensor.name.starts_with(prefix))
      tensor.name = "text_encoder." + tensor.name.substr(prefix.size());
  CHECK(text(ctp::io::config_of(file, heads_of_odd)) == text(config));

  const std::vector<float> queue(7 * 12);
  file.tensors.push_back(ctp::make_named("image_queue", {7, 12}, std::span<const float>(queue)));
  CHECK(ctp::io::config_of(file, heads_of_odd).queue == 12);
}

TEST_CASE("model_config: numbers of heads are never guessed") {
  ctp::TensorFile file = weights_of(test::odd);
  CHECK(refusal([&] { return ctp::io::config_of(file); }) ==
        "w.safetensors: metadata 'config': expected the numbers of heads, which tensors do not tell, found no "
        "model.vision_heads and model.text_heads; give model.vision_heads and model.text_heads: with --set in the "
        "programs");
  const std::string one = refusal([&] { return ctp::io::config_of(file, {{"vision_heads", 7}}); });
  CHECK(one.find("found no model.text_heads;") != std::string::npos);
  CHECK(ctp::io::config_of(file, {{"vision_heads", 7}, {"text_heads", 9}}).vision_heads == 7);
  file.metadata["config"] = R"({"vision_heads": 2})";  // an entry that tells some
  CHECK(refusal([&] { return ctp::io::config_of(file); }).find("found no model.text_heads;") != std::string::npos);
  CHECK(ctp::io::config_of(file, {{"text_heads", 3}}).vision_width == test::odd.vision_width);
}

TEST_CASE("model_config: a given size must be one of the model's, and agree with what the file tells") {
  ctp::TensorFile file = weights_of(test::odd);
  const auto given = [&](const ctp::io::GivenSizes& sizes) {
    ctp::io::GivenSizes all = heads_of_odd;
    for (const auto& [name, value] : sizes) all[name] = value;
    return refusal<ctp::UsageError>([&] { return ctp::io::config_of(file, all); });
  };
  CHECK(given({{"embed", 7}, {"dropout", 0.25}}).empty());
  CHECK(given({{"embed", 8}}) ==
        "model.embed: expected the 7 of w.safetensors, found 8; leave it out: the file tells it");
  CHECK(
      given({{"vision_heads", 2.5}}).find("model.vision_heads: expected a whole number from 1 to 1048576, found 2.5") ==
      0);
  CHECK(given({{"vision_heads", 5}}) ==
        "model.vision_width of w.safetensors: expected a multiple of vision_heads 5, found 14; change one of them");
  CHECK(given({{"colour", 5}}).find("model.colour: expected a size of the model") == 0);
  file.metadata["config"] = text(test::odd);
  CHECK(given({{"text_heads", 9}}).find("model.text_heads: expected the 3 of w.safetensors") == 0);
}

TEST_CASE("model_config: an entry 'config' that the shapes contradict is refused by key and tensor") {
  const auto message = [](auto change) {
    ctp::TensorFile file = weights_of(test::odd);
    ctp::ModelConfig config = test::odd;
    change(config);
    file.metadata["config"] = text(config);
    return refusal([&] { return ctp::io::config_of(file); });
  };
  CHECK(message([](auto&) {}).empty());
  CHECK(message([](auto& c) { c.queue = 77; }).empty());  // the state of a training
  CHECK(message([](auto& c) { c.vocab = 38; }) ==
        "w.safetensors: metadata 'config': vocab: expected the 37 of tensor "
        "text_mlm_encoder.bert.embeddings.word_embeddings.weight, found 38; fetch or write the file again");
  const auto names = [&](const char* key, auto change) {
    const std::string start = std::string("w.safetensors: metadata 'config': ") + key + ": expected the ";
    CHECK(message(change).find(start) == 0);
  };
  names("image", [](auto& c) { c.image = 20; });
  names("vision_width", [](auto& c) { c.vision_width = 16; });
  names("vision_depth", [](auto& c) { c.vision_depth = 2; });
  names("text_layers", [](auto& c) { c.text_layers = 4; });
  names("fusion_layer", [](auto& c) { c.fusion_layer = 1; });
  names("positions", [](auto& c) { c.positions = 1 << 20; });
  names("intermediate", [](auto& c) { c.intermediate = 1 << 24; });
  names("types", [](auto& c) { c.types = 1; });
  names("embed", [](auto& c) { c.embed = 1; });
}

TEST_CASE("model_config: sizes of an entry 'config' that no model can have are refused by file and key") {
  const auto message = [](const std::string& entry) {
    ctp::TensorFile file;
    file.origin = "w.safetensors";
    file.metadata["config"] = entry;
    return refusal([&] { return ctp::io::config_of(file); });
  };
  const std::string heads = R"({"vision_heads": 12, "text_heads": 12, )";
  CHECK(message(R"({"vision_heads": 12, "text_heads": 12})").empty());
  for (const std::string field :
       {R"("patch": 0)", R"("vision_depth": 1000000)", R"("text_layers": 1025)", R"("positions": 1073741824)",
        R"("vocab": 2147483648)", R"("queue": 1073741824)", R"("temp": 0)", R"("temp": -1)", R"("distill_temp": 0)",
        R"("dropout": 1)", R"("mask": 21128)", R"("pad": -1)", R"("image": 225)", R"("vision_width": 769)",
        R"("text_width": 100)", R"("fusion_layer": 13)", R"("temp": "warm")", R"("embed": null)", R"("embed": [7])"}) {
    CAPTURE(field);
    const std::string found = message(heads + field + "}");
    CHECK(found.find("w.safetensors") == 0);
    const std::size_t end = field.find('"', 1);
    CHECK(found.find(field.substr(1, end - 1)) != std::string::npos);
  }
  for (const char* entry : {"", "null", "5", "[]", "{", "true", R"("text")"}) CHECK_FALSE(message(entry).empty());
  const std::string long_entry = message("[" + std::string(70000, ' ') + "]");
  CHECK(long_entry.find("w.safetensors: metadata 'config': expected at most 65536 bytes, found 70002 bytes") == 0);
}

TEST_CASE("model_config: extents that do not fit a size are refused by tensor, not cut to 32 bits") {
  ctp::TensorFile file = weights_of(test::odd);
  for (auto& tensor : file.tensors)
    if (tensor.name.ends_with("position_embeddings.weight")) {
      tensor.shape = {(std::int64_t{1} << 32) + 9, 0};
      tensor.bytes.clear();
    }
  const std::string message = refusal([&] { return ctp::io::config_of(file, heads_of_odd); });
  CHECK(message.find("position_embeddings.weight: expected extents from 1 to 1048576, found [4294967305,0]") !=
        std::string::npos);
}

TEST_CASE("model_config: a prefix of all names, and a part of weights in several files, are named") {
  ctp::TensorFile file = weights_of(test::odd);
  for (auto& tensor : file.tensors) tensor.name = "module." + tensor.name;
  const std::string prefix = refusal([&] { return ctp::io::config_of(file, heads_of_odd); });
  CHECK(prefix.find("the file has module.visual_encoder.patch_embed.proj.weight: remove \"module.\" from the names") !=
        std::string::npos);
  file.tensors.clear();
  file.origin = "model-00001-of-00002.safetensors";
  CHECK(refusal([&] { return ctp::io::config_of(file, heads_of_odd); }).find("one of several files") !=
        std::string::npos);
}

TEST_CASE("model_config: without an entry 'config' the file's temperatures are the model's") {
  ctp::TensorFile file = weights_of(test::odd);
  CHECK(ctp::io::config_of(file, heads_of_odd).temperature == 0.07);

  const float temp = 0.05F, distill = 2;
  file.tensors.push_back(ctp::make_named("temp", {}, std::span<const float>(&temp, 1)));
  file.tensors.push_back(ctp::make_named("distill_temp", {}, std::span<const float>(&distill, 1)));

  CHECK(ctp::io::config_of(file, heads_of_odd).temperature == 0.05);
  CHECK(ctp::io::config_of(file, heads_of_odd).distill_temperature == 2);
}

TEST_CASE("model_config: a temperature tensor that contradicts the entry 'config' is refused by file and key") {
  const auto message = [](const char* entry, const std::string& name, float value) -> std::string {
    ctp::TensorFile file = weights_of(test::odd);
    file.metadata["config"] = entry;
    file.tensors.push_back(ctp::make_named(name, {}, std::span<const float>(&value, 1)));
    try {
      (void)ctp::io::config_of(file, heads_of_odd);
    } catch (const ctp::DataError& error) {
      return error.what();
    }
    return "";
  };

  CHECK(message(R"({"temp": 0.07})", "temp", 0.05F) ==
        "w.safetensors: tensor temp: expected the 0.07 of metadata 'config', found 0.05; correct one of the two, or "
        "remove the tensor");
  CHECK(message(R"({"distill_temp": 1})", "distill_temp", 2).find("tensor distill_temp: expected the 1 of") !=
        std::string::npos);
  CHECK(message(R"({"temp": 0.07})", "temp", 0).find("one number above 0, found F32 of shape []") != std::string::npos);
  CHECK(message(R"({"temp": 0.07})", "temp", 0.07F).empty());
  CHECK(message(R"({"distill_temp": 1})", "temp", 0.05F).empty());
}

TEST_CASE("model_config: a file of something else is refused by file and tensor") {
  const auto message = [](auto change) -> std::string {
    ctp::TensorFile file = weights_of(test::odd);
    change(file);
    try {
      (void)ctp::io::config_of(file, heads_of_odd);
    } catch (const ctp::DataError& error) {
      return error.what();
    }
    return "";
  };

  const std::string missing = message([](ctp::TensorFile& file) {
    std::erase_if(file.tensors, [](const auto& t) { return t.name == "vision_proj.weight"; });
  });
  CHECK(missing.find("w.safetensors: tensor vision_proj.weight: expected a tensor with this name") == 0);
  const std::string flat = message([](ctp::TensorFile& file) {
    for (auto& t : file.tensors)
      if (t.name == "visual_encoder.patch_embed.proj.weight") t.shape = {14 * 75};
  });
  CHECK(flat.find("w.safetensors: tensor visual_encoder.patch_embed.proj.weight: expected 4 dimensions") == 0);
}

TEST_CASE("model_config: weights of one encoder tell its sizes, and leave the others as they are") {
  const auto only = [](const std::string& prefix) {
    ctp::TensorFile file = weights_of(test::odd);
    std::erase_if(file.tensors, [&](const ctp::NamedTensor& tensor) {
      return !tensor.name.starts_with(prefix) || tensor.name.find("crossattention") != std::string::npos;
    });
    return file;
  };
  const ctp::ModelConfig start = ctp::sizes::small;
  const ctp::io::SizesOfFile image = ctp::io::sizes_of_part(only("visual_encoder."), start);
  CHECK(image.told == std::set<std::string>{"image", "patch", "vision_depth", "vision_width"});
  CHECK(image.config.image == test::odd.image);
  CHECK(image.config.vision_depth == test::odd.vision_depth);
  CHECK(image.config.text_width == start.text_width);
  ctp::TensorFile file = only("text_mlm_encoder.");
  ctp::io::SizesOfFile text_side = ctp::io::sizes_of_part(file, start);
  CHECK(text_side.told ==
        std::set<std::string>{"intermediate", "positions", "text_layers", "text_width", "types", "vocab"});
  CHECK(text_side.config.text_layers == test::odd.text_layers);
  CHECK(text_side.config.fusion_layer == start.fusion_layer);
  CHECK(text_side.config.vision_width == start.vision_width);
  // A layer in the middle is missing: its place counts, so that its absence is found.
  std::erase_if(file.tensors, [](const auto& tensor) { return tensor.name.find("layer.1.") != std::string::npos; });
  CHECK(ctp::io::sizes_of_part(file, start).config.text_layers == test::odd.text_layers);
  for (ctp::NamedTensor& tensor : file.tensors)
    if (const std::size_t at = tensor.name.find("layer.2."); at != std::string::npos)
      tensor.name.replace(at, 8, "layer.9999.");
  CHECK(refusal([&] { return ctp::io::sizes_of_part(file, start); }).find("expected at most 1024 layers") !=
        std::string::npos);
  file = only("text_mlm_encoder.");
  file.tensors.push_back(ctp::make_named("temp", {}, std::vector{0.05F}));
  CHECK(ctp::io::sizes_of_part(file, start).config.temperature == 0.05);
}
