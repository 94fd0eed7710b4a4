/// @file   ctp/tensor/named.hpp
/// @brief  Named tensors of a file: bytes, element type and shape, independent of the file format.
/// @layer  tensor
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>

namespace ctp {

/// Element type of a stored tensor. `ctp` converts the types up to Bool; the others are only stored and passed over.
enum class DType : std::uint8_t {
  F64,
  F32,
  F16,
  BF16,
  I64,
  I32,
  I16,
  I8,
  U8,
  Bool,
  U64,
  U32,
  U16,
  F8_E4M3,
  F8_E5M2,
  F8_E8M0,
  F8_E4M3FNUZ,
  F8_E5M2FNUZ,
  C64,
  F6_E2M3,
  F6_E3M2,
  F4
};

namespace detail {
struct DTypeFacts {
  std::string_view name;
  std::size_t bits;
  bool floating;
};
inline constexpr std::array<DTypeFacts, 22> dtype_facts{
    {{"F64", 64, true},         {"F32", 32, true},         {"F16", 16, true},     {"BF16", 16, true},
     {"I64", 64, false},        {"I32", 32, false},        {"I16", 16, false},    {"I8", 8, false},
     {"U8", 8, false},          {"BOOL", 8, false},        {"U64", 64, false},    {"U32", 32, false},
     {"U16", 16, false},        {"F8_E4M3", 8, false},     {"F8_E5M2", 8, false}, {"F8_E8M0", 8, false},
     {"F8_E4M3FNUZ", 8, false}, {"F8_E5M2FNUZ", 8, false}, {"C64", 64, false},    {"F6_E2M3", 6, false},
     {"F6_E3M2", 6, false},     {"F4", 4, false}}};
}  // namespace detail

/// Name as safetensors writes it: "F32", "BF16", "BOOL".
constexpr std::string_view dtype_name(DType t) { return detail::dtype_facts[static_cast<std::size_t>(t)].name; }
/// Bits per element.
constexpr std::size_t dtype_bits(DType t) { return detail::dtype_facts[static_cast<std::size_t>(t)].bits; }
/// Bytes per element; 1 for types of less than 8 bits, which are stored without gaps: see checked_byte_count().
constexpr std::size_t dtype_size(DType t) { return (dtype_bits(t) + 7) / 8; }
/// True for F64, F32, F16 and BF16: the types that weights are read from.
constexpr bool dtype_is_floating(DType t) { return detail::dtype_facts[static_cast<std::size_t>(t)].floating; }
/// The element type with this name; std::nullopt if no type has it.
constexpr std::optional<DType> dtype_from_name(std::string_view name) {
  for (std::size_t i = 0; i < detail::dtype_facts.size(); ++i) {
    if (detail::dtype_facts[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

/// The value of an IEEE 754 binary16 number, exactly.
constexpr float float_from_half(std::uint16_t half) {
  const std::uint32_t sign = (std::uint32_t{half} & 0x8000U) << 16U;
  const std::uint32_t exponent = (std::uint32_t{half} >> 10U) & 31U, fraction = half & 0x3FFU;
  if (exponent == 0) {  // zero and the subnormal numbers
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign == 0 ? magnitude : -magnitude;
  }
  const std::uint32_t float_exponent = exponent == 31 ? 255U : exponent + 112U;
  return std::bit_cast<float>(sign | (float_exponent << 23U) | (fraction << 13U));
}
/// The value of a bfloat16 number, exactly.
constexpr float float_from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

/// Product of the dimensions; std::nullopt if a dimension is negative or the product does not fit in 64 bits. Rank 0
/// has one element.
constexpr std::optional<std::uint64_t> checked_element_count(std::span<const std::int64_t> shape) {
  std::uint64_t count = 1;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) return std::nullopt;
    const auto n = static_cast<std::uint64_t>(dimension);
    if (n != 0 && count > std::numeric_limits<std::uint64_t>::max() / n) return std::nullopt;
    count *= n;
  }
  return count;
}

/// Bytes of a tensor; std::nullopt if the shape is impossible, the number does not fit in 64 bits, or elements of less
/// than 8 bits do not fill the last byte.
constexpr std::optional<std::uint64_t> checked_byte_count(DType t, std::span<const std::int64_t> shape) {
  const auto count = checked_element_count(shape);
  const std::uint64_t bits = dtype_bits(t);
  if (bits >= 8) {
    if (!count || *count > std::numeric_limits<std::uint64_t>::max() / (bits / 8)) return std::nullopt;
    return *count * (bits / 8);
  }
  if (!count || *count > std::numeric_limits<std::uint64_t>::max() / bits || *count * bits % 8 != 0)
    return std::nullopt;
  return *count * bits / 8;
}

/// @brief A tensor as stored in a file: row-major, little-endian, contiguous.
struct NamedTensor {
  std::string name;
  DType dtype = DType::F32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;

  /// "[2,3]"
  [[nodiscard]] std::string shape_text() const {
    std::string text = "[";
    for (const std::int64_t n : shape) text += (text.size() > 1 ? "," : "") + std::to_string(n);
    return text + "]";
  }
  /// Number of elements. **Errors.** DataError if the shape is impossible or does not match the bytes.
  [[nodiscard]] std::size_t element_count() const {
    const auto count = checked_element_count(shape);
    if (!count) refuse("shape", "dimensions >= 0 whose product fits 64 bits", shape_text());
    if (checked_byte_count(dtype, shape) != bytes.size()) {
      refuse("bytes",
             std::to_string(*count) + " elements of " + std::string(dtype_name(dtype)) + " for shape " + shape_text(),
             std::to_string(bytes.size()) + " bytes");
    }
    return static_cast<std::size_t>(*count);
  }

  /// Checks that the shape is `expected`. **Errors.** DataError with both shapes.
  void require_shape(std::span<const std::int64_t> expected) const {
    if (shape.size() == expected.size() && std::equal(shape.begin(), shape.end(), expected.begin())) return;
    refuse("shape", NamedTensor{{}, dtype, {expected.begin(), expected.end()}, {}}.shape_text(), shape_text());
  }

  /// Writes the values of a floating-point tensor to `out`, which may be part of a larger vector.
  ///
  /// **Errors.** DataError if the type is an integer type or a finite F64 value is too large for a float; ShapeError if
  /// `out` has another length. NaN and infinities are copied unchanged.
  void copy_to(std::span<float> out) const { convert_floating(out); }
  void copy_to(std::span<double> out) const { convert_floating(out); }

  /// The values of a floating-point tensor. **Errors.** as copy_to().
  [[nodiscard]] std::vector<float> as_floats() const {
    std::vector<float> out(element_count());
    copy_to(std::span(out));
    return out;
  }
  [[nodiscard]] std::vector<double> as_doubles() const {
    std::vector<double> out(element_count());
    copy_to(std::span(out));
    return out;
  }
  /// The values of an integer or Bool tensor; a Bool gives 0 or 1. **Errors.** DataError for floating-point types.
  [[nodiscard]] std::vector<std::int64_t> as_int64s() const {
    std::vector<std::int64_t> out(element_count());
    const auto put = [&](std::size_t i, auto value) { out[i] = value; };
    switch (dtype) {
      case DType::I64:
        for_each_value<std::int64_t>(put);
        break;
      case DType::I32:
        for_each_value<std::int32_t>(put);
        break;
      case DType::I16:
        for_each_value<std::int16_t>(put);
        break;
      case DType::I8:
        for_each_value<std::int8_t>(put);
        break;
      case DType::U8:
        for_each_value<std::uint8_t>(put);
        break;
      case DType::Bool:
        for_each_value<std::uint8_t>([&](std::size_t i, std::uint8_t v) { out[i] = v != 0 ? 1 : 0; });
        break;
      default:
        refuse("dtype", "one of I64 I32 I16 I8 U8 BOOL", std::string(dtype_name(dtype)));
    }
    return out;
  }

 private:
  [[noreturn]] void refuse(std::string_view what, std::string expected, std::string found) const {
    throw DataError(
        Complaint{"tensor " + ctp::quoted(name), std::string(what), std::move(expected), std::move(found), ""}.text());
  }
  template <class Stored, class Function>
  void for_each_value(Function&& f) const {
    for (std::size_t i = 0; i < bytes.size() / sizeof(Stored); ++i) {
      Stored value;
      std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
      f(i, value);
    }
  }
  template <class Real>
  void convert_floating(std::span<Real> out) const {
    const std::size_t count = element_count();
    if (out.size() != count) {
      throw ShapeError("NamedTensor::copy_to: tensor " + ctp::quoted(name) + " has " + std::to_string(count) +
                       " elements but the target has " + std::to_string(out.size()) + "; they must agree");
    }
    switch (dtype) {
      case DType::F64:
        for_each_value<double>([&](std::size_t i, double v) {
          out[i] = static_cast<Real>(v);
          if (std::isfinite(v) && !std::isfinite(out[i])) {
            refuse("element " + std::to_string(i), "a value that a float can hold", std::to_string(v));
          }
        });
        break;
      case DType::F32:
        for_each_value<float>([&](std::size_t i, float v) { out[i] = v; });
        break;
      case DType::F16:
        for_each_value<std::uint16_t>([&](std::size_t i, std::uint16_t v) { out[i] = float_from_half(v); });
        break;
      case DType::BF16:
        for_each_value<std::uint16_t>([&](std::size_t i, std::uint16_t v) { out[i] = float_from_bfloat(v); });
        break;
      default:
        refuse("dtype", "one of F64 F32 F16 BF16", std::string(dtype_name(dtype)));
    }
  }
};

namespace detail {
template <class Value>
NamedTensor make_named(std::string name, DType dtype, std::vector<std::int64_t> shape, std::span<const Value> values) {
  NamedTensor tensor{std::move(name), dtype, std::move(shape), {}};
  const auto count = checked_element_count(tensor.shape);
  if (!count || *count != values.size()) {
    throw ShapeError("make_named: tensor " + ctp::quoted(tensor.name) + " has shape " + tensor.shape_text() + " but " +
                     std::to_string(values.size()) + " values; the product of the shape is their number");
  }
  tensor.bytes.resize(values.size_bytes());
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), values.size_bytes());
  return tensor;
}
}  // namespace detail

/// A tensor from values in row-major order. **Errors.** ShapeError if shape and number of values disagree.
inline NamedTensor make_named(std::string name, std::vector<std::int64_t> shape, std::span<const float> values) {
  return detail::make_named(std::move(name), DType::F32, std::move(shape), values);
}
inline NamedTensor make_named(std::string name, std::vector<std::int64_t> shape, std::span<const double> values) {
  return detail::make_named(std::move(name), DType::F64, std::move(shape), values);
}
inline NamedTensor make_named(std::string name, std::vector<std::int64_t> shape, std::span<const std::int64_t> values) {
  return detail::make_named(std::move(name), DType::I64, std::move(shape), values);
}

/// @brief Look-up of many tensors by name, by bisection: hashing has a slow worst case, which a file may hold. The
/// tensors must outlive the index and stay where they are.
class TensorIndex {
 public:
  explicit TensorIndex(std::span<const NamedTensor> tensors) {
    sorted_.reserve(tensors.size());
    for (const NamedTensor& tensor : tensors) sorted_.push_back(&tensor);
    std::sort(sorted_.begin(), sorted_.end(), [](const NamedTensor* a, const NamedTensor* b) {
      const int order = a->name.compare(b->name);
      return order != 0 ? order < 0 : a < b;  // pointers into one list: the first of several comes first
    });
  }
  /// The tensor with this name, the first if there are several; null if there is none.
  [[nodiscard]] const NamedTensor* find(std::string_view name) const {
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), name,
                                     [](const NamedTensor* a, std::string_view b) { return a->name < b; });
    return at == sorted_.end() || (*at)->name != name ? nullptr : *at;
  }
  /// All tensors, sorted by name.
  [[nodiscard]] const std::vector<const NamedTensor*>& sorted() const noexcept { return sorted_; }

 private:
  std::vector<const NamedTensor*> sorted_;
};

/// @brief Contents of a weight file, independent of the file format: tensors and metadata.
struct TensorFile {
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
  std::string origin;  ///< path of the file, for messages; may be empty

  /// The tensor with this name; null if the file has none. Searches the list: use a TensorIndex for many names.
  [[nodiscard]] const NamedTensor* find(std::string_view name) const {
    for (const NamedTensor& tensor : tensors) {
      if (tensor.name == name) return &tensor;
    }
    return nullptr;
  }
  /// The tensor with this name. **Errors.** DataError with file and name.
  [[nodiscard]] const NamedTensor& at(std::string_view name) const {
    if (const NamedTensor* tensor = find(name)) return *tensor;
    throw DataError(Complaint{origin.empty() ? "tensors" : origin, "tensor " + ctp::quoted(name),
                              "a tensor with this name",
                              std::to_string(tensors.size()) + " tensors, none with this name", ""}
                        .text());
  }
};

/// @brief Remedy for a tensor that a file lacks: names what stands before the wanted name in the file's own names, if
/// it does.
inline std::string missing_tensor_remedy(const TensorFile& file, std::string_view name) {
  for (const NamedTensor& tensor : file.tensors) {
    const std::string_view found = tensor.name;
    if (found.size() <= name.size() || !found.ends_with(name) || found[found.size() - name.size() - 1] != '.') continue;
    const std::string quoted = ctp::quoted(found);
    return "the file has " + (quoted.size() == found.size() + 2 ? std::string(found) : quoted) + ": remove " +
           ctp::quoted(found.substr(0, found.size() - name.size())) + " from the names of its tensors";
  }
  return file.origin.find("-of-0") == std::string::npos
             ? "are these weights of another model?"
             : "is this one of several files of the weights? Give their index, *.safetensors.index.json";
}

}  // namespace ctp
