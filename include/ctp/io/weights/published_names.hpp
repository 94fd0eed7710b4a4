/// @file   ctp/io/weights/published_names.hpp
/// @brief  Layouts of tensor names: those of published models, translated into this project's.
/// @layer  io
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/weights/source.hpp>

namespace ctp::io {

/// @brief A name of a layout. `pattern`: `#` stands for the number of a layer, and `+` at the end for `weight` or
/// `bias`; behind `LayerNorm.` also for the old `gamma` or `beta`.
struct NameRule {
  std::string_view pattern;
  bool used = true;  ///< no parameter of this library's models has the values of the other tensors
};

/// @brief A layout of tensor names. Its rules are closed: a file with any other name is refused.
struct NameLayout {
  std::string_view name;              ///< for messages
  std::string_view mark;              ///< a tensor that every file of the layout has, without `before`
  std::string_view before;            ///< stands in front of the encoder's names in the file
  std::string_view own;               ///< stands there in this project
  std::span<const NameRule> encoder;  ///< names behind `before`
  std::span<const NameRule> head;     ///< further names: `own_head` stands in front of them in this project
  std::string_view own_head = {};
  bool heads_by_width = true;  ///< a published model of this layout has width / 64 heads
};

namespace name_rules {

inline constexpr std::array<NameRule, 10> vit{{{"cls_token"},
                                               {"pos_embed"},
                                               {"patch_embed.proj.+"},
                                               {"blocks.#.norm1.+"},
                                               {"blocks.#.attn.qkv.+"},
                                               {"blocks.#.attn.proj.+"},
                                               {"blocks.#.norm2.+"},
                                               {"blocks.#.mlp.fc1.+"},
                                               {"blocks.#.mlp.fc2.+"},
                                               {"norm.+"}}};
inline constexpr std::array<NameRule, 3> vit_head{{{"head.+", false}, {"head_dist.+", false}, {"dist_token", false}}};

inline constexpr std::array<NameRule, 19> bert{{{"embeddings.word_embeddings.weight"},
                                                {"embeddings.position_embeddings.weight"},
                                                {"embeddings.token_type_embeddings.weight"},
                                                {"embeddings.LayerNorm.+"},
                                                {"embeddings.position_ids", false},
                                                {"encoder.layer.#.attention.self.query.+"},
                                                {"encoder.layer.#.attention.self.key.+"},
                                                {"encoder.layer.#.attention.self.value.+"},
                                                {"encoder.layer.#.attention.output.dense.+"},
                                                {"encoder.layer.#.attention.output.LayerNorm.+"},
                                                {"encoder.layer.#.crossattention.self.query.+"},
                                                {"encoder.layer.#.crossattention.self.key.+"},
                                                {"encoder.layer.#.crossattention.self.value.+"},
                                                {"encoder.layer.#.crossattention.output.dense.+"},
                                                {"encoder.layer.#.crossattention.output.LayerNorm.+"},
                                                {"encoder.layer.#.intermediate.dense.+"},
                                                {"encoder.layer.#.output.dense.+"},
                                                {"encoder.layer.#.output.LayerNorm.+"},
                                                {"pooler.dense.+", false}}};
inline constexpr std::array<NameRule, 5> bert_head{{{"cls.predictions.bias"},
                                                    {"cls.predictions.transform.dense.+"},
                                                    {"cls.predictions.transform.LayerNorm.+"},
                                                    {"cls.predictions.decoder.+"},
                                                    {"cls.seq_relationship.+", false}}};

}  // namespace name_rules

/// All layouts. The first one is this project's: its names are those of a model, and match_weights() checks them.
inline constexpr std::array<NameLayout, 4> name_layouts{{
    {"this project's names", "", "", "", {}, {}, "", false},
    {"DeiT and timm's ViT", "patch_embed.proj.weight", "", "visual_encoder.", name_rules::vit, name_rules::vit_head},
    {"BERT of Hugging Face with 'bert.'", "embeddings.word_embeddings.weight", "bert.", "text_mlm_encoder.bert.",
     name_rules::bert, name_rules::bert_head, "text_mlm_encoder."},
    {"BERT of Hugging Face without 'bert.'", "embeddings.word_embeddings.weight", "", "text_mlm_encoder.bert.",
     name_rules::bert, name_rules::bert_head, "text_mlm_encoder."},
}};

inline constexpr const NameLayout& own_names = name_layouts[0];

namespace detail {

/// True if `name` is one of the names of `pattern`.
inline bool is_name_of(std::string_view pattern, std::string_view name) {
  while (!pattern.empty()) {
    if (pattern == "+") return name == "weight" || name == "bias";
    if (pattern == "LayerNorm.+" && (name == "LayerNorm.gamma" || name == "LayerNorm.beta")) return true;
    if (pattern.front() == '#') {
      const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
      if (digits < 1 || digits > 4 || (name.front() == '0' && digits > 1)) return false;
      name.remove_prefix(digits);
    } else {
      if (name.empty() || name.front() != pattern.front()) return false;
      name.remove_prefix(1);
    }
    pattern.remove_prefix(1);
  }
  return name.empty();
}

/// The rule that `name` follows; null if none.
inline const NameRule* rule_of(std::span<const NameRule> rules, std::string_view name) {
  const auto rule =
      std::find_if(rules.begin(), rules.end(), [&](const NameRule& r) { return is_name_of(r.pattern, name); });
  return rule == rules.end() ? nullptr : &*rule;
}

/// The names of gain and bias of a layer norm as they are today.
inline std::string with_new_ending(std::string name) {
  for (const auto& [old, now] :
       {std::pair{"LayerNorm.gamma", "LayerNorm.weight"}, {"LayerNorm.beta", "LayerNorm.bias"}})
    if (name.ends_with(old)) return name.replace(name.size() - std::string_view(old).size(), std::string::npos, now);
  return name;
}

/// True for a name of this project's models, also behind a prefix such as `module.`, which match_weights() names.
inline bool is_own_name(std::string_view name) {
  for (const std::string_view part :
       {"visual_encoder.", "text_mlm_encoder.", "text_encoder.", "vision_proj.", "text_proj."})
    for (std::size_t at = name.find(part); at != std::string_view::npos; at = name.find(part, at + 1))
      if (at == 0 || name[at - 1] == '.') return true;
  return false;
}

/// The first names of a list, separated by commas, and how many more there are.
inline std::string first_names(const std::vector<std::string>& names, std::size_t limit = 4) {
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, names.size()); ++i) {
    const std::string quoted = ctp::quoted(names[i]);
    text += (i > 0 ? ", " : "") + (quoted.size() == names[i].size() + 2 ? names[i] : quoted);
  }
  if (names.size() > limit) text += " and " + std::to_string(names.size() - limit) + " more";
  return text;
}

/// The tensor by which `source` fits a layout; null if it does not.
inline const StoredTensor* mark_in(const NameLayout& layout, const WeightSource& source) {
  const std::string mark = std::string(layout.before).append(layout.mark);
  for (const StoredTensor& tensor : source.tensors())
    if (layout.mark.empty() ? is_own_name(tensor.name) : tensor.name == mark) return &tensor;
  return nullptr;
}

/// Remedy for a file without any layout: names a prefix of all names, if there is one.
inline std::string remedy_for_names(const WeightSource& source) {
  for (const NameLayout& layout : name_layouts)
    for (const StoredTensor& tensor : source.tensors()) {
      const std::string_view name = tensor.name;
      if (!layout.mark.empty() && name.size() > layout.mark.size() && name.ends_with(layout.mark))
        return "remove " + ctp::quoted(name.substr(0, name.size() - layout.mark.size())) +
               " from the names of its tensors";
    }
  return "are these weights of another model?";
}

/// **Errors.** DataError for a DeiT that was trained with a distillation token: its places are others.
inline void require_no_distillation_token(const WeightSource& source) {
  const auto find = [&](std::string_view name) {
    return std::find_if(source.tensors().begin(), source.tensors().end(),
                        [&](const StoredTensor& tensor) { return tensor.name == name; });
  };
  const auto places = find("pos_embed");
  if (find("dist_token") == source.tensors().end() || places == source.tensors().end()) return;
  if (places->shape.size() != 3 || places->shape[1] < 3) return;
  const auto patches = static_cast<double>(places->shape[1] - 2), side = std::round(std::sqrt(patches));
  if (side * side != patches) return;
  throw DataError(Complaint{source.origin(), "tensor dist_token", "a DeiT without distillation token",
                            "one, and " + std::to_string(places->shape[1]) + " places in pos_embed",
                            "the image encoder has no such token: give the DeiT that was trained without distillation, "
                            "such as deit_base_patch16_224"}
                      .text());
}

/// Reads the tensors of another source, of which some have other names and some are left out.
class RenamedReader final : public TensorReader {
 public:
  RenamedReader(WeightSource source, std::vector<std::size_t> places)
      : source_(std::move(source)), places_(std::move(places)) {}
  [[nodiscard]] std::vector<std::byte> read(std::size_t index) const override {
    return source_.reader().read(places_.at(index));
  }
  void require_unchanged() const override { source_.reader().require_unchanged(); }

 private:
  WeightSource source_;
  std::vector<std::size_t> places_;
};

}  // namespace detail

/// A layout that a file fits, and the tensor by which it does.
struct FittingLayout {
  const NameLayout* layout;
  const StoredTensor* mark;
};

/// The layouts that a file's names fit: one of a file that can be read. Points into `source`.
inline std::vector<FittingLayout> fitting_layouts(const WeightSource& source) {
  std::vector<FittingLayout> fits;
  for (const NameLayout& layout : name_layouts)
    if (const StoredTensor* mark = detail::mark_in(layout, source)) fits.push_back({&layout, mark});
  return fits;
}

/// @brief The layout of a file's names. Nothing but names decides.
/// **Errors.** DataError naming file, layouts and tensors if none of the layouts fits, or more than one.
inline const NameLayout& name_layout_of(const WeightSource& source) {
  const std::vector<FittingLayout> fits = fitting_layouts(source);
  if (fits.size() == 1) return *fits.front().layout;
  std::string known;
  for (const NameLayout& layout : name_layouts) (known += known.empty() ? "" : "; ") += layout.name;
  std::vector<std::string> names;
  for (const FittingLayout& fit : fits) names.push_back(fit.mark->name);
  if (fits.empty())
    for (const StoredTensor& tensor : source.tensors()) names.push_back(tensor.name);
  throw DataError(Complaint{source.origin(), "names of tensors", "one of these layouts: " + known,
                            fits.empty() ? std::to_string(names.size()) + " tensors of none of them" +
                                               (names.empty() ? "" : ": " + detail::first_names(names))
                                         : std::to_string(fits.size()) + " of them: " + detail::first_names(names),
                            fits.empty() ? detail::remedy_for_names(source) : "write each model to a file of its own"}
                      .text());
}

/// What a layout says of a tensor's name.
enum class NameUse : std::uint8_t { Used, NotUsed, Unknown };

/// A tensor's name in this project; empty unless it is used.
struct OwnName {
  NameUse use;
  std::string name;
};

/// The name in this project of a tensor that has `name` in a file of `layout`. Own names stay as they are.
inline OwnName own_name(const NameLayout& layout, std::string_view name) {
  if (&layout == &own_names) return {NameUse::Used, std::string(name)};
  std::string_view own = layout.own;
  const NameRule* rule = nullptr;
  if (name.starts_with(layout.before)) rule = detail::rule_of(layout.encoder, name.substr(layout.before.size()));
  if (rule != nullptr) {
    name.remove_prefix(layout.before.size());
  } else {
    rule = detail::rule_of(layout.head, name);
    own = layout.own_head;
  }
  if (rule == nullptr) return {NameUse::Unknown, ""};
  if (!rule->used) return {NameUse::NotUsed, ""};
  return {NameUse::Used, detail::with_new_ending(std::string(own).append(name))};
}

/// A file's tensors under this project's names.
struct PublishedSource {
  WeightSource source;  ///< without the tensors that are not used, and without metadata unless the names were own ones
  const NameLayout* layout;
  std::vector<std::string> not_used;  ///< their names, in the order of the file
};

/// @brief Gives the tensors of a file this project's names, without reading one. A file in own names stays as it is.
/// **Errors.** as name_layout_of(); DataError naming file and tensors for names that the layout does not have, for two
/// tensors with one meaning, and for a DeiT with a distillation token.
inline PublishedSource with_own_names(WeightSource source) {
  const NameLayout& layout = name_layout_of(source);
  if (&layout == &own_names) return {std::move(source), &layout, {}};
  std::vector<StoredTensor> tensors;
  std::vector<std::size_t> places;
  std::vector<std::string> not_used, unknown;
  std::map<std::string, std::string> taken;  // own name: name in the file
  for (std::size_t i = 0; i < source.tensors().size(); ++i) {
    const StoredTensor& tensor = source.tensors()[i];
    auto [use, name] = own_name(layout, tensor.name);
    if (use == NameUse::Unknown) {
      unknown.push_back(tensor.name);
    } else if (use == NameUse::NotUsed) {
      not_used.push_back(tensor.name);
    } else {
      if (const auto [other, is_new] = taken.emplace(name, tensor.name); !is_new)
        throw DataError(Complaint{source.origin(), "tensor " + tensor.name, "one tensor for each parameter",
                                  "also " + other->second, "remove one of the two"}
                            .text());
      tensors.push_back({std::move(name), tensor.dtype, tensor.shape});
      places.push_back(i);
    }
  }
  if (!unknown.empty())
    throw DataError(Complaint{source.origin(),
                              unknown.size() == 1 ? "1 tensor" : std::to_string(unknown.size()) + " tensors",
                              "names of the layout " + std::string(layout.name), detail::first_names(unknown),
                              "are these weights of another model?"}
                        .text());
  detail::require_no_distillation_token(source);
  const std::string origin = source.origin(), format = source.format();
  auto reader = std::make_unique<detail::RenamedReader>(std::move(source), std::move(places));
  return {{origin, format, {}, std::move(tensors), std::move(reader)}, &layout, std::move(not_used)};
}

}  // namespace ctp::io
