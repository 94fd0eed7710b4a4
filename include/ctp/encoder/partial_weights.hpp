/// @file   ctp/encoder/partial_weights.hpp
/// @brief  Starting weights that have only some parts of a model, such as a published encoder.
/// @layer  encoder
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/encoder/weights.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp {

/// A part of a model that weights may lack as a whole.
struct FreshPart {
  std::string_view name;                ///< for messages
  std::vector<std::string> parameters;  ///< in the order of the layout
};

namespace detail {

/// A part of a model: its names begin with one of `prefixes`, or have `within` in them.
struct ModelPart {
  std::string_view name;
  std::array<std::string_view, 2> prefixes;
  std::string_view within;

  [[nodiscard]] bool has(std::string_view parameter) const {
    if (!within.empty()) return parameter.find(within) != std::string_view::npos;
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view prefix) { return !prefix.empty() && parameter.starts_with(prefix); });
  }
};

/// The first part that has a name is the name's part.
inline constexpr std::array<ModelPart, 4> model_parts{{{"cross-attention", {}, ".crossattention."},
                                                       {"image encoder", {"visual_encoder."}, ""},
                                                       {"text encoder", {"text_mlm_encoder.", text_alias}, ""},
                                                       {"projections", {"vision_proj.", "text_proj."}, ""}}};

inline const ModelPart* part_of(std::string_view parameter) {
  const auto part = std::find_if(model_parts.begin(), model_parts.end(),
                                 [&](const ModelPart& candidate) { return candidate.has(parameter); });
  return part == model_parts.end() ? nullptr : &*part;
}

}  // namespace detail

/// @brief The parts of a model that start fresh with these weights: those of cross-attention, image encoder, text
/// encoder and projections of which the file has no tensor. Parameters of policies are left out.
///
/// **Errors.** DataError listing the parameters that the file lacks otherwise: a part is there as a whole or not at
/// all, and weights with cross-attention have a text encoder.
inline std::vector<FreshPart> fresh_parts(const Layout& layout, const TensorFile& file) {
  const TensorIndex index(file.tensors);
  std::set<const detail::ModelPart*> found;
  for (const NamedTensor& tensor : file.tensors)
    for (const detail::ModelPart& part : detail::model_parts)
      if (part.has(tensor.name)) found.insert(&part);
  std::vector<FreshPart> fresh;
  std::vector<std::string> missing;
  for (const detail::ModelPart& part : detail::model_parts) fresh.push_back({part.name, {}});
  for (const ParameterInfo& p : layout.parameters()) {
    if (p.name.starts_with(policy_prefix) || index.find(p.name) != nullptr) continue;
    if (p.name.starts_with(detail::text_prefix) &&
        index.find(std::string(detail::text_alias) + p.name.substr(detail::text_prefix.size())) != nullptr)
      continue;
    const detail::ModelPart* const part = detail::part_of(p.name);
    if (part == nullptr || found.contains(part))
      missing.push_back(p.name);
    else
      fresh[static_cast<std::size_t>(part - detail::model_parts.data())].parameters.push_back(p.name);
  }
  if (!missing.empty()) {
    constexpr std::size_t shown = 8;
    std::string names;
    for (std::size_t i = 0; i < std::min(shown, missing.size()); ++i) names += (i > 0 ? ", " : "") + missing[i];
    if (missing.size() > shown) names += " and " + std::to_string(missing.size() - shown) + " more";
    throw DataError(
        Complaint{file.origin.empty() ? "weights" : file.origin, "tensors",
                  "each part of the model as a whole or not at all: cross-attention, image encoder, text encoder, "
                  "projections",
                  std::to_string(missing.size()) + " missing: " + names, "is the file complete, and of such a model?"}
            .text());
  }
  std::erase_if(fresh, [](const FreshPart& part) { return part.parameters.empty(); });
  return fresh;
}

/// Selects all parameters of parts, also those that a strategy adds to them, such as a head's bias: the `may_lack` of
/// read_starting_weights().
inline ParameterFilter parameters_of(const std::vector<FreshPart>& parts) {
  std::set<std::string_view> names;
  for (const FreshPart& part : parts) names.insert(part.name);
  return [names](std::string_view parameter) {
    const detail::ModelPart* const part = detail::part_of(parameter);
    return part != nullptr && names.contains(part->name);
  };
}

}  // namespace ctp
