/// @file   ctp/io/weights/torch/pickle_value.hpp
/// @brief  The values of a pickle of weights, as plain data.
/// @layer  io
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/io/weights/torch/pickle_globals.hpp>
#include <ctp/io/weights/torch/view.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io::torch {

enum class PickleKind : std::uint8_t {
  None,
  Boolean,
  Integer,  ///< of at most 64 bits
  Long,     ///< of more than 64 bits; text() has its bytes, the lowest first
  Float,
  Text,
  Bytes,
  Tuple,
  List,
  Dict,
  Global,
  Storage,
  Tensor
};

/// "a number", for messages.
constexpr std::string_view kind_name(PickleKind kind) {
  switch (kind) {
    case PickleKind::None:
      return "None";
    case PickleKind::Boolean:
      return "a Boolean";
    case PickleKind::Integer:
      return "an integer";
    case PickleKind::Long:
      return "an integer of more than 64 bits";
    case PickleKind::Float:
      return "a floating-point number";
    case PickleKind::Text:
      return "a text";
    case PickleKind::Bytes:
      return "bytes";
    case PickleKind::Tuple:
      return "a tuple";
    case PickleKind::List:
      return "a list";
    case PickleKind::Dict:
      return "a dict";
    case PickleKind::Global:
      return "a global";
    case PickleKind::Storage:
      return "a storage";
    case PickleKind::Tensor:
      return "a tensor";
  }
  return "";
}

/// One value, or the place of one in PickleData. Copies of a container, a storage or a tensor are the same object.
struct PickleValue {
  PickleKind kind = PickleKind::None;
  std::uint32_t size = 0;  ///< of a text, bytes
  std::uint64_t bits = 0;  ///< a number, an offset in the text of the pickle, or an index

  /// Of a Boolean or an Integer.
  [[nodiscard]] std::int64_t integer() const { return std::bit_cast<std::int64_t>(bits); }
};

/// A storage: elements in the file that tensors are views of.
struct PickleStorage {
  std::string key;  ///< its name in the file
  DType dtype = DType::F32;
  std::uint64_t count = 0;  ///< elements
};

/// A tensor: a view of a storage.
struct PickleTensor {
  std::size_t storage = 0;  ///< index in PickleData::storages
  View view;
};

/// @brief A whole pickle. Containers refer to each other by index, so no data of a file makes a recursion.
struct PickleData {
  struct Container {
    std::vector<PickleValue> items;  ///< of a dict: key, value, key, value ...
    std::uint8_t depth = 1;          ///< of containers in it when they were put in
    bool ordered = false;            ///< a collections.OrderedDict
    bool has_tensor = false;         ///< a dict with a tensor among its values
  };

  std::string bytes;  ///< the pickle, as far as it was read
  std::vector<Container> containers;
  std::vector<PickleStorage> storages;  ///< every key once
  std::vector<PickleTensor> tensors;
  PickleValue root;
  std::uint64_t length = 0;  ///< of the pickle with its end mark, bytes

  /// The bytes of a Text, Bytes or Long.
  [[nodiscard]] std::string_view text(PickleValue value) const {
    return std::string_view(bytes).substr(static_cast<std::size_t>(value.bits), value.size);
  }
  /// The items of a Tuple or List; keys and values of a Dict by turns.
  [[nodiscard]] std::span<const PickleValue> items(PickleValue value) const {
    return containers[static_cast<std::size_t>(value.bits)].items;
  }
};

}  // namespace ctp::io::torch
