#include <ctp/encoder/weights.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/encoder/initialize.hpp>

#include "tiny_structure.hpp"

namespace {

const std::string words = "text_mlm_encoder.bert.embeddings.word_embeddings.weight";
const std::string decoder = "text_mlm_encoder.cls.predictions.decoder.weight";

const test::Structure& model() {
  static const test::Structure structure(test::odd);
  return structure;
}
std::vector<float> start() { return ctp::initial_weights<float>(model().layout(), 1); }
ctp::TensorFile file_of(const std::vector<float>& theta) {
  return {ctp::named_weights<float>(model().layout(), theta), {}, "w.safetensors"};
}
ctp::NamedTensor& tensor(ctp::TensorFile& file, const std::string& name) {
  return const_cast<ctp::NamedTensor&>(file.at(name));
}
ctp::NamedTensor filled(const std::string& name, std::vector<std::int64_t> shape, float value) {
  std::size_t n = 1;
  for (const auto extent : shape) n *= static_cast<std::size_t>(extent);
  const std::vector<float> values(n, value);
  return ctp::make_named(name, std::move(shape), std::span<const float>(values));
}
/// The message with which a changed file is refused; empty if it is accepted.
std::string refusal(const std::function<void(ctp::TensorFile&)>& change) {
  ctp::TensorFile file = file_of(start());
  change(file);
  try {
    (void)ctp::read_weights<float>(model().layout(), file);
  } catch (const ctp::DataError& error) {
    return error.what();
  }
  return "";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("weights: written weights are read back bit for bit, gaps zero") {
  const std::vector<float> theta = start();
  const ctp::TensorFile file = file_of(theta);

  CHECK(file.tensors.size() == model().layout().parameters().size());
  CHECK(ctp::read_weights<float>(model().layout(), file) == theta);
  const auto wide = ctp::read_weights<double>(model().layout(), file);
  CHECK(std::vector<float>(wide.begin(), wide.end()) == theta);
}

TEST_CASE("weights: each tensor of the file holds the values of its parameter") {
  std::vector<float> theta(static_cast<std::size_t>(model().layout().size()));
  for (std::size_t i = 0; i < theta.size(); ++i) theta[i] = static_cast<float>(i);

  const ctp::TensorFile file = file_of(theta);

  for (const ctp::ParameterInfo& p : model().layout().parameters()) {
    const auto values = file.at(p.name).as_floats();
    REQUIRE(values.size() == static_cast<std::size_t>(p.size()));
    CHECK(values.front() == static_cast<float>(p.offset));
    CHECK(values.back() == static_cast<float>(p.offset + p.size() - 1));
  }
}

TEST_CASE("weights: a prefix selects one of several models in a file") {
  ctp::TensorFile file = file_of(start());
  for (auto& t : file.tensors) t.name = "momentum." + t.name;
  file.tensors.push_back(filled("other", {2}, 1));

  CHECK(ctp::read_weights<float>(model().layout(), file, "momentum.") == start());
}

TEST_CASE("weights: the alias of a text encoder tensor is accepted, alone or with equal values") {
  ctp::TensorFile renamed = file_of(start());
  tensor(renamed, words).name = "text_encoder.embeddings.word_embeddings.weight";
  CHECK(ctp::read_weights<float>(model().layout(), renamed) == start());

  const auto repeat = [](ctp::TensorFile& file) {
    ctp::NamedTensor copy = file.at(words);
    copy.name = "text_encoder.embeddings.word_embeddings.weight";
    file.tensors.push_back(copy);
  };
  CHECK(refusal(repeat).empty());
  const std::string message = refusal([&](ctp::TensorFile& file) {
    repeat(file);
    file.tensors.back().bytes[0] ^= std::byte{1};
  });
  CHECK(has(
      message,
      "w.safetensors: tensor text_encoder.embeddings.word_embeddings.weight: expected the same values as in " + words));
}

TEST_CASE("weights: copies of a tensor are equal by their numbers, in any type and at any place") {
  std::vector<float> values(200'000, 0.5F);
  const auto named = [&](const auto& x) {
    return ctp::make_named("x", {static_cast<std::int64_t>(x.size())}, std::span(x.data(), x.size()));
  };
  const ctp::NamedTensor original = named(std::as_const(values));
  CHECK(ctp::detail::equal_numbers(original, original));
  const std::vector<double> wide(values.begin(), values.end());
  CHECK(ctp::detail::equal_numbers(original, named(wide)));
  for (const std::size_t at : {std::size_t{0}, std::size_t{65'535}, std::size_t{65'536}, values.size() - 1}) {
    values[at] = 0;
    const ctp::NamedTensor other = named(std::as_const(values));
    CHECK_FALSE(ctp::detail::equal_numbers(original, other));
    values[at] = -0.0F;
    CHECK(ctp::detail::equal_numbers(other, named(std::as_const(values))));
    values[at] = 0.5F;
  }
}

TEST_CASE("weights: the tied decoder may be repeated, but only with equal values") {
  const auto repeat = [](ctp::TensorFile& file) {
    ctp::NamedTensor copy = file.at(words);
    copy.name = decoder;
    file.tensors.push_back(copy);
  };

  CHECK(refusal(repeat).empty());
  const std::string message = refusal([&](ctp::TensorFile& file) {
    repeat(file);
    file.tensors.back().bytes[4] ^= std::byte{1};
  });
  CHECK(has(message, "tensor " + decoder + ": expected the same values as in " + words));
  CHECK(has(message, "remove one of them"));
}

TEST_CASE("weights: headers alone match by names, types and shapes, copies too; no numbers are read from them") {
  ctp::TensorFile headers = file_of(start());
  for (ctp::NamedTensor& tensor : headers.tensors) tensor.bytes.clear();
  ctp::NamedTensor alias = headers.at(words), copy = headers.at(words);
  alias.name = "text_encoder.embeddings.word_embeddings.weight";
  copy.name = decoder;
  headers.tensors.push_back(alias);
  headers.tensors.push_back(copy);
  CHECK(ctp::match_weights(model().layout(), headers).size() == model().layout().parameters().size());
  tensor(headers, words).name = "nothing.of.this.model";  // the copy is then compared with the alias
  CHECK(ctp::match_weights(model().layout(), headers, "", true).size() == model().layout().parameters().size());
  const auto message = [&] {
    try {
      (void)ctp::match_weights(model().layout(), headers, "", true);
    } catch (const ctp::DataError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  headers.tensors.back().shape[0] += 1;
  CHECK(has(message(), "tensor " + decoder + ": expected the same values as in " + alias.name));
  headers.tensors.back() = copy;
  headers.tensors.back().dtype = ctp::DType::I64;
  CHECK(has(message(), "tensor " + decoder + ": expected one of the types F64 F32 F16 BF16, found I64"));
  headers.tensors.back() = copy;
  CHECK_THROWS_AS((void)ctp::read_weights<float>(model().layout(), headers), ctp::DataError);
}

TEST_CASE("weights: other tensors of a published checkpoint are ignored") {
  CHECK(refusal([](ctp::TensorFile& file) {
          for (const char* name :
               {"temp", "distill_temp", "image_queue", "text_queue", "queue_ptr",
                "text_mlm_encoder.bert.embeddings.position_ids", "text_encoder.embeddings.position_ids"})
            file.tensors.push_back(filled(name, {1}, 1));
        }).empty());
}

TEST_CASE("weights: a tensor that is missing, unknown, of another shape or not finite is refused with file and name") {
  const std::string missing = refusal(
      [](ctp::TensorFile& file) { std::erase_if(file.tensors, [](const auto& t) { return t.name == words; }); });
  CHECK(has(missing, "w.safetensors: tensor " + words + ": expected a tensor with this name"));

  const std::string unknown =
      refusal([](ctp::TensorFile& file) { file.tensors.push_back(filled("visual_encoder.extra", {1}, 1)); });
  CHECK(has(unknown, "w.safetensors: tensor visual_encoder.extra: expected a name that this model has"));

  const std::string shape = refusal(
      [](ctp::TensorFile& file) { tensor(file, "vision_proj.weight") = filled("vision_proj.weight", {14, 7}, 1); });
  CHECK(has(shape, "w.safetensors: tensor vision_proj.weight: expected shape [7,14], found [14,7]"));

  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::string not_finite =
        refusal([&](ctp::TensorFile& file) { tensor(file, "text_proj.bias") = filled("text_proj.bias", {7}, bad); });
    CHECK(has(not_finite, "w.safetensors: tensor text_proj.bias: expected finite numbers, found NaN or infinity"));
  }
}

TEST_CASE("weights: a wanted tensor of a type that weights are not read from is refused by file, tensor and type") {
  for (const ctp::DType type : {ctp::DType::I32, ctp::DType::U32}) {
    const std::string integers = refusal([&](ctp::TensorFile& file) { tensor(file, "text_proj.bias").dtype = type; });
    CHECK(integers == "w.safetensors: tensor text_proj.bias: expected one of the types F64 F32 F16 BF16, found " +
                          std::string(ctp::dtype_name(type)) + "; store these weights in one of those types");
  }
  const std::string tied = refusal([&](ctp::TensorFile& file) {
    ctp::NamedTensor copy = file.at(words);
    copy.name = decoder;
    copy.dtype = ctp::DType::I32;
    file.tensors.push_back(copy);
  });
  CHECK(has(tied, "w.safetensors: tensor " + decoder + ": expected one of the types"));
  CHECK(refusal([](ctp::TensorFile& file) {
          file.tensors.push_back({"queue_ptr", ctp::DType::U64, {1}, std::vector<std::byte>(8)});
          file.tensors.push_back({"image_queue", ctp::DType::F8_E4M3, {3}, std::vector<std::byte>(3)});
        }).empty());
  const std::string too_large = refusal([](ctp::TensorFile& file) {
    const std::vector<double> values(7, 1e300);
    tensor(file, "text_proj.bias") = ctp::make_named("text_proj.bias", {7}, std::span<const double>(values));
  });
  CHECK(has(too_large, "w.safetensors: tensor \"text_proj.bias\": element 0: expected a value that a float can hold"));
}

TEST_CASE("weights: what stands before all names is named with its remedy, and a foreign name is escaped") {
  for (const std::string prefix : {"module.", "_orig_mod.", "model.student."}) {
    const std::string message = refusal([&](ctp::TensorFile& file) {
      for (auto& t : file.tensors) t.name = prefix + t.name;
    });
    CAPTURE(message);
    CHECK(has(message, "expected a tensor with this name, found none; the file has " + prefix));
    CHECK(has(message, ": remove \"" + prefix + "\" from the names of its tensors"));
  }
  const std::string escaped =
      refusal([](ctp::TensorFile& file) { file.tensors.push_back(filled("a\x1b[2J\nb", {1}, 1)); });
  CHECK(has(escaped, "tensor \"a\\u001b[2J\\nb\": expected a name that this model has"));
}

TEST_CASE("weights: a model that a file cannot hold is refused before memory for it is asked for") {
  ctp::ModelConfig large = test::odd;
  large.positions = 1 << 20;
  large.intermediate = 1 << 24;
  large.vocab = 1 << 24;
  const test::Structure vast(large);  // some 10^9 numbers
  const ctp::TensorFile file = file_of(start());
  CHECK_THROWS_AS((void)ctp::read_weights<double>(vast.layout(), file), ctp::DataError);
  CHECK(ctp::match_weights(model().layout(), file).size() == model().layout().parameters().size());
  ctp::TensorFile more = file;
  more.tensors.push_back(filled("other", {2}, 1));
  CHECK_THROWS_AS((void)ctp::match_weights(model().layout(), more), ctp::DataError);
  CHECK_NOTHROW((void)ctp::match_weights(model().layout(), more, "", true));
}

TEST_CASE("weights: parameters of other policies are passed over by name, and those that a file lacks start fresh") {
  ctp::Layout layout = model().layout();
  ctp::Parameter<1> own;
  layout.add_of_policy("mine", [&](ctp::Layout& l) { own = l.add<1>("scale", {2}, ctp::Start::constant(7)); });
  ctp::TensorFile file = file_of(start());
  file.tensors.push_back(filled("policy.theirs.bias", {3}, 1));

  CHECK(ctp::read_weights<float>(model().layout(), file) == start());
  CHECK(ctp::passed_over(model().layout(), file) == std::vector<std::string>{"policy.theirs.bias"});
  CHECK_THROWS_WITH_AS((void)ctp::read_weights<float>(layout, file),
                       "w.safetensors: tensor policy.mine.scale: expected a tensor with this name, found none; train "
                       "with the policy that has this parameter, or let it start fresh: read_starting_weights()",
                       ctp::DataError);

  std::vector<float> theta = ctp::initial_weights<float>(layout, 2);
  const ctp::UnsharedParameters unshared = ctp::read_starting_weights(layout, file, theta);
  CHECK(unshared.fresh == std::vector<std::string>{"policy.mine.scale"});
  CHECK(unshared.passed_over == std::vector<std::string>{"policy.theirs.bias"});
  std::vector<float> expected = start();
  expected.resize(theta.size());
  expected[static_cast<std::size_t>(own.offset)] = expected[static_cast<std::size_t>(own.offset) + 1] = 7;
  CHECK(theta == expected);

  file.tensors.push_back(filled("policy.mine.scale", {2}, 0.5F));
  CHECK(ctp::read_starting_weights(layout, file, theta).fresh.empty());
  expected[static_cast<std::size_t>(own.offset)] = expected[static_cast<std::size_t>(own.offset) + 1] = 0.5F;
  CHECK(theta == expected);
  CHECK(ctp::read_weights<float>(layout, file) == expected);
  tensor(file, "policy.mine.scale") = filled("policy.mine.scale", {3}, 0.5F);
  CHECK_THROWS_WITH_AS((void)ctp::read_starting_weights(layout, file, theta),
                       doctest::Contains("policy.mine.scale: expected shape [2], found [3]"), ctp::DataError);
  theta.pop_back();
  CHECK_THROWS_AS((void)ctp::read_starting_weights(layout, file, theta), ctp::ShapeError);
}

TEST_CASE("weights: of one of several models in a file, the parameters of policies are those behind its prefix") {
  ctp::TensorFile file = file_of(start());
  for (auto& t : file.tensors) t.name = "momentum." + t.name;
  for (const char* name : {"momentum.policy.mine.scale", "policy.mine.scale"})
    file.tensors.push_back(filled(name, {1}, 2));
  ctp::Layout layout = model().layout();
  layout.add_of_policy("mine", [](ctp::Layout& l) { (void)l.add<1>("scale", {1}, ctp::Start::Zeros); });
  CHECK(ctp::read_weights<float>(layout, file, "momentum.").size() == start().size() + 16);
  CHECK(ctp::passed_over(layout, file, "momentum.").empty());
  CHECK(ctp::passed_over(model().layout(), file, "momentum.") == std::vector<std::string>{"policy.mine.scale"});
}
