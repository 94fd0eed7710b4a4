#include <ctp/encoder/partial_weights.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/encoder/initialize.hpp>
#include <ctp/io/weights/interpolated_positions.hpp>
#include <ctp/io/weights/joined.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/open_weights.hpp>
#include <ctp/io/weights/published_names.hpp>

#include "model_fixture.hpp"
#include "tiny_structure.hpp"

namespace {

using Names = std::vector<std::string>;
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, test::B>;
const std::string golden = std::string(CTP_GOLDEN_DIR) + "/published/";

const test::Structure& model() {
  static const test::Structure structure(test::odd);
  return structure;
}
/// The whole model's tensors but those that `left_out` selects.
ctp::TensorFile file_without(const std::function<bool(const std::string&)>& left_out) {
  const std::vector<float> theta = ctp::initial_weights<float>(model().layout(), 1);
  ctp::TensorFile file{ctp::named_weights<float>(model().layout(), theta), {}, "w.bin"};
  std::erase_if(file.tensors, [&](const ctp::NamedTensor& tensor) { return left_out(tensor.name); });
  return file;
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Names fresh_names(const std::function<bool(const std::string&)>& left_out) {
  Names names;
  for (const ctp::FreshPart& part : ctp::fresh_parts(model().layout(), file_without(left_out)))
    names.emplace_back(part.name);
  return names;
}
std::string refusal(const std::function<bool(const std::string&)>& left_out) {
  try {
    (void)ctp::fresh_parts(model().layout(), file_without(left_out));
  } catch (const ctp::DataError& error) {
    return error.what();
  }
  return "";
}

/// The golden files of these names under this project's names.
ctp::TensorFile published(const Names& files) {
  std::vector<ctp::io::WeightSource> sources;
  for (const std::string& file : files)
    sources.push_back(ctp::io::with_own_names(ctp::io::open_weights(golden + file)).source);
  return ctp::io::join_sources(std::move(sources)).read_all();
}
/// The sizes of the golden files, with numbers of heads; all text layers encode the text alone.
ctp::ModelConfig sizes_of(const ctp::TensorFile& file) {
  ctp::ModelConfig start = ctp::sizes::tiny;
  start.vision_heads = start.text_heads = 2;
  ctp::ModelConfig sizes = ctp::io::sizes_of_part(file, start).config;
  sizes.fusion_layer = sizes.text_layers;
  return sizes;
}
double largest_difference(const ctp::Variable<2, test::B>& found, const ctp::NamedTensor& expected,
                          const std::vector<std::int64_t>& counted = {}) {
  const std::vector<double> values = expected.as_doubles();
  REQUIRE(values.size() == static_cast<std::size_t>(found.value.size()));
  double most = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (counted.empty() || counted[i / static_cast<std::size_t>(found.value.shape[1])] != 0)
      most = std::max(most, std::abs(values[i] - found.value.data[i]));
  return most;
}

}  // namespace

TEST_CASE("partial_weights: parts of which a file has nothing start fresh") {
  CHECK(fresh_names([](const auto&) { return false; }).empty());
  CHECK(fresh_names([](const auto& name) { return has(name, "crossattention"); }) == Names{"cross-attention"});
  CHECK(fresh_names([](const auto& name) { return has(name, "_proj."); }) == Names{"projections"});
  CHECK(fresh_names([](const auto& name) { return !name.starts_with("visual_encoder."); }) ==
        Names{"cross-attention", "text encoder", "projections"});
  CHECK(fresh_names([](const auto& name) { return !name.starts_with("text_mlm") || has(name, "crossattention"); }) ==
        Names{"cross-attention", "image encoder", "projections"});
}

TEST_CASE("partial_weights: anything else that is missing is an error that lists it") {
  const std::string block = refusal([](const auto& name) { return name.starts_with("visual_encoder.blocks.0.norm1"); });
  CHECK_MESSAGE(has(block,
                    "w.bin: tensors: expected each part of the model as a whole or not at all: cross-attention, image "
                    "encoder, text encoder, projections, found 2 missing: visual_encoder.blocks.0.norm1.weight, "
                    "visual_encoder.blocks.0.norm1.bias; is the file complete"),
                block);
  CHECK(
      has(refusal([](const auto& name) { return has(name, "cls.predictions"); }), "5 missing: text_mlm_encoder.cls."));
  CHECK(has(refusal([](const auto& name) { return name == "text_proj.weight"; }), "1 missing: text_proj.weight"));
  CHECK(has(refusal([](const auto& name) { return has(name, "encoder.layer.1."); }), "16 missing"));
  CHECK(has(refusal([](const auto& name) { return has(name, "encoder.layer.1."); }), " and 8 more"));
  CHECK(
      has(refusal([](const auto& name) { return has(name, "text_mlm") && !has(name, "crossattention"); }), "missing"));
  CHECK(has(refusal([](const auto& name) { return has(name, "crossattention.self.key"); }), "2 missing"));
}

TEST_CASE("partial_weights: what starts fresh keeps its initial values, and all else is the file's") {
  const ctp::TensorFile file = file_without([](const auto& name) { return has(name, "crossattention"); });
  const ctp::Layout& layout = model().layout();
  const std::vector<float> initial = ctp::initial_weights<float>(layout, 2),
                           whole = ctp::initial_weights<float>(layout, 1);
  std::vector<float> theta = initial;
  const auto may_lack = ctp::parameters_of(ctp::fresh_parts(layout, file));
  CHECK(ctp::read_starting_weights(layout, file, theta, "", may_lack).fresh.empty());
  for (const ctp::ParameterInfo& p : layout.parameters()) {
    CAPTURE(p.name);
    const auto& expected = has(p.name, "crossattention") ? initial : whole;
    const auto at = static_cast<std::ptrdiff_t>(p.offset), n = static_cast<std::ptrdiff_t>(p.size());
    CHECK(std::equal(theta.begin() + at, theta.begin() + at + n, expected.begin() + at));
  }
  CHECK_THROWS_AS((void)ctp::read_starting_weights(layout, file, theta), ctp::DataError);
  CHECK(may_lack("text_mlm_encoder.bert.encoder.layer.2.crossattention.self.key.bias"));
  CHECK_FALSE(may_lack("vision_proj.bias"));
  CHECK_FALSE(may_lack("a.users.own"));
}

TEST_CASE("partial_weights: tokens of timm's ViT and transformers' BERT are those of the packages") {
  const ctp::TensorFile expected = ctp::io::read_weight_file(golden + "expected.safetensors");
  const std::vector<double> images = expected.at("images").as_doubles();
  std::vector<std::int32_t> ids;
  for (const std::int64_t id : expected.at("ids").as_int64s()) ids.push_back(static_cast<std::int32_t>(id));
  const std::vector<std::int64_t> attend = expected.at("mask").as_int64s();
  std::vector<double> key_bias;
  for (const std::int64_t token : attend) key_bias.push_back(token != 0 ? 0 : -10000);
  for (const Names& files : {Names{"deit.pth", "bert.bin"}, Names{"bert.safetensors", "deit.pth"}}) {
    CAPTURE(files.front());
    const ctp::TensorFile file = published(files);
    const Model both(sizes_of(file));
    CHECK(both.config().image == 16);
    CHECK(both.config().vocab == 29);
    const std::vector<ctp::FreshPart> fresh = ctp::fresh_parts(both.layout(), file);
    REQUIRE(fresh.size() == 1);
    CHECK(fresh.front().name == "projections");
    std::vector<double> theta = ctp::initial_weights<double>(both.layout(), 1);
    (void)ctp::read_starting_weights(both.layout(), file, theta, "", ctp::parameters_of(fresh));
    ctp::Tape<test::B> tape;
    const ctp::Pass<test::B> pass{theta.data(), &tape};
    const auto tokens = both.image_encoder()(pass, {images.data(), ctp::Shape<4>{2, 3, 16, 16}});
    CHECK(largest_difference(tokens, expected.at("image_tokens")) < 1e-5);
    const ctp::Shape<2> shape{2, 6};
    const auto words =
        both.text_encoder()(pass, ctp::encoder::TextInput<test::B>{{ids.data(), shape}, {key_bias.data(), shape}});
    CHECK(largest_difference(words, expected.at("text_tokens"), attend) < 1e-5);
    CHECK(largest_difference(both.text_encoder().word_scores(pass, words), expected.at("word_scores"), attend) < 1e-5);
  }
}

TEST_CASE("partial_weights: tokens of timm's ViT at another image size, with interpolated positions") {
  const ctp::TensorFile expected = ctp::io::read_weight_file(golden + "positions.safetensors");
  const std::vector<double> images = expected.at("images").as_doubles();
  ctp::TensorFile file = published({"deit.pth"});
  ctp::ModelConfig sizes = sizes_of(file);
  REQUIRE(sizes.image == 16);
  sizes.image = 24;
  for (ctp::NamedTensor& tensor : file.tensors)
    if (tensor.name == "visual_encoder.pos_embed")
      tensor = ctp::io::interpolated_positions(tensor, sizes.image / sizes.patch);
  const Model model(sizes);
  std::vector<double> theta = ctp::initial_weights<double>(model.layout(), 1);
  (void)ctp::read_starting_weights(model.layout(), file, theta, "",
                                   ctp::parameters_of(ctp::fresh_parts(model.layout(), file)));
  ctp::Tape<test::B> tape;
  const ctp::Pass<test::B> pass{theta.data(), &tape};
  const auto tokens = model.image_encoder()(pass, {images.data(), ctp::Shape<4>{2, 3, 24, 24}});
  CHECK(largest_difference(tokens, expected.at("image_tokens")) < 1e-5);
}

TEST_CASE("partial_weights: a BERT without its masked-language head is refused by what it lacks") {
  const ctp::TensorFile file = published({"bare.safetensors"});
  const test::Structure structure(sizes_of(file));
  try {
    (void)ctp::fresh_parts(structure.layout(), file);
    FAIL("accepted");
  } catch (const ctp::DataError& error) {
    CHECK(has(error.what(), "5 missing: text_mlm_encoder.cls.predictions.bias, "));
  }
}
