/// @file   ctp/io/weights/torch/pickle_builder.hpp
/// @brief  Builds the values of a pickle that are more than numbers and texts, and refuses what is not data.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/quoted.hpp>
#include <ctp/io/weights/torch/pickle_globals.hpp>
#include <ctp/io/weights/torch/pickle_input.hpp>
#include <ctp/io/weights/torch/pickle_opcodes.hpp>
#include <ctp/io/weights/torch/pickle_value.hpp>
#include <ctp/io/weights/torch/rules.hpp>
#include <ctp/io/weights/torch/view.hpp>

namespace ctp::io::torch {

inline constexpr const char* only_tensors_remedy =
    "in a trusted Python, save the tensors alone: torch.save(model.state_dict(), name)";

inline constexpr const char* python2_remedy =
    "if Python 2 wrote the file, load it and save it again in Python 3; else it is damaged: write it again";

/// @brief Adds containers, globals, storages and tensors to the data of one pickle. Where Python would call a global,
/// reduce() builds a dict, a shape or a tensor itself. **Errors.** DataError by the rules of read_pickle().
class PickleBuilder {
 public:
  PickleBuilder(const PickleInput& input, PickleData& data) : input_(input), data_(data) {}

  /// The opcode that is carried out, for messages.
  void at(std::size_t offset, std::uint8_t code) {
    offset_ = offset;
    code_ = code;
  }
  [[noreturn]] void fail(std::string_view rule, std::string expected, std::string found,
                         std::string remedy = damaged_remedy) const {
    refuse(input_.file(), input_.place() + ", byte " + std::to_string(offset_) + ", " + opcode_name(code_), rule,
           std::move(expected), std::move(found), std::move(remedy));
  }
  /// The bytes of a Text.
  [[nodiscard]] std::string_view text(PickleValue value) const {
    return input_.bytes().substr(static_cast<std::size_t>(value.bits), value.size);
  }

  PickleValue container(PickleKind kind, std::vector<PickleValue> items) {
    PickleData::Container made;
    made.depth = depth_with(made.depth, items);
    made.items = std::move(items);
    data_.containers.push_back(std::move(made));
    return {kind, 0, data_.containers.size() - 1};
  }
  /// Puts items into a list, or pairs into a dict.
  void add(PickleKind kind, PickleValue target, std::span<const PickleValue> items) {
    if (target.kind != kind)
      fail("kinds", std::string(kind_name(kind)) + " to put items into", std::string(kind_name(target.kind)));
    if (kind == PickleKind::Dict && items.size() % 2 != 0)
      fail("kinds", "a value for each key", std::to_string(items.size()) + " items");
    PickleData::Container& into = data_.containers[static_cast<std::size_t>(target.bits)];
    into.depth = depth_with(into.depth, items);
    into.items.insert(into.items.end(), items.begin(), items.end());
    if (kind == PickleKind::Dict)
      for (std::size_t i = 1; i < items.size(); i += 2)
        into.has_tensor = into.has_tensor || items[i].kind == PickleKind::Tensor;
  }

  PickleValue global(std::string_view module, std::string_view name) const {
    const std::optional<std::size_t> known = find_global(module, name);
    if (!known)
      fail("globals", "a name that weights need, such as torch._utils._rebuild_tensor_v2",
           ctp::quoted(std::string(module) + "." + std::string(name)), only_tensors_remedy);
    return {PickleKind::Global, 0, *known};
  }

  /// A storage from the tuple by which PyTorch names it: "storage", type, key, place of computation, elements.
  PickleValue storage(PickleValue id) {
    const std::span<const PickleValue> parts = id.kind == PickleKind::Tuple ? data_.items(id) : no_values();
    const bool form = parts.size() >= 5 && parts.size() <= 6 && parts[0].kind == PickleKind::Text &&
                      text(parts[0]) == "storage" && is_global(parts[1], GlobalKind::Storage) &&
                      parts[2].kind == PickleKind::Text && parts[3].kind == PickleKind::Text &&
                      parts[4].kind == PickleKind::Integer && parts[4].integer() >= 0 &&
                      (parts.size() == 5 || parts[5].kind == PickleKind::None);
    if (!form)
      fail("storages", "the tuple ('storage', type, key, place, elements)",
           id.kind == PickleKind::Tuple ? "another tuple" : std::string(kind_name(id.kind)));
    if (parts[2].size > limits::line_bytes)  // each use of a storage copies its key
      fail("storages", "a key of at most " + std::to_string(limits::line_bytes) + " bytes",
           std::to_string(parts[2].size));
    PickleStorage made{std::string(text(parts[2])), known_globals[static_cast<std::size_t>(parts[1].bits)].dtype,
                       static_cast<std::uint64_t>(parts[4].integer())};
    const auto [known, is_new] = by_key_.emplace(made.key, data_.storages.size());
    if (!is_new) {
      const PickleStorage& first = data_.storages[known->second];
      if (first.dtype != made.dtype || first.count != made.count)
        fail("storages", "one type and length for storage " + ctp::quoted(made.key), "two");
    } else {
      data_.storages.push_back(std::move(made));
    }
    return {PickleKind::Storage, 0, known->second};
  }

  /// The value that Python would get from a call.
  PickleValue reduce(PickleValue global, PickleValue arguments) {
    if (global.kind != PickleKind::Global)
      fail("calls", "a global to build from", std::string(kind_name(global.kind)), only_tensors_remedy);
    if (arguments.kind != PickleKind::Tuple)
      fail("calls", "a tuple of arguments", std::string(kind_name(arguments.kind)));
    const KnownGlobal& known = known_globals[static_cast<std::size_t>(global.bits)];
    const std::span<const PickleValue> given = data_.items(arguments);
    switch (known.kind) {
      case GlobalKind::OrderedDict: {
        if (!given.empty()) refuse_arguments(known, "no arguments", python2_remedy);
        const PickleValue made = container(PickleKind::Dict, {});
        data_.containers.back().ordered = true;
        return made;
      }
      case GlobalKind::Size:
        if (given.size() != 1 || given[0].kind != PickleKind::Tuple) refuse_arguments(known, "one tuple");
        return given[0];
      case GlobalKind::Parameter:
        if (given.size() != 3 || given[0].kind != PickleKind::Tensor || given[1].kind != PickleKind::Boolean)
          refuse_arguments(known, "a tensor, whether it has a gradient, and hooks");
        return given[0];
      case GlobalKind::Tensor:
        return tensor(known, given);
      case GlobalKind::Storage:
        break;
    }
    fail("calls", "a global that makes tensors or dicts", name_of(known), only_tensors_remedy);
  }

  /// The state of an OrderedDict, which holds the versions of modules, is passed over.
  void set_state(PickleValue target, PickleValue state) const {
    const bool ordered =
        target.kind == PickleKind::Dict && data_.containers[static_cast<std::size_t>(target.bits)].ordered;
    if (!ordered)
      fail("state", "a collections.OrderedDict to give a state to", std::string(kind_name(target.kind)),
           only_tensors_remedy);
    if (state.kind != PickleKind::Dict) fail("state", "a dict as state", std::string(kind_name(state.kind)));
  }

 private:
  static std::span<const PickleValue> no_values() { return {}; }
  static std::string name_of(const KnownGlobal& known) {
    return std::string(known.module) + "." + std::string(known.name);
  }
  [[noreturn]] void refuse_arguments(const KnownGlobal& known, std::string expected,
                                     std::string remedy = damaged_remedy) const {
    fail("calls", std::move(expected), "other arguments of " + name_of(known), std::move(remedy));
  }
  static bool is_global(PickleValue value, GlobalKind kind) {
    return value.kind == PickleKind::Global && known_globals[static_cast<std::size_t>(value.bits)].kind == kind;
  }
  /// Depth of a container after `items` were put into it.
  [[nodiscard]] std::uint8_t depth_with(std::uint8_t depth, std::span<const PickleValue> items) const {
    for (const PickleValue item : items)
      if (item.kind == PickleKind::Tuple || item.kind == PickleKind::List || item.kind == PickleKind::Dict)
        depth = std::max<std::uint8_t>(
            depth, static_cast<std::uint8_t>(data_.containers[static_cast<std::size_t>(item.bits)].depth + 1));
    if (depth > limits::depth)
      fail("depth", "at most " + std::to_string(limits::depth) + " containers in each other", "more",
           only_tensors_remedy);
    return depth;
  }
  /// The integers of a tuple. Longer tuples than a shape may be are refused before they are copied.
  [[nodiscard]] std::vector<std::int64_t> integers(const KnownGlobal& known, PickleValue list) const {
    std::vector<std::int64_t> values;
    if (list.kind != PickleKind::Tuple) refuse_arguments(known, "a tuple of integers");
    const std::span<const PickleValue> items = data_.items(list);
    if (items.size() > limits::dimensions)
      fail("views", "at most " + std::to_string(limits::dimensions) + " dimensions", std::to_string(items.size()));
    for (const PickleValue item : items) {
      if (item.kind != PickleKind::Integer) refuse_arguments(known, "a tuple of integers");
      values.push_back(item.integer());
    }
    return values;
  }
  /// _rebuild_tensor_v2: storage, offset, shape, strides, whether it has a gradient, hooks, and perhaps metadata: a
  /// dict that can say that the values are the conjugate, or the negative, of those in the storage.
  PickleValue tensor(const KnownGlobal& known, std::span<const PickleValue> given) {
    if (given.size() < 6 || given.size() > 7 || given[0].kind != PickleKind::Storage ||
        given[1].kind != PickleKind::Integer || given[4].kind != PickleKind::Boolean)
      refuse_arguments(known, "a storage, an offset, a shape, strides, whether it has a gradient, and hooks");
    if (given.size() == 7 && given[6].kind != PickleKind::None &&
        (given[6].kind != PickleKind::Dict || !data_.items(given[6]).empty()))
      fail("calls", "no metadata (conj or neg bit)",
           given[6].kind == PickleKind::Dict
               ? "a dict with " + std::to_string(data_.items(given[6]).size() / 2) + " items"
               : std::string(kind_name(given[6].kind)),
           "in Python, save tensor.resolve_conj().resolve_neg() instead of the tensor");
    PickleTensor made{static_cast<std::size_t>(given[0].bits), {}};
    const PickleStorage& storage = data_.storages[made.storage];
    if (given[1].integer() < 0) fail("views", "an offset of at least 0", std::to_string(given[1].integer()));
    made.view = {static_cast<std::uint64_t>(given[1].integer()), integers(known, given[2]), integers(known, given[3])};
    if (auto problem = problem_of(made.view, storage.dtype, storage.count))
      fail("views", std::move(problem->expected), std::move(problem->found), contiguous_remedy);
    if (data_.tensors.size() == limits::tensors)
      fail("size", "at most " + std::to_string(limits::tensors) + " tensors", "more", only_tensors_remedy);
    data_.tensors.push_back(std::move(made));
    return {PickleKind::Tensor, 0, data_.tensors.size() - 1};
  }

  const PickleInput& input_;
  PickleData& data_;
  std::map<std::string, std::size_t, std::less<>> by_key_;
  std::size_t offset_ = 0;
  std::uint8_t code_ = 0;
};

}  // namespace ctp::io::torch
