#include <ctp/core/model_config.hpp>

#include <initializer_list>
#include <limits>
#include <set>
#include <string>

#include <doctest/doctest.h>

using ctp::ModelConfig;
using ctp::validate;

TEST_CASE("model config: the published sizes are those of ViT-B/16 and BERT-base, and all named sizes are valid") {
  const ModelConfig& base = ctp::sizes::base;
  CHECK(base.image == 224);
  CHECK(base.patch == 16);
  CHECK(base.vision_width == 768);
  CHECK(base.vision_depth == 12);
  CHECK(base.vision_heads == 12);
  CHECK(base.vocab == 21128);  // bert-base-chinese
  CHECK(base.text_width == 768);
  CHECK(base.text_layers == 12);
  CHECK(base.fusion_layer == 6);
  CHECK(base.text_heads == 12);
  CHECK(base.intermediate == 3072);
  CHECK(base.positions == 512);
  CHECK(base.types == 2);
  CHECK(base.embed == 256);
  CHECK(base.queue == 1024);
  CHECK(base.temperature == 0.07);
  CHECK(base.dropout == 0.1);
  CHECK_NOTHROW(validate(base));
  CHECK_NOTHROW(validate(ctp::sizes::small));
  CHECK_NOTHROW(validate(ctp::sizes::tiny));
  CHECK(ctp::sizes::small.vision_width == 384);
  CHECK(ctp::sizes::tiny.vision_width == 96);
}

TEST_CASE("model config: every field is visited once and can be changed") {
  ModelConfig config;
  std::set<std::string> names;
  ModelConfig::fields(config, [&](const char* name, auto& value) {
    CHECK(names.insert(name).second);
    value = 3;
  });
  CHECK(names.size() == 23);
  // Twenty-three names: does not compile when a field is added, here or in fields().
  const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w] = config;
  for (const double x : std::initializer_list<double>{double(a), double(b), double(c), double(d), double(e), double(f),
                                                      double(g), double(h), double(i), double(j), double(k), double(l),
                                                      double(m), double(n), double(o), p,         q,         double(r),
                                                      double(s), double(t), double(u), double(v), w})
    CHECK(x == 3);
}

TEST_CASE("model config: an invalid size is refused with field, value and rule") {
  const auto refused = [](auto&& change, const char* message) {
    ModelConfig config = ctp::sizes::tiny;
    change(config);
    CHECK_THROWS_WITH_AS(validate(config), message, ctp::UsageError);
  };
  refused([](auto& c) { c.image = 60; },
          "model.image: expected a multiple of the patch size 8, found 60; choose --image-size accordingly");
  refused([](auto& c) { c.vision_heads = 5; },
          "model.vision_width: expected a multiple of vision_heads 5, found 96; change one of them");
  refused([](auto& c) { c.text_heads = 7; },
          "model.text_width: expected a multiple of text_heads 7, found 96; change one of them");
  refused(
      [](auto& c) { c.fusion_layer = 5; },
      "model.fusion_layer: expected at most text_layers 4, found 5; layers from fusion_layer on attend to the image");
  refused([](auto& c) { c.dropout = 1; },
          "model.dropout: expected a probability below 1, found 1; 0 switches dropout off");
  refused([](auto& c) { c.dropout = -0.25; },
          "model.dropout: expected a number from 0, found -0.25; sizes and temperatures must be positive");
  refused([](auto& c) { c.patch = 0; },
          "model.patch: expected a number above 0, found 0; sizes and temperatures must be positive");
  refused([](auto& c) { c.vision_heads = -3; },
          "model.vision_heads: expected a number above 0, found -3; sizes and temperatures must be positive");
  refused([](auto& c) { c.temperature = std::numeric_limits<double>::quiet_NaN(); },
          "model.temp: expected a number above 0, found nan; sizes and temperatures must be positive");
  refused([](auto& c) { c.vocab = 4; },
          "model.mask: expected an id below the vocabulary's size 4, found 4; the vocabulary lacks a special token");
  refused([](auto& c) { c.pad = -1; },
          "model.pad: expected a number from 0, found -1; sizes and temperatures must be positive");
}

TEST_CASE("model config: sizes have upper limits, and models at the limits have fewer parameters than 2^60") {
  const auto refused = [](auto&& change, const char* start) {
    ModelConfig config = ctp::sizes::tiny;
    change(config);
    const auto complaint = ctp::complaint_about(config);
    REQUIRE(complaint);
    CHECK(complaint->text().find(start) == 0);
  };
  CHECK_FALSE(ctp::complaint_about(ctp::sizes::tiny));
  refused([](auto& c) { c.vision_depth = 1025; }, "vision_depth: expected at most 1024, found 1025");
  refused([](auto& c) { c.positions = 1 << 30; }, "positions: expected at most 1048576, found 1073741824");
  refused([](auto& c) { c.vocab = (1 << 24) + 1; }, "vocab: expected at most 16777216, found 16777217");
  refused([](auto& c) { c.temperature = std::numeric_limits<double>::infinity(); }, "temp: expected a finite number");
  const auto most = [](const char* field) { return static_cast<double>(ctp::size_range(field).most); };
  const double width = most("text_width"), layers = most("text_layers");
  const double layer = 8 * width * width + 2 * width * most("intermediate") + 16 * most("intermediate");
  const double tables = width * (most("vocab") + most("positions") + most("types") + most("image") * most("image")) +
                        width * 3 * most("patch") * most("patch") + most("vocab") + 2 * width * most("embed");
  CHECK(2 * layers * layer + 2 * tables < 0x1p60);
}

TEST_CASE("model config: limits are valid values") {
  ModelConfig config = ctp::sizes::tiny;
  config.fusion_layer = config.text_layers;
  config.dropout = 0;
  config.mask = config.vocab - 1;
  CHECK_NOTHROW(validate(config));
  config.fusion_layer = 0;
  CHECK_NOTHROW(validate(config));
}
