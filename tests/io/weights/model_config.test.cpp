#include <ctp/io/weights/model_config.hpp>

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
  config.vision_width = 128;
  config.vision_heads = 2;
  config.text_width = 192;
  config.text_heads = 3;
  config.fusion_layer = 1;
  config.unk = 100;
  config.cls = 101;
  config.sep = 102;
  config.mask = 103;
  config.vocab = 110;
  config.queue = ctp::ModelConfig{}.queue;
  ctp::TensorFile file = weights_of(config);

  CHECK(text(ctp::io::config_of(file)) == text(config));

  for (auto& tensor : file.tensors)
    if (const std::string prefix = "text_mlm_encoder.bert."; tensor.name.starts_with(prefix))
      tensor.name = "text_encoder." + tensor.name.substr(prefix.size());
  CHECK(text(ctp::io::config_of(file)) == text(config));

  const std::vector<float> queue(7 * 12);
  file.tensors.push_back(ctp::make_named("image_queue", {7, 12}, std::span<const float>(queue)));
  CHECK(ctp::io::config_of(file).queue == 12);
}

TEST_CASE("model_config: an entry 'config' of the file decides before the shapes do") {
  ctp::TensorFile file = weights_of(test::odd);
  file.metadata["config"] = text(ctp::sizes::tiny);

  CHECK(text(ctp::io::config_of(file)) == text(ctp::sizes::tiny));
}

TEST_CASE("model_config: without an entry 'config' the file's temperatures are the model's") {
  ctp::TensorFile file = weights_of(test::odd);
  CHECK(ctp::io::config_of(file).temperature == 0.07);

  const float temp = 0.05F, distill = 2;
  file.tensors.push_back(ctp::make_named("temp", {}, std::span<const float>(&temp, 1)));
  file.tensors.push_back(ctp::make_named("distill_temp", {}, std::span<const float>(&distill, 1)));

  CHECK(ctp::io::config_of(file).temperature == 0.05);
  CHECK(ctp::io::config_of(file).distill_temperature == 2);
}

TEST_CASE("model_config: a temperature tensor that contradicts the entry 'config' is refused by file and key") {
  const auto message = [](const char* entry, const std::string& name, float value) -> std::string {
    ctp::TensorFile file = weights_of(test::odd);
    file.metadata["config"] = entry;
    file.tensors.push_back(ctp::make_named(name, {}, std::span<const float>(&value, 1)));
    try {
      (void)ctp::io::config_of(file);
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
      (void)ctp::io::config_of(file);
    } catch (const ctp::DataError& error) {
      return error.what();
    }
    return "";
  };

  const std::string missing = message([](ctp::TensorFile& file) {
    std::erase_if(file.tensors, [](const auto& t) { return t.name == "vision_proj.weight"; });
  });
  CHECK(missing.find(R"(w.safetensors: tensor "vision_proj.weight")") == 0);
  const std::string flat = message([](ctp::TensorFile& file) {
    for (auto& t : file.tensors)
      if (t.name == "visual_encoder.patch_embed.proj.weight") t.shape = {14 * 75};
  });
  CHECK(flat.find("w.safetensors: tensor visual_encoder.patch_embed.proj.weight: expected more than 3 dimensions") ==
        0);
}
