/// @file   ctp/core/model_config.hpp
/// @brief  Sizes of a model, set at run time, and their validation.
/// @layer  core
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <ctp/core/error.hpp>

namespace ctp {

/// Widths, depths, temperatures and special tokens. fields() gives each field the name that it has in the `config`
/// entry of weight files.
struct ModelConfig {
  int image = 224;  ///< pixels, height and width
  int patch = 16;
  int vision_width = 768, vision_depth = 12, vision_heads = 12;
  int vocab = 21128;
  int text_width = 768, text_layers = 12;
  int fusion_layer = 6;  ///< layers [fusion_layer, text_layers) have cross-attention to the image tokens
  int text_heads = 12;
  int intermediate = 3072;
  int positions = 512, types = 2;
  int embed = 256;   ///< width of the common space of images and texts
  int queue = 1024;  ///< length of the momentum feature queue of each modality
  double temperature = 0.07, distill_temperature = 1.0;
  int pad = 0, unk = 1, cls = 2, sep = 3, mask = 4;
  double dropout = 0.1;  ///< in the text encoder: attention and hidden; the image encoder has none

  /// @brief These sizes with the vocabulary's size and the special ids of `tokenizer`, whose `vocabulary()` has size(),
  /// pad(), unk(), cls(), sep() and mask(): data::Tokenizer.
  template <class Tokenizer>
  [[nodiscard]] ModelConfig for_tokenizer(const Tokenizer& tokenizer) const {
    ModelConfig config = *this;
    const auto& vocabulary = tokenizer.vocabulary();
    config.vocab = static_cast<int>(vocabulary.size());
    config.pad = vocabulary.pad();
    config.unk = vocabulary.unk();
    config.cls = vocabulary.cls();
    config.sep = vocabulary.sep();
    config.mask = vocabulary.mask();
    return config;
  }

  /// Calls visitor(name, field) for every field. The temperatures have the published names `temp` and `distill_temp`.
  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visitor) {
    visitor("image", self.image);
    visitor("patch", self.patch);
    visitor("vision_width", self.vision_width);
    visitor("vision_depth", self.vision_depth);
    visitor("vision_heads", self.vision_heads);
    visitor("vocab", self.vocab);
    visitor("text_width", self.text_width);
    visitor("text_layers", self.text_layers);
    visitor("fusion_layer", self.fusion_layer);
    visitor("text_heads", self.text_heads);
    visitor("intermediate", self.intermediate);
    visitor("positions", self.positions);
    visitor("types", self.types);
    visitor("embed", self.embed);
    visitor("queue", self.queue);
    visitor("temp", self.temperature);
    visitor("distill_temp", self.distill_temperature);
    visitor("pad", self.pad);
    visitor("unk", self.unk);
    visitor("cls", self.cls);
    visitor("sep", self.sep);
    visitor("mask", self.mask);
    visitor("dropout", self.dropout);
  }
};

/// Smallest and largest value of a whole-number field.
struct SizeRange {
  int least, most;
};

/// @brief The range of a field of ModelConfig by its name. Sizes within their ranges have products and sums that fit 64
/// bits.
constexpr SizeRange size_range(std::string_view field) {
  if (field == "vision_depth" || field == "text_layers") return {1, 1024};
  if (field == "fusion_layer") return {0, 1024};
  if (field == "image" || field == "patch" || field == "types") return {1, 1 << 16};
  if (field == "vocab" || field == "intermediate") return {1, 1 << 24};
  if (field == "pad" || field == "unk" || field == "cls" || field == "sep" || field == "mask") return {0, 1 << 24};
  return {1, 1 << 20};  // widths, heads, positions, embed, queue
}

/// @brief The first reason why no model of these sizes can be built; nothing if one can. `where` of the complaint is
/// the name of the field.
[[nodiscard, gnu::cold]] inline std::optional<Complaint> complaint_about(const ModelConfig& c) {
  std::optional<Complaint> first;
  const auto check = [&](bool ok, const std::string& key, double found, const std::string& expected,
                         const char* remedy) {
    if (ok || first) return;
    std::string number = std::to_string(found);
    number.erase(number.find_last_not_of('0') + 1);
    if (number.back() == '.') number.pop_back();
    first = Complaint{key, "", expected, number, remedy};
  };
  ModelConfig::fields(c, [&](const char* name, const auto& value) {
    const std::string key = name;
    const bool may_be_zero = size_range(key).least == 0 || key == "dropout";
    check(may_be_zero ? value >= 0 : value > 0, key, static_cast<double>(value),
          may_be_zero ? "a number from 0" : "a number above 0", "sizes and temperatures must be positive");
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, int>)
      check(value <= size_range(key).most, key, value, "at most " + std::to_string(size_range(key).most),
            "no model of this library is that large");
    else
      check(std::isfinite(value), key, value, "a finite number", "");
  });
  if (first) return first;
  check(c.image % c.patch == 0, "image", c.image, "a multiple of the patch size " + std::to_string(c.patch),
        "choose --image-size accordingly");
  check(c.vision_width % c.vision_heads == 0, "vision_width", c.vision_width,
        "a multiple of vision_heads " + std::to_string(c.vision_heads), "change one of them");
  check(c.text_width % c.text_heads == 0, "text_width", c.text_width,
        "a multiple of text_heads " + std::to_string(c.text_heads), "change one of them");
  check(c.fusion_layer <= c.text_layers, "fusion_layer", c.fusion_layer,
        "at most text_layers " + std::to_string(c.text_layers), "layers from fusion_layer on attend to the image");
  check(c.dropout < 1, "dropout", c.dropout, "a probability below 1", "0 switches dropout off");
  for (const auto& [key, id] :
       {std::pair{"pad", c.pad}, {"unk", c.unk}, {"cls", c.cls}, {"sep", c.sep}, {"mask", c.mask}})
    check(id < c.vocab, key, id, "an id below the vocabulary's size " + std::to_string(c.vocab),
          "the vocabulary lacks a special token");
  return first;
}

/// @brief Checks that a model of these sizes can be built. **Errors.** UsageError with the field, its value and the
/// rule.
inline void validate(const ModelConfig& c) {
  std::optional<Complaint> complaint = complaint_about(c);
  if (!complaint) return;
  complaint->where = "model." + complaint->where;
  throw UsageError(complaint->text());
}

/// Named model sizes.
namespace sizes {

inline constexpr ModelConfig base{};

inline constexpr ModelConfig small{.image = 128,
                                   .patch = 16,
                                   .vision_width = 384,
                                   .vision_depth = 6,
                                   .vision_heads = 6,
                                   .text_width = 384,
                                   .text_layers = 6,
                                   .fusion_layer = 3,
                                   .text_heads = 6,
                                   .intermediate = 1536,
                                   .embed = 128,
                                   .queue = 512};

inline constexpr ModelConfig tiny{.image = 64,
                                  .patch = 8,
                                  .vision_width = 96,
                                  .vision_depth = 4,
                                  .vision_heads = 3,
                                  .text_width = 96,
                                  .text_layers = 4,
                                  .fusion_layer = 2,
                                  .text_heads = 3,
                                  .intermediate = 384,
                                  .positions = 64,
                                  .embed = 64,
                                  .queue = 256};

}  // namespace sizes
}  // namespace ctp
