/// @file   ctp/encoder/weights.hpp
/// @brief  Conversion of a parameter vector to and from named tensors with the published names.
/// @layer  encoder
#pragma once

#include <cmath>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/nn/layout.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp {

namespace detail {

inline constexpr std::string_view text_prefix = "text_mlm_encoder.bert.", text_alias = "text_encoder.";

/// The tensors of a file under `prefix`, keyed by name without the prefix.
inline std::map<std::string, const NamedTensor*, std::less<>> by_name(const TensorFile& file, std::string_view prefix) {
  std::map<std::string, const NamedTensor*, std::less<>> tensors;
  for (const NamedTensor& tensor : file.tensors)
    if (std::string_view(tensor.name).starts_with(prefix)) tensors.emplace(tensor.name.substr(prefix.size()), &tensor);
  return tensors;
}

[[noreturn]] inline void refuse_weights(const TensorFile& file, const std::string& tensor, std::string expected,
                                        std::string found, std::string remedy) {
  throw DataError(Complaint{file.origin.empty() ? "weights" : file.origin, "tensor " + tensor, std::move(expected),
                            std::move(found), std::move(remedy)}
                      .text());
}

/// Checks that a copy of a tensor under a second name has the same values. **Errors.** DataError.
inline void require_repeats(const TensorFile& file, const NamedTensor& repeated, const NamedTensor& original) {
  if (repeated.shape != original.shape || repeated.as_doubles() != original.as_doubles())
    refuse_weights(file, repeated.name, "the same values as in " + original.name, "others",
                   "the two are tied in the model; remove one of them");
}

}  // namespace detail

/// @brief Reads the parameter vector of a model from a file's tensors. **Shapes.** [layout.size()], gaps zero.
///
/// `prefix` selects one of several models in a file. Accepts `text_encoder.*` as alias of `text_mlm_encoder.bert.*`,
/// `position_ids`, and the masked-language decoder's tied weight and bias; copies of a tensor must have equal values.
/// Ignores the state of a training (`temp`, queues, ...).
/// **Errors.** DataError for a tensor that is missing, has another shape, is not finite, or is unknown.
template <class Real>
std::vector<Real> read_weights(const Layout& layout, const TensorFile& file, std::string_view prefix = "") {
  std::vector<Real> theta(static_cast<std::size_t>(layout.size()));
  auto tensors = detail::by_name(file, prefix);
  const auto take = [&](const std::string& name) -> const NamedTensor* {
    const auto at = tensors.find(name);
    if (at == tensors.end()) return nullptr;
    const NamedTensor* tensor = at->second;
    tensors.erase(at);
    return tensor;
  };
  std::map<std::string, const NamedTensor*, std::less<>> used;
  for (const ParameterInfo& p : layout.parameters()) {
    const NamedTensor* tensor = take(p.name);
    if (p.name.starts_with(detail::text_prefix)) {
      const auto* alias = take(std::string(detail::text_alias) + p.name.substr(detail::text_prefix.size()));
      if (tensor != nullptr && alias != nullptr) detail::require_repeats(file, *alias, *tensor);
      if (tensor == nullptr) tensor = alias;
    }
    if (tensor == nullptr)
      detail::refuse_weights(file, p.name, "a tensor with this name", "none", "are these weights of another model?");
    if (tensor->shape != p.shape)
      detail::refuse_weights(file, p.name, "shape " + NamedTensor{{}, tensor->dtype, p.shape, {}}.shape_text(),
                             tensor->shape_text(), "are these weights of another model?");
    const std::span<Real> out(theta.data() + p.offset, static_cast<std::size_t>(p.size()));
    tensor->copy_to(out);
    for (const Real value : out)
      if (!std::isfinite(value))
        detail::refuse_weights(file, p.name, "finite numbers", "NaN or infinity", "these weights are damaged");
    used.emplace(p.name, tensor);
  }
  const auto tied = [&](const char* name, const char* original) {
    const NamedTensor* tensor = take(name);
    if (tensor != nullptr && used.contains(original)) detail::require_repeats(file, *tensor, *used.at(original));
  };
  tied("text_mlm_encoder.cls.predictions.decoder.weight", "text_mlm_encoder.bert.embeddings.word_embeddings.weight");
  tied("text_mlm_encoder.cls.predictions.decoder.bias", "text_mlm_encoder.cls.predictions.bias");
  for (const char* name : {"text_mlm_encoder.bert.embeddings.position_ids", "text_encoder.embeddings.position_ids",
                           "temp", "distill_temp", "image_queue", "text_queue", "queue_ptr"})
    take(name);
  if (prefix.empty() && !tensors.empty())
    detail::refuse_weights(file, tensors.begin()->first, "a name that this model has",
                           "an unknown name (" + std::to_string(tensors.size()) + " unknown names in all)",
                           "are these weights of another model?");
  return theta;
}

/// @brief The weights of a parameter vector as named float32 tensors, in the layout's order. **Shapes.** theta
/// [layout.size()].
template <class Real>
std::vector<NamedTensor> named_weights(const Layout& layout, std::span<const Real> theta) {
  std::vector<NamedTensor> tensors;
  std::vector<float> values;
  for (const ParameterInfo& p : layout.parameters()) {
    values.resize(static_cast<std::size_t>(p.size()));
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(theta[static_cast<std::size_t>(p.offset) + i]);
    tensors.push_back(make_named(p.name, p.shape, std::span<const float>(values)));
  }
  return tensors;
}

}  // namespace ctp
