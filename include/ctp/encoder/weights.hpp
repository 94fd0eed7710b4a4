/// @file   ctp/encoder/weights.hpp
/// @brief  Conversion of a parameter vector to and from named tensors with the published names.
/// @layer  encoder
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp {

namespace detail {

inline constexpr std::string_view text_prefix = "text_mlm_encoder.bert.", text_alias = "text_encoder.";

[[noreturn]] inline void refuse_weights(const TensorFile& file, const std::string& tensor, std::string expected,
                                        std::string found, std::string remedy) {
  throw DataError(Complaint{file.origin.empty() ? "weights" : file.origin, "tensor " + tensor, std::move(expected),
                            std::move(found), std::move(remedy)}
                      .text());
}

/// Text of a file's name for a message: a name that needs no quotes is left as it is.
inline std::string tensor_text(const std::string& name) {
  const std::string text = ctp::quoted(name);
  return text.size() == name.size() + 2 ? name : text;
}

/// Checks that weights can be read from the tensor's type. **Errors.** DataError naming file, tensor and type.
inline void require_floating(const TensorFile& file, const NamedTensor& tensor) {
  if (!dtype_is_floating(tensor.dtype))
    refuse_weights(file, tensor_text(tensor.name), "one of the types F64 F32 F16 BF16",
                   std::string(dtype_name(tensor.dtype)), "store these weights in one of those types");
}

/// Whether two tensors of one shape have equal numbers. Memory: a block of both in double, if their bytes differ.
inline bool equal_numbers(const NamedTensor& a, const NamedTensor& b) {
  constexpr std::size_t block = std::size_t{1} << 16U;  // elements
  const std::size_t count = a.element_count();
  if (b.element_count() != count) return false;
  if (a.dtype == b.dtype && a.bytes == b.bytes) return true;
  const auto part = [](const NamedTensor& x, std::size_t begin, std::size_t n) {
    const std::size_t width = dtype_bits(x.dtype) / 8;
    const auto from = x.bytes.begin() + static_cast<std::ptrdiff_t>(begin * width);
    return NamedTensor{
        x.name, x.dtype, {static_cast<std::int64_t>(n)}, {from, from + static_cast<std::ptrdiff_t>(n * width)}}
        .as_doubles();
  };
  for (std::size_t at = 0; at < count; at += block) {
    const std::size_t n = std::min(block, count - at);
    if (part(a, at, n) != part(b, at, n)) return false;
  }
  return true;
}

/// Checks that a copy of a tensor under a second name has the same values; without the bytes of both, the same shape.
/// **Errors.** DataError.
inline void require_repeats(const TensorFile& file, const NamedTensor& repeated, const NamedTensor& original) {
  require_floating(file, repeated);
  require_floating(file, original);
  const bool headers = repeated.bytes.empty() && original.bytes.empty();
  if (repeated.shape != original.shape || !(headers || equal_numbers(repeated, original)))
    refuse_weights(file, repeated.name, "the same values as in " + original.name, "others",
                   "the two are tied in the model; remove one of them");
}

}  // namespace detail

/// Predicate on names of parameters. An empty function selects none.
using ParameterFilter = std::function<bool(std::string_view)>;

/// @brief The tensor of each parameter of a layout, in the layout's order, without reading values. Memory and time
/// follow the sizes of file and layout.
///
/// Names are as for read_weights(). A parameter of a policy that the file lacks has a null pointer. Parameters of
/// policies that the layout lacks are passed over. `may_have_others`: accepts all tensors that the layout lacks.
/// `may_lack`: selects further parameters that the file may lack. Tensors may be headers alone, names with types and
/// shapes but without bytes: the values of their copies are then not compared.
/// **Errors.** DataError naming file and tensor for a tensor that is missing, has another shape or no floating-point
/// type, or is unknown.
inline std::vector<const NamedTensor*> match_weights(const Layout& layout, const TensorFile& file,
                                                     std::string_view prefix = "", bool may_have_others = false,
                                                     const ParameterFilter& may_lack = {}) {
  const TensorIndex index(file.tensors);
  std::set<const NamedTensor*> known;
  const auto take = [&](std::string_view name) -> const NamedTensor* {
    const NamedTensor* tensor = index.find(std::string(prefix).append(name));
    if (tensor != nullptr) known.insert(tensor);
    return tensor;
  };
  std::vector<const NamedTensor*> matched;
  matched.reserve(layout.parameters().size());
  std::map<std::string_view, const NamedTensor*> tied_originals;
  for (const ParameterInfo& p : layout.parameters()) {
    const NamedTensor* tensor = take(p.name);
    if (p.name.starts_with(detail::text_prefix)) {
      const auto* alias = take(std::string(detail::text_alias) + p.name.substr(detail::text_prefix.size()));
      if (tensor != nullptr && alias != nullptr) detail::require_repeats(file, *alias, *tensor);
      if (tensor == nullptr) tensor = alias;
    }
    if (tensor == nullptr && (p.name.starts_with(policy_prefix) || (may_lack && may_lack(p.name)))) {
      matched.push_back(nullptr);
      continue;
    }
    if (tensor == nullptr)
      detail::refuse_weights(file, p.name, "a tensor with this name", "none", missing_tensor_remedy(file, p.name));
    if (tensor->shape != p.shape)
      detail::refuse_weights(file, p.name, "shape " + NamedTensor{{}, tensor->dtype, p.shape, {}}.shape_text(),
                             tensor->shape_text(), "are these weights of another model?");
    detail::require_floating(file, *tensor);
    matched.push_back(tensor);
    if (p.name.ends_with("word_embeddings.weight") || p.name.ends_with("predictions.bias"))
      tied_originals.emplace(p.name, tensor);
  }
  const auto tied = [&](const char* name, const char* original) {
    const NamedTensor* tensor = take(name);
    if (tensor != nullptr && tied_originals.contains(original))
      detail::require_repeats(file, *tensor, *tied_originals.at(original));
  };
  tied("text_mlm_encoder.cls.predictions.decoder.weight", "text_mlm_encoder.bert.embeddings.word_embeddings.weight");
  tied("text_mlm_encoder.cls.predictions.decoder.bias", "text_mlm_encoder.cls.predictions.bias");
  for (const char* name : {"text_mlm_encoder.bert.embeddings.position_ids", "text_encoder.embeddings.position_ids",
                           "temp", "distill_temp", "image_queue", "text_queue", "queue_ptr"})
    take(name);
  if (prefix.empty())
    for (const NamedTensor* tensor : index.sorted())
      if (tensor->name.starts_with(policy_prefix)) known.insert(tensor);
  if (may_have_others || !prefix.empty() || known.size() == file.tensors.size()) return matched;
  const auto unknown = std::find_if(index.sorted().begin(), index.sorted().end(),
                                    [&](const NamedTensor* tensor) { return !known.contains(tensor); });
  if (unknown != index.sorted().end())
    detail::refuse_weights(
        file, detail::tensor_text((*unknown)->name), "a name that this model has",
        "an unknown name (" + std::to_string(file.tensors.size() - known.size()) + " unknown names in all)",
        "are these weights of another model?");
  return matched;
}

namespace detail {
/// Copies a tensor's numbers to the place of a parameter in `theta`. **Errors.** DataError naming file and tensor for a
/// value that is not finite or too large.
template <class Real>
void copy_weights(const TensorFile& file, const NamedTensor& tensor, const ParameterInfo& p, std::vector<Real>& theta) {
  const std::span<Real> out(theta.data() + p.offset, static_cast<std::size_t>(p.size()));
  try {
    tensor.copy_to(out);
  } catch (const DataError& error) {  // a tensor does not know its file
    throw DataError((file.origin.empty() ? "weights" : file.origin) + ": " + error.what());
  }
  for (const Real value : out)
    if (!std::isfinite(value))
      refuse_weights(file, p.name, "finite numbers", "NaN or infinity", "these weights are damaged");
}
}  // namespace detail

/// @brief Reads the parameter vector of a model from a file's tensors. **Shapes.** [layout.size()], gaps zero.
///
/// `prefix` selects one of several models in a file. Accepts `text_encoder.*` as alias of `text_mlm_encoder.bert.*`,
/// `position_ids`, and the masked-language decoder's tied weight and bias; copies of a tensor must have equal values.
/// Ignores the state of a training (`temp`, queues, ...) and `policy.*`, the parameters of policies, that the layout
/// lacks. Memory for the vector is asked for after every tensor has been matched.
/// **Errors.** as match_weights(); DataError naming file and tensor for a parameter of a policy that is missing, and
/// for a value that is not finite or too large.
template <class Real>
std::vector<Real> read_weights(const Layout& layout, const TensorFile& file, std::string_view prefix = "") {
  const std::vector<const NamedTensor*> matched = match_weights(layout, file, prefix);
  for (std::size_t i = 0; i < matched.size(); ++i)
    if (matched[i] == nullptr)
      detail::refuse_weights(file, layout.parameters()[i].name, "a tensor with this name", "none",
                             "train with the policy that has this parameter, or let it start fresh: "
                             "read_starting_weights()");
  std::vector<Real> theta(static_cast<std::size_t>(layout.size()));
  for (std::size_t i = 0; i < matched.size(); ++i)
    detail::copy_weights(file, *matched[i], layout.parameters()[i], theta);
  return theta;
}

/// Names of the parameters of policies that a layout and a file do not share, in the order of layout and file.
struct UnsharedParameters {
  std::vector<std::string> fresh;        ///< the file lacks them: they keep their initial values
  std::vector<std::string> passed_over;  ///< the layout lacks them: nothing reads them
};

/// Names of the parameters of policies in a file that a layout lacks. Names are those behind `prefix`.
inline std::vector<std::string> passed_over(const Layout& layout, const TensorFile& file,
                                            std::string_view prefix = "") {
  std::set<std::string_view> own;
  for (const ParameterInfo& p : layout.parameters()) own.insert(p.name);
  std::vector<std::string> names;
  for (const NamedTensor& tensor : file.tensors) {
    if (!tensor.name.starts_with(prefix)) continue;
    const std::string_view name = std::string_view(tensor.name).substr(prefix.size());
    if (name.starts_with(policy_prefix) && !own.contains(name)) names.emplace_back(name);
  }
  return names;
}

/// @brief Replaces the weights in `theta` by those of a file, as starting weights of a training. Parameters of policies
/// that the file lacks keep their values in `theta`, and so do those that `may_lack` selects. Returns what the two do
/// not share of policies' parameters, to be said to the user.
///
/// **Shapes.** theta [layout.size()].  **Errors.** ShapeError for another theta; as match_weights(); DataError naming
/// file and tensor for a value that is not finite or too large. `theta` may be partly replaced after an error.
template <class Real>
UnsharedParameters read_starting_weights(const Layout& layout, const TensorFile& file, std::vector<Real>& theta,
                                         std::string_view prefix = "", const ParameterFilter& may_lack = {}) {
  const auto n = static_cast<Index>(theta.size());
  require_shape(n == layout.size(), "read_starting_weights", "theta", Shape<1>{n}, "layout", Shape<1>{layout.size()},
                "one number for each place of the layout");
  const std::vector<const NamedTensor*> matched = match_weights(layout, file, prefix, false, may_lack);
  UnsharedParameters unshared{{}, passed_over(layout, file, prefix)};
  for (std::size_t i = 0; i < matched.size(); ++i) {
    const ParameterInfo& p = layout.parameters()[i];
    if (matched[i] != nullptr)
      detail::copy_weights(file, *matched[i], p, theta);
    else if (p.name.starts_with(policy_prefix))
      unshared.fresh.push_back(p.name);
  }
  return unshared;
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
