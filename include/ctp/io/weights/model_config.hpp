/// @file   ctp/io/weights/model_config.hpp
/// @brief  The model configuration of a weight file: from its `config` entry, or from its tensors.
/// @layer  io
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

#include <ctp/core/json_line.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/io/json/document.hpp>
#include <ctp/io/weights/interpolated_positions.hpp>
#include <ctp/io/weights/training_record.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// The configuration as the JSON text of a weight file's `config` entry.
inline std::string config_text(const ModelConfig& config) {
  JsonLine line;
  ModelConfig::fields(config, [&](const char* name, const auto& value) { line.add(name, value); });
  return line.text();
}

/// @brief The configuration in a JSON text. Fields that the text lacks keep the value of `start`; unknown fields are
/// ignored. `found`: gets the names of the fields that the text has.
/// **Errors.** DataError naming `origin`, field, expected and found; each field has the range of size_range().
inline ModelConfig parse_config(const std::string& text, const std::string& origin, ModelConfig start = {},
                                std::set<std::string>* found = nullptr) {
  const JsonDocument document = parse_json_document(text, origin);
  const JsonView root = document.root();
  ModelConfig::fields(start, [&](const char* name, auto& value) {
    const auto field = root.find(name);
    if (!field) return;
    if (found != nullptr) found->insert(name);
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(value)>, int>)
      value = static_cast<int>(field->integer(size_range(name).least, size_range(name).most));
    else
      value = field->number();
  });
  return start;
}

/// Values that a person gives for sizes that a file does not tell: name of the field, value.
using GivenSizes = std::map<std::string, double>;

namespace detail {

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
  if (!dtype_is_floating(tensor->dtype))
    throw DataError(Complaint{file.origin, "tensor " + name, "one of the types F64 F32 F16 BF16",
                              std::string(dtype_name(tensor->dtype)), "store it in one of those types, or remove it"}
                        .text());
  if (checked_element_count(tensor->shape) == std::uint64_t{1}) {
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

/// @brief Sizes that the tensors of a file with the published names tell, each with the tensor that tells it.
class SizesOfTensors {
 public:
  explicit SizesOfTensors(const TensorFile& file) : file_(file), index_(file.tensors) {
    text_ = index_.find(std::string("text_mlm_encoder.bert.") + words) != nullptr ? "text_mlm_encoder.bert."
                                                                                  : "text_encoder.";
  }

  [[nodiscard]] bool has_image_encoder() const { return index_.find(patches) != nullptr; }
  [[nodiscard]] bool has_text_encoder() const { return index_.find(text_ + words) != nullptr; }

  /// Calls use(field, value, tensor) for every size. `all`: tensors that are missing are errors; else they are left
  /// out. **Errors.** DataError naming file and tensor.
  template <class Use>
  void each(bool all, const Use& use) const {
    const auto add = [&](const char* field, const std::string& name, std::size_t axis, std::size_t rank) {
      if (const auto value = extent(field, name, axis, rank, all)) use(field, *value, name);
    };
    if (all || has_image_encoder()) {
      add("vision_width", patches, 0, 4);
      add("patch", patches, 3, 4);
      const std::string places = "visual_encoder.pos_embed";
      const auto patch = extent("patch", patches, 3, 4, all);
      if (const auto rows = extent("positions", places, 1, 3, all); rows && patch) {
        const std::optional<int> side = side_of_grid(*rows);
        if (!side || *side > size_range("image").most / *patch)
          refuse(places, "a class token and the patches of a square picture", shape_of(places));
        use("image", *side * *patch, places);
      }
      layers("vision_depth", "visual_encoder.blocks.", ".norm1.weight", all, use);
    }
    if (all || has_text_encoder()) {
      add("vocab", text_ + words, 0, 2);
      add("text_width", text_ + words, 1, 2);
      add("positions", text_ + "embeddings.position_embeddings.weight", 0, 2);
      add("types", text_ + "embeddings.token_type_embeddings.weight", 0, 2);
      layers("text_layers", text_ + "encoder.layer.", ".attention.self.query.weight", all, use);
      const int depth = count(text_ + "encoder.layer.", ".attention.self.query.weight");
      int first = 0;  // layer with cross-attention
      while (first < depth && index_.find(text_ + "encoder.layer." + std::to_string(first) +
                                          ".crossattention.self.query.weight") == nullptr)
        ++first;
      if (depth > 0) use("fusion_layer", first, text_ + "encoder.layer." + std::to_string(first) + ".crossattention");
      add("intermediate", text_ + "encoder.layer.0.intermediate.dense.weight", 0, 2);
    }
    if (all || (has_image_encoder() && has_text_encoder())) add("embed", "vision_proj.weight", 0, 2);
  }

  [[nodiscard]] bool has_cross_attention() const {
    return std::any_of(file_.tensors.begin(), file_.tensors.end(), [](const NamedTensor& tensor) {
      return tensor.name.find(".crossattention.") != std::string::npos;
    });
  }
  /// One more than the highest number of a layer, for "vision_depth" or "text_layers". **Errors.** DataError for more
  /// layers than a model may have.
  [[nodiscard]] int layers_with_gaps(const std::string& field) const {
    const std::string before = field == "vision_depth" ? "visual_encoder.blocks." : text_ + "encoder.layer.";
    int layers = 0;
    for (const NamedTensor& tensor : file_.tensors) {
      if (!tensor.name.starts_with(before)) continue;
      int number = 0;
      const char* const end = tensor.name.data() + tensor.name.size();
      if (std::from_chars(tensor.name.data() + before.size(), end, number).ec != std::errc() || number < 0) continue;
      if (number >= size_range(field).most)
        refuse(tensor.name, "at most " + std::to_string(size_range(field).most) + " layers", "more");
      layers = std::max(layers, number + 1);
    }
    return layers;
  }

  /// Length of the queue of features; nothing if the file has none.
  [[nodiscard]] std::optional<int> queue() const { return extent("queue", "image_queue", 1, 2, false); }

 private:
  static constexpr const char* patches = "visual_encoder.patch_embed.proj.weight";
  static constexpr const char* words = "embeddings.word_embeddings.weight";

  [[noreturn]] void refuse(const std::string& name, std::string expected, std::string found,
                           std::string remedy = "are these weights of another model?") const {
    throw DataError(
        Complaint{file_.origin, "tensor " + name, std::move(expected), std::move(found), std::move(remedy)}.text());
  }
  [[nodiscard]] std::string shape_of(const std::string& name) const { return index_.find(name)->shape_text(); }

  /// One extent of a tensor, in the range of `field`.
  [[nodiscard]] std::optional<int> extent(const char* field, const std::string& name, std::size_t axis,
                                          std::size_t rank, bool required) const {
    const NamedTensor* tensor = index_.find(name);
    if (tensor == nullptr && required)
      refuse(name, "a tensor with this name", std::to_string(file_.tensors.size()) + " tensors, none with this name",
             missing_tensor_remedy(file_, name));
    if (tensor == nullptr) return std::nullopt;
    if (tensor->shape.size() != rank) refuse(name, std::to_string(rank) + " dimensions", tensor->shape_text());
    const std::int64_t found = tensor->shape[axis];
    if (found < 1 || found > size_range(field).most)
      refuse(name, "extents from 1 to " + std::to_string(size_range(field).most), tensor->shape_text());
    return static_cast<int>(found);
  }
  [[nodiscard]] int count(const std::string& before, const std::string& after) const {
    int n = 0;
    while (n <= size_range("vision_depth").most && index_.find(before + std::to_string(n) + after) != nullptr) ++n;
    return n;
  }
  template <class Use>
  void layers(const char* field, const std::string& before, const std::string& after, bool all, const Use& use) const {
    const int n = count(before, after);
    if (n == 0 && all) refuse(before + "0" + after, "a tensor with this name", "none");
    if (n > size_range(field).most)
      refuse(before + std::to_string(n - 1) + after, "at most " + std::to_string(size_range(field).most) + " layers",
             "more");
    if (n > 0) use(field, n, before + "N" + after);
  }

  const TensorFile& file_;
  TensorIndex index_;
  std::string text_;
};

}  // namespace detail

/// Sizes of a file, and the names of the fields that the file tells.
struct SizesOfFile {
  ModelConfig config;
  std::set<std::string> told;
};

/// @brief The sizes of a weight file: from its `config` entry and from the shapes of its tensors, which must agree.
///
/// Temperatures are also stored as the tensors `temp` and `distill_temp`, which must agree with the entry, too. A file
/// without entry does not tell its numbers of heads, dropout and special tokens: those fields keep their defaults, or
/// the special tokens of bert-base-chinese, the vocabulary of published weights. Takes memory for the sizes alone.
/// **Errors.** DataError naming the file, and the tensor that is missing or contradicts the entry, or the key of the
/// entry that is out of range.
inline SizesOfFile sizes_of(const TensorFile& file) {
  SizesOfFile sizes{ModelConfig{.dropout = 0.1}, {}};
  ModelConfig& c = sizes.config;
  const std::string* entry = detail::metadata_text(file, "config");
  if (entry != nullptr) c = parse_config(*entry, file.origin + " (metadata 'config')", c, &sizes.told);
  const detail::SizesOfTensors tensors(file);
  tensors.each(entry == nullptr, [&](const char* field, int value, const std::string& tensor) {
    ModelConfig::fields(c, [&](const std::string& name, auto& stated) {
      if (name != field) return;
      if (sizes.told.insert(name).second) {
        stated = value;
      } else if (stated != value) {
        throw DataError(Complaint{file.origin, "metadata 'config': " + name,
                                  "the " + std::to_string(value) + " of tensor " + tensor, detail::shortest(stated),
                                  "fetch or write the file again"}
                            .text());
      }
    });
  });
  if (!sizes.told.contains("queue"))
    if (const auto length = tensors.queue()) {
      c.queue = *length;
      sizes.told.insert("queue");
    }
  if (constexpr int published = 103; entry == nullptr && c.vocab > published) {
    c.unk = 100;
    c.cls = 101;
    c.sep = 102;
    c.mask = published;
  }
  for (const auto& [name, field] :
       {std::pair{"temp", &ModelConfig::temperature}, {"distill_temp", &ModelConfig::distill_temperature}}) {
    detail::reconcile_temperature(file, name, sizes.told.contains(name), c.*field);
    if (file.find(name) != nullptr) sizes.told.insert(name);
  }
  return sizes;
}

/// @brief The sizes that the shapes of incomplete weights tell: of an image encoder, of a text encoder, or of both. The
/// other fields are those of `start`. An encoder has as many layers as its highest number says.
/// **Errors.** DataError naming file and tensor.
inline SizesOfFile sizes_of_part(const TensorFile& file, const ModelConfig& start) {
  SizesOfFile sizes{start, {}};
  const auto take = [&](const std::string& field, int value) {
    sizes.told.insert(field);
    ModelConfig::fields(sizes.config, [&](const std::string& name, auto& own) {
      if (name == field) own = value;
    });
  };
  const detail::SizesOfTensors tensors(file);
  tensors.each(false, [&](const std::string& field, int value, const std::string&) {
    if (field != "fusion_layer" || tensors.has_cross_attention()) take(field, value);
  });
  for (const char* field : {"vision_depth", "text_layers"})
    if (const int layers = tensors.layers_with_gaps(field); layers > 0) take(field, layers);
  if (const auto length = tensors.queue()) take("queue", *length);
  for (const auto& [name, field] :
       {std::pair{"temp", &ModelConfig::temperature}, {"distill_temp", &ModelConfig::distill_temperature}})
    if (const auto value = detail::temperature_of(file, name)) {
      sizes.config.*field = *value;
      sizes.told.insert(name);
    }
  return sizes;
}

/// @brief The configuration of a weight file: sizes_of(), with `given` values for fields that the file does not tell.
/// **Errors.** as sizes_of(); DataError naming the file and the fields if nothing tells the numbers of heads, or for
/// sizes of which no model can be built; UsageError for a given value that contradicts the file or is no value of the
/// field.
inline ModelConfig config_of(const TensorFile& file, const GivenSizes& given = {}) {
  SizesOfFile sizes = sizes_of(file);
  for (const auto& [field, value] : given) {
    bool known = false;
    ModelConfig::fields(sizes.config, [&](const std::string& name, auto& own) {
      if (name != field) return;
      known = true;
      const auto refuse = [&](std::string expected, std::string remedy) {
        throw UsageError(
            Complaint{"model." + name, "", std::move(expected), detail::shortest(value), std::move(remedy)}.text());
      };
      if constexpr (std::is_same_v<std::remove_reference_t<decltype(own)>, int>) {
        const SizeRange range = size_range(name);
        if (!(value >= range.least && value <= range.most && value == std::floor(value)))
          refuse("a whole number from " + std::to_string(range.least) + " to " + std::to_string(range.most), "");
      }
      if (sizes.told.contains(name) && static_cast<double>(own) != value)
        refuse("the " + detail::shortest(own) + " of " + file.origin, "leave it out: the file tells it");
      own = static_cast<std::remove_reference_t<decltype(own)>>(value);
      sizes.told.insert(name);
    });
    if (!known) throw UsageError(Complaint{"model." + field, "", "a size of the model", "an unknown name", ""}.text());
  }
  std::string missing;
  for (const char* heads : {"vision_heads", "text_heads"})
    if (!sizes.told.contains(heads)) (missing += missing.empty() ? "" : " and ") += std::string("model.") + heads;
  if (!missing.empty())
    throw DataError(Complaint{file.origin, "metadata 'config'", "the numbers of heads, which tensors do not tell",
                              "no " + missing, "give " + missing + ": with --set in the programs"}
                        .text());
  if (const auto complaint = complaint_about(sizes.config)) {
    if (given.contains("vision_heads") || given.contains("text_heads"))
      throw UsageError(Complaint{"model." + complaint->where + " of " + file.origin, "", complaint->expected,
                                 complaint->found, complaint->remedy}
                           .text());
    throw DataError(Complaint{file.origin, "metadata 'config': " + complaint->where, complaint->expected,
                              complaint->found, "fetch or write the file again"}
                        .text());
  }
  return sizes.config;
}

}  // namespace ctp::io
