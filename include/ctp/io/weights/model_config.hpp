/// @file   ctp/io/weights/model_config.hpp
/// @brief  The sizes of a model as weight files state them, or as their tensors' shapes give them away.
/// @layer  io
#pragma once

#include <cmath>
#include <cstdint>
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

/// @brief The configuration in a JSON text. Fields that are not named keep what `start` has; unknown fields are
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

}  // namespace detail

/// @brief The configuration of a weight file: from its `config` entry, else from the shapes of its tensors.
///
/// Shapes do not tell the number of heads (a head is taken to be 64 wide), temperatures, dropout and special tokens:
/// those are the published ones.  **Errors.** DataError naming the file and the tensor that is missing.
inline ModelConfig config_of(const TensorFile& file) {
  if (const auto at = file.metadata.find("config"); at != file.metadata.end())
    return parse_config(at->second, file.origin + " (metadata 'config')", ModelConfig{.dropout = 0.1});
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
  ModelConfig c;
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
  c.unk = 100;  // bert-base-chinese, whose vocabulary published weights have
  c.cls = 101;
  c.sep = 102;
  c.mask = 103;
  return c;
}

}  // namespace ctp::io
