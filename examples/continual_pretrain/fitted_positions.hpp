/// @file   fitted_positions.hpp
/// @brief  Fits positions of starting weights to another image size and another number of words.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/io/free_space.hpp>
#include <ctp/io/weights/interpolated_positions.hpp>
#include <ctp/tensor/named.hpp>

#include "machine_memory.hpp"
#include "model_settings.hpp"
#include "settings.hpp"

namespace pretrain {

/// @brief Interpolates the positions of the image encoder, which `file` has for `own` x `own` patches, to the model's
/// image size. Returns the line of the report.
/// **Errors.** as io::interpolated_positions(); DataError for a table of another width; ResourceError for a table that
/// is larger than the memory. Precondition: the image size is a multiple of the patch size.
inline std::string interpolate_image_positions(ctp::TensorFile& file, int own, const ctp::ModelConfig& model) {
  const int side = model.image / model.patch;
  const auto table = std::find_if(file.tensors.begin(), file.tensors.end(), [](const ctp::NamedTensor& tensor) {
    return tensor.name == "visual_encoder.pos_embed";
  });
  if (table == file.tensors.end() || table->shape.back() != model.vision_width)
    ctp::detail::refuse_weights(
        file, "visual_encoder.pos_embed", "positions of the encoder's width " + std::to_string(model.vision_width),
        table == file.tensors.end() ? "none" : table->shape_text(), "are these weights of another model?");
  const std::uint64_t bytes = 3 * sizeof(double) * static_cast<std::uint64_t>(side) * static_cast<std::uint64_t>(side) *
                              static_cast<std::uint64_t>(model.vision_width);  // at most 2^57
  if (bytes > machine_memory())
    throw ctp::ResourceError(ctp::Complaint{"memory", "", ctp::io::size_text(bytes) + " for interpolated positions",
                                            ctp::io::size_text(machine_memory()) + " on this machine",
                                            "choose a smaller --image-size"}
                                 .text());
  *table = ctp::io::interpolated_positions(*table, side, file.origin);
  const auto grid = [](int n) { return std::to_string(n) + " x " + std::to_string(n); };
  return "positions of the image encoder interpolated from " + grid(own) + " to " + grid(side) +
         " patches (bicubic, as timm)";
}

/// @brief Keeps the first `kept` of the `own` positions of the text encoder in `file`, to the bit. Returns the line of
/// the report.
/// **Errors.** UsageError naming the assignment of `chosen` for more positions than there are: those of words are
/// learned one by one, and no rule makes further ones.
inline std::string cut_text_positions(ctp::TensorFile& file, int own, int kept,
                                      const std::vector<ModelSetting>& chosen) {
  for (auto setting = chosen.rbegin(); kept > own && setting != chosen.rend(); ++setting)  // the last assignment wins
    if (setting->field == "positions")
      detail::refuse(setting->assignment, "at most the " + std::to_string(own) + " of " + file.origin,
                     "each position of a text is learned by itself, and these weights have no more");
  for (ctp::NamedTensor& tensor : file.tensors) {
    if (!tensor.name.ends_with(".embeddings.position_embeddings.weight")) continue;
    if (tensor.shape.empty() || tensor.shape.front() != own) continue;  // match_weights() compares copies of the table
    tensor.bytes.resize(tensor.bytes.size() / static_cast<std::size_t>(own) * static_cast<std::size_t>(kept));
    tensor.shape.front() = kept;
  }
  return "positions of the text encoder cut from " + std::to_string(own) + " to the first " + std::to_string(kept);
}

}  // namespace pretrain
