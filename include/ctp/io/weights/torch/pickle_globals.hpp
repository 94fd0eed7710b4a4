/// @file   ctp/io/weights/torch/pickle_globals.hpp
/// @brief  The closed list of globals that a pickle of weights may name. None of them is called.
/// @layer  io
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ctp/tensor/named.hpp>

namespace ctp::io::torch {

/// What the machine builds where Python would call the global.
enum class GlobalKind : std::uint8_t { OrderedDict, Tensor, Parameter, Size, Storage };

/// A name that a pickle may use.
struct KnownGlobal {
  std::string_view module, name;
  GlobalKind kind;
  DType dtype = DType::F32;  ///< of the elements of a storage
};

/// All names. Anything else is refused.
inline constexpr std::array<KnownGlobal, 15> known_globals{
    {{"collections", "OrderedDict", GlobalKind::OrderedDict},
     {"torch._utils", "_rebuild_tensor_v2", GlobalKind::Tensor},
     {"torch._utils", "_rebuild_parameter", GlobalKind::Parameter},
     {"torch", "Size", GlobalKind::Size},
     {"torch", "FloatStorage", GlobalKind::Storage, DType::F32},
     {"torch", "DoubleStorage", GlobalKind::Storage, DType::F64},
     {"torch", "HalfStorage", GlobalKind::Storage, DType::F16},
     {"torch", "BFloat16Storage", GlobalKind::Storage, DType::BF16},
     {"torch", "LongStorage", GlobalKind::Storage, DType::I64},
     {"torch", "IntStorage", GlobalKind::Storage, DType::I32},
     {"torch", "ShortStorage", GlobalKind::Storage, DType::I16},
     {"torch", "CharStorage", GlobalKind::Storage, DType::I8},
     {"torch", "ByteStorage", GlobalKind::Storage, DType::U8},
     {"torch", "BoolStorage", GlobalKind::Storage, DType::Bool},
     {"torch", "ComplexFloatStorage", GlobalKind::Storage, DType::C64}}};

/// Index in known_globals; nothing if the name is not on the list.
inline std::optional<std::size_t> find_global(std::string_view module, std::string_view name) {
  for (std::size_t i = 0; i < known_globals.size(); ++i)
    if (known_globals[i].module == module && known_globals[i].name == name) return i;
  return std::nullopt;
}

}  // namespace ctp::io::torch
