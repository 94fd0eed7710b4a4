/// @file   ctp/io/weights/model_config.hpp
/// @brief  The model configuration of a weight file: from its `config` entry, or from its tensors.
/// @layer  io
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include <ctp/core/json_line.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/io/json/document.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// The configuration as the JSON text of a weight file's `config` entry.
inline std::string config_text(const ModelConfig& config) {
  JsonLine line;
  ModelConfig::fields(config, [&](const char* name, const auto& value) { line.add(name, value); });
  return line.text();
}

/// @brief The configuration in a JSON text. Fields that the text lacks keep the value of `start`; unknown fields are
/// ignored.
/// **Errors.** DataError naming `origin`, field, expected and found.
inline ModelConfig parse_config(const std::string& text, const std::string& origin, ModelConfig start = {}) {
  const JsonDocument document = parse_json_document(text, origin);
  const JsonView root = document.root();
  ModelConfig::fields(start, [&](const char* name, auto& value) {
    const auto field = root.find(name);
    if (!field) return;
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, int>)
      value = static_cast<int>(field->integer(0, 1 << 30));
    else
      value = field->number();
  });
  return start;
}

namespace detail {

/// Number of consecutive i for which `before` + i + `after` is a tensor of the file.
inline int count_layers(const TensorFile& file, const std::string& before, const std::string& after, int first = 0) {
  int n = first;
  while (file.find(before + std::to_string(n) + after) != nullptr) ++n;
  return n - first;
}

/// Shortest decimal text of a number.
template <class Real>
std::string shortest(Real value) {
  std::string text;
  ctp::detail::append_json_number(text, value);
  return text;
}

/// @brief The value of a temperature tensor; nothing if the file has none.
///
/// Of a tensor in float32 the shortest decimal number that rounds to it, so that 0.07 stays 0.07 in double.
/// **Errors.** DataError naming file and tensor for anything but one positive finite number.
inline std::optional<double> temperature_of(const TensorFile& file, const std::string& name) {
  const NamedTensor* tensor = file.find(name);
  if (tensor == nullptr) return std::nullopt;
  double value = 0;
  if (tensor->element_count() == 1 && dtype_is_floating(tensor->dtype)) {
    value = tensor->as_doubles().front();
    if (tensor->dtype == DType::F32) {
      const std::string text = shortest(static_cast<float>(value));
      std::from_chars(text.data(), text.data() + text.size(), value);
    }
  }
  if (!(value > 0 && std::isfinite(value)))
    throw DataError(Complaint{file.origin, "tensor " + name, "one number above 0",
                              std::string(dtype_name(tensor->dtype)) + " of shape " + tensor->shape_text() +
                                  (value == 0 ? "" : " with " + shortest(value)),
                              "fetch or write the file again"}
                        .text());
  return value;
}

/// @brief Reconciles `field` with the tensor `name`. Without a stated value the tensor's value is taken.
///
/// **Errors.** DataError if stated value and tensor differ by more than the tensor's type can round.
inline void reconcile_temperature(const TensorFile& file, const std::string& name, bool stated, double& field) {
  const std::optional<double> stored = temperature_of(file, name);
  if (!stored) return;
  if (!stated) {
    field = *stored;
    return;
  }
  const DType dtype = file.at(name).dtype;
  const double rounding = dtype == DType::BF16 ? 0x1p-8 : dtype == DType::F16 ? 0x1p-11 : 0x1p-23;
  if (static_cast<float>(*stored) == static_cast<float>(field)) return;
  if (std::abs(*stored - field) <= rounding * std::abs(field)) return;
  throw DataError(Complaint{file.origin, "tensor " + name, "the " + shortest(field) + " of metadata 'config'",
                            shortest(*stored), "correct one of the two, or remove the tensor"}
                      .text());
}

}  // namespace detail

/// @brief The configuration of a weight file: from its `config` entry, else from the shapes of its tensors.
///
/// Temperatures are also stored as the tensors `temp` and `distill_temp`. Without an entry their values hold; with an
/// entry both must agree. Shapes do not tell the number of heads (assumed: 64 numbers per head), dropout and special
/// tokens: these take the published values.
/// **Errors.** DataError naming the file and the tensor that is missing, or that contradicts the entry.
inline ModelConfig config_of(const TensorFile& file) {
  ModelConfig c;
  const auto reconcile = [&](bool temp_stated, bool distill_temp_stated) {
    detail::reconcile_temperature(file, "temp", temp_stated, c.temperature);
    detail::reconcile_temperature(file, "distill_temp", distill_temp_stated, c.distill_temperature);
  };
  if (const auto at = file.metadata.find("config"); at != file.metadata.end()) {
    const std::string origin = file.origin + " (metadata 'config')";
    c = parse_config(at->second, origin, ModelConfig{.dropout = 0.1});
    const JsonDocument entry = parse_json_document(at->second, origin);
    reconcile(entry.root().find("temp").has_value(), entry.root().find("distill_temp").has_value());
    return c;
  }
  const std::string text = file.find("text_mlm_encoder.bert.embeddings.word_embeddings.weight") != nullptr
                               ? "text_mlm_encoder.bert."
                               : "text_encoder.";
  const auto extent = [&](const std::string& name, std::size_t axis) {
    const NamedTensor& tensor = file.at(name);
    if (axis >= tensor.shape.size())
      throw DataError(Complaint{file.origin, "tensor " + name, "more than " + std::to_string(axis) + " dimensions",
                                tensor.shape_text(), "are these weights of another model?"}
                          .text());
    return static_cast<int>(tensor.shape[axis]);
  };
  c.vision_width = extent("visual_encoder.patch_embed.proj.weight", 0);
  c.patch = extent("visual_encoder.patch_embed.proj.weight", 3);
  const int side = static_cast<int>(std::lround(std::sqrt(extent("visual_encoder.pos_embed", 1) - 1)));
  c.image = side * c.patch;
  c.vision_depth = detail::count_layers(file, "visual_encoder.blocks.", ".norm1.weight");
  c.vision_heads = std::max(1, c.vision_width / 64);
  c.vocab = extent(text + "embeddings.word_embeddings.weight", 0);
  c.text_width = extent(text + "embeddings.word_embeddings.weight", 1);
  c.positions = extent(text + "embeddings.position_embeddings.weight", 0);
  c.types = extent(text + "embeddings.token_type_embeddings.weight", 0);
  c.text_layers = detail::count_layers(file, text + "encoder.layer.", ".attention.self.query.weight");
  c.fusion_layer = 0;
  while (c.fusion_layer < c.text_layers && file.find(text + "encoder.layer." + std::to_string(c.fusion_layer) +
                                                     ".crossattention.self.query.weight") == nullptr)
    ++c.fusion_layer;
  c.text_heads = std::max(1, c.text_width / 64);
  c.intermediate = extent(text + "encoder.layer.0.intermediate.dense.weight", 0);
  c.embed = extent("vision_proj.weight", 0);
  if (file.find("image_queue") != nullptr) c.queue = extent("image_queue", 1);
  c.unk = 100;  // of bert-base-chinese, the vocabulary of published weights
  c.cls = 101;
  c.sep = 102;
  c.mask = 103;
  reconcile(false, false);
  return c;
}

}  // namespace ctp::io
