#include <ctp/encoder/model.hpp>

#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "tiny_structure.hpp"

namespace {
/// Names and shapes as tests/golden/shapes lists them.
std::string list(const ctp::Layout& layout) {
  std::string text;
  for (const ctp::ParameterInfo& p : layout.parameters()) {
    text += p.name;
    for (const auto extent : p.shape) text += " " + std::to_string(extent);
    text += "\n";
  }
  return text;
}
std::string golden(const std::string& name) {
  std::ifstream file(std::string(CTP_GOLDEN_DIR "/shapes/") + name + ".txt");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}
}  // namespace

TEST_CASE("model: base with the Chinese vocabulary has the paper's 202,666,120 weights in 416 tensors") {
  const test::Structure model(ctp::sizes::base);

  CHECK(model.layout().weights() == 202'666'120);
  CHECK(model.layout().parameters().size() == 416);
}

TEST_CASE("model: names, shapes and order of the parameters equal the specification's") {
  ctp::ModelConfig tiny = ctp::sizes::tiny;
  tiny.vocab = 500;

  CHECK(list(test::Structure(tiny).layout()) == golden("tiny"));
  CHECK(list(test::Structure(test::odd).layout()) == golden("odd"));
}

TEST_CASE("model: sizes that contradict each other are refused with field and remedy") {
  const auto message = [](auto change) -> std::string {
    ctp::ModelConfig config = test::odd;
    change(config);
    try {
      test::Structure model(config);
    } catch (const ctp::UsageError& error) {
      return error.what();
    }
    return "";
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };

  CHECK(has(message([](auto& c) { c.image = 16; }), "model.image: expected a multiple of the patch size 5, found 16;"));
  CHECK(has(message([](auto& c) { c.vision_heads = 3; }), "model.vision_width: expected a multiple of vision_heads 3"));
  CHECK(has(message([](auto& c) { c.text_heads = 4; }), "model.text_width"));
  CHECK(has(message([](auto& c) { c.fusion_layer = 4; }), "model.fusion_layer: expected at most text_layers 3"));
  CHECK(has(message([](auto& c) { c.dropout = 1; }), "model.dropout"));
  CHECK(has(message([](auto& c) { c.mask = 37; }), "model.mask: expected an id below the vocabulary's size 37"));
  CHECK(has(message([](auto& c) { c.embed = 0; }), "model.embed: expected a number above 0, found 0"));
  CHECK(message([](auto& c) { c.fusion_layer = 3; }).empty());  // a model without fusion layers is valid
}
