/// @file   ctp/io/weights/torch/state_dict.hpp
/// @brief  Finds the weights in what a PyTorch file holds: one dict from names to tensors.
/// @layer  io
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/core/utf8.hpp>
#include <ctp/io/weights/torch/pickle_value.hpp>
#include <ctp/io/weights/torch/rules.hpp>

namespace ctp::io::torch {

/// A tensor of the pickle and its name.
struct NamedView {
  std::string name;
  std::size_t tensor = 0;  ///< index in PickleData::tensors
};

/// Keys under which training programs store the weights.
inline constexpr std::array<std::string_view, 4> weight_keys{"state_dict", "model_state_dict", "model", "module"};

namespace detail {

/// True for a dict that has a tensor among its values.
inline bool has_tensor(const PickleData& data, PickleValue value) {
  return value.kind == PickleKind::Dict && data.containers[static_cast<std::size_t>(value.bits)].has_tensor;
}

/// True for a dict with a tensor of rank 1 or more among its values.
inline bool has_ranked_tensor(const PickleData& data, PickleValue dict) {
  const std::span<const PickleValue> items = data.items(dict);
  for (std::size_t i = 1; i < items.size(); i += 2)
    if (items[i].kind == PickleKind::Tensor &&
        !data.tensors[static_cast<std::size_t>(items[i].bits)].view.shape.empty())
      return true;
  return false;
}

/// A pickle with the names of its file and its place, for messages.
struct NamedPickle {
  const PickleData& data;
  const std::string& file;
  std::string_view place;
};

/// Python would keep the last value of a key that is there twice: a file that relies on this is refused.
[[noreturn]] inline void refuse_twice(const NamedPickle& in, std::string_view key) {
  refuse(in.file, in.place, "names", "every name once", ctp::quoted(key) + " twice");
}

/// @brief The value under a key; None if there is none. **Errors.** DataError by the rule 'names' if it is there twice.
inline PickleValue value_under(const NamedPickle& in, PickleValue dict, std::string_view key) {
  PickleValue value;
  bool found = false;
  const std::span<const PickleValue> items = in.data.items(dict);
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].kind != PickleKind::Text || in.data.text(items[i]) != key) continue;
    if (found) refuse_twice(in, key);
    value = items[i + 1];
    found = true;
  }
  return value;
}

/// @brief Refuses a dict with a text of more than 1,024 bytes as key, or with one that is there twice. The first rule
/// bounds the time that the second takes.
inline void require_keys_once(const NamedPickle& in, PickleValue dict) {
  std::vector<std::string_view> keys;
  const std::span<const PickleValue> items = in.data.items(dict);
  for (std::size_t i = 0; i < items.size(); i += 2) {
    if (items[i].kind != PickleKind::Text) continue;
    if (items[i].size > 1024)
      refuse(in.file, in.place, "names", "names of at most 1024 bytes", std::to_string(items[i].size) + " bytes");
    keys.push_back(in.data.text(items[i]));
  }
  std::sort(keys.begin(), keys.end());
  if (const auto twice = std::adjacent_find(keys.begin(), keys.end()); twice != keys.end()) refuse_twice(in, *twice);
}

/// True for a dict that has tensors, or under one of weight_keys a dict that leads to them, at most `levels` deeper.
inline bool leads_to_tensors(const NamedPickle& in, PickleValue value, int levels) {
  if (value.kind != PickleKind::Dict) return false;
  if (has_tensor(in.data, value)) return true;
  return levels > 0 && std::any_of(weight_keys.begin(), weight_keys.end(), [&](std::string_view key) {
           return leads_to_tensors(in, value_under(in, value, key), levels - 1);
         });
}

/// "state_dict", "epoch" ...: the keys of a dict, for messages.
inline std::string keys_text(const PickleData& data, PickleValue dict) {
  std::string text;
  const std::span<const PickleValue> items = data.items(dict);
  for (std::size_t i = 0; i < std::min<std::size_t>(items.size(), 16); i += 2)
    text += (text.empty() ? "" : ", ") + (items[i].kind == PickleKind::Text ? ctp::quoted(data.text(items[i]), 40)
                                                                            : std::string(kind_name(items[i].kind)));
  return text + (items.size() > 16 ? ", ..." : "");
}

}  // namespace detail

/// @brief The dict of the weights in a pickle.
///
/// The rule, from the outermost dict inwards, through at most three dicts: the dict under the one of weight_keys that
/// leads to tensors; else the dict itself if it has tensors and none of its values is a dict with tensors; else its one
/// value that is a dict with tensors. Beside the dict that is chosen lies no tensor but measures of rank 0, such as a
/// loss.
/// **Errors.** DataError by the rule 'state dict' if no dict, or more than one, can be meant; by the rule 'names' if a
/// dict on the way has a text twice as key, or one of more than 1,024 bytes.
inline PickleValue find_weights(const PickleData& data, const std::string& file, const std::string& place) {
  const auto fail = [&](std::string expected, std::string found) {
    refuse(file, place, "state dict", std::move(expected), std::move(found),
           "save the tensors alone: torch.save(model.state_dict(), name)");
  };
  const detail::NamedPickle in{data, file, place};
  PickleValue at = data.root;
  if (at.kind != PickleKind::Dict) fail("a dict of tensors", std::string(kind_name(at.kind)));
  for (std::size_t level = 0; level < 4; ++level) {
    detail::require_keys_once(in, at);
    const auto under = [&](std::string_view key) { return detail::value_under(in, at, key); };
    std::vector<std::string_view> keys;
    for (const std::string_view key : weight_keys)
      if (detail::leads_to_tensors(in, under(key), 2)) keys.push_back(key);
    if (keys.size() > 1)
      fail("one of the usual keys with tensors", "both " + ctp::quoted(keys[0]) + " and " + ctp::quoted(keys[1]));
    if (keys.size() == 1) {
      if (detail::has_ranked_tensor(data, at))
        fail("no tensor but of rank 0 beside the dict " + ctp::quoted(keys[0]),
             "a dict with the keys " + detail::keys_text(data, at));
      at = under(keys[0]);
      continue;
    }
    std::vector<PickleValue> inner;
    const std::span<const PickleValue> items = data.items(at);
    for (std::size_t i = 1; i < items.size(); i += 2)
      if (detail::has_tensor(data, items[i])) inner.push_back(items[i]);
    if (inner.empty() && detail::has_tensor(data, at)) return at;
    if (inner.size() != 1 || detail::has_tensor(data, at))
      fail(inner.empty() ? "a dict with tensors" : "one dict with tensors, and nothing but tensors in it",
           items.empty() ? "an empty dict" : "a dict with the keys " + detail::keys_text(data, at));
    at = inner.front();
  }
  fail("a dict of tensors within at most three others", "more");
  return {};
}

/// @brief Names and tensors of the dict of the weights, in the order of the file. Values that are no tensors, such as
/// numbers and the states of optimisers, are passed over.
/// **Errors.** as find_weights(); DataError by the rule 'names' for a tensor whose name is no text, no UTF-8, or has
/// a NUL.
inline std::vector<NamedView> named_views(const PickleData& data, const std::string& file, const std::string& place) {
  std::vector<NamedView> found;
  const std::span<const PickleValue> items = data.items(find_weights(data, file, place));
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i + 1].kind != PickleKind::Tensor) continue;
    if (items[i].kind != PickleKind::Text)
      refuse(file, place, "names", "a text as name of a tensor", std::string(kind_name(items[i].kind)));
    const std::string_view name = data.text(items[i]);
    if (name.size() > 1024 || valid_utf8_prefix(name) != name.size() || name.find('\0') != name.npos)
      refuse(file, place, "names", "names of UTF-8 without NUL, of at most 1024 bytes", ctp::quoted(name));
    found.push_back({std::string(name), static_cast<std::size_t>(items[i + 1].bits)});
  }
  return found;
}

}  // namespace ctp::io::torch
