/// @file   ctp/interop/npy.hpp
/// @brief  Reader and writer of NumPy's .npy files: format 1.0, little-endian, C order.
/// @layer  interop
///
/// **Source.** numpy.lib.format, NEP 1: six bytes of magic, a version, the length of a header, and the header, a
/// dictionary of Python with the keys descr, fortran_order and shape, padded with spaces to a multiple of 64 bytes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/files.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::interop {

static_assert(std::endian::native == std::endian::little, "the bytes of .npy files are used as they are");

namespace detail {

inline constexpr std::string_view npy_magic = "\x93NUMPY";
inline constexpr std::size_t npy_dimensions = 32;  ///< NumPy's own limit
inline constexpr std::array<std::pair<std::string_view, DType>, 3> npy_types{
    {{"<f4", DType::F32}, {"<f8", DType::F64}, {"<i8", DType::I64}}};

/// The content of a header.
struct NpyHeader {
  DType dtype = DType::F32;
  std::vector<std::int64_t> shape;
};

/// Reads the dictionary of a header.
class NpyDictionary {
 public:
  NpyDictionary(const std::string& path, std::string_view text) : path_(path), text_(text), rest_(text) {}

  /// **Errors.** DataError naming file, key, expected and found.
  NpyHeader read() {
    NpyHeader header;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted_text();
      expect(':');
      if (key == "descr" && !std::exchange(descr, true)) {
        header.dtype = type(quoted_text());
      } else if (key == "fortran_order" && !std::exchange(order, true)) {
        require_c_order(word());
      } else if (key == "shape" && !std::exchange(shape, true)) {
        header.shape = extents();
      } else {
        refuse("header", "the keys descr, fortran_order and shape, each once", ctp::quoted(key), anew);
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!descr || !order || !shape)
      refuse("header", "the keys descr, fortran_order and shape", ctp::quoted(text_), anew);
    if (rest_.find_first_not_of(" \n") != std::string_view::npos)
      refuse("header", "spaces behind the dictionary", ctp::quoted(rest_), anew);
    return header;
  }

 private:
  static constexpr const char* anew = "write the file anew with numpy.save";

  [[noreturn]] void refuse(std::string what, std::string expected, std::string found, std::string remedy) const {
    throw DataError(Complaint{path_, std::move(what), std::move(expected), std::move(found), std::move(remedy)}.text());
  }
  void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size())); }
  bool accept(char wanted) {
    skip_spaces();
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) refuse("header", std::string("a '") + wanted + "'", ctp::quoted(rest_.substr(0, 40)), anew);
  }
  std::string_view quoted_text() {
    skip_spaces();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    const std::size_t end = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (end == std::string_view::npos) refuse("header", "a text in quotes", ctp::quoted(rest_.substr(0, 40)), anew);
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::string_view word() {
    skip_spaces();
    const std::string_view text = rest_.substr(0, rest_.find_first_of(" ,}"));
    rest_.remove_prefix(text.size());
    return text;
  }
  [[nodiscard]] DType type(std::string_view descr) const {
    for (const auto& [name, dtype] : npy_types)
      if (name == descr) return dtype;
    refuse("descr", "<f4, <f8 or <i8: float32, float64 or int64, little-endian", ctp::quoted(descr),
           "convert the array with astype('<f4')");
  }
  void require_c_order(std::string_view fortran) const {
    if (fortran == "False") return;
    refuse("fortran_order", "False", ctp::quoted(fortran), "save numpy.ascontiguousarray(array)");
  }
  std::vector<std::int64_t> extents() {
    std::vector<std::int64_t> shape;
    expect('(');
    while (!accept(')')) {
      skip_spaces();
      std::int64_t extent = -1;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc() || extent < 0)
        refuse("shape", "whole numbers from 0", ctp::quoted(rest_.substr(0, 40)), anew);
      if (shape.size() == npy_dimensions)
        refuse("shape", "at most " + std::to_string(npy_dimensions) + " dimensions", "more", anew);
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      shape.push_back(extent);
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }

  const std::string& path_;
  std::string_view text_, rest_;
};

/// Magic, version, length and dictionary: the bytes in front of the data.
inline std::string npy_header_text(std::string_view descr, std::span<const std::int64_t> shape) {
  std::string dictionary = "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i) dictionary += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  dictionary += shape.size() == 1 ? ",), }" : "), }";
  const std::size_t before = npy_magic.size() + 4;
  const std::size_t all = (before + dictionary.size() + 1 + 63) / 64 * 64;
  dictionary.resize(all - before - 1, ' ');
  dictionary += '\n';
  std::string text(npy_magic);
  text += {'\1', '\0', static_cast<char>(dictionary.size() & 255U), static_cast<char>(dictionary.size() >> 8U)};
  return text + dictionary;
}

/// The name of a file without its folder and without .npy.
inline std::string npy_name(std::string_view path) {
  path.remove_prefix(path.find_last_of('/') + 1);  // npos + 1 is 0
  if (path.ends_with(".npy")) path.remove_suffix(4);
  return std::string(path);
}

}  // namespace detail

/// @brief Reads an array. Its name is the file's, without folder and `.npy`.
///
/// **Shapes.** the array's. **Errors.** DataError naming the file, the key of the header, expected and found: another
/// format or version, another type of elements than float32, float64 and int64, Fortran order, and a file whose length
/// contradicts its header.
inline NamedTensor read_npy(const std::string& path) {
  const io::InputFile file(path);
  const auto refuse = [&](std::string what, std::string expected, std::string found, std::string remedy) {
    throw DataError(Complaint{path, std::move(what), std::move(expected), std::move(found), std::move(remedy)}.text());
  };
  constexpr std::size_t before = detail::npy_magic.size() + 4;
  std::string start(std::min<std::uint64_t>(file.size(), before), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(start)));
  if (start.size() < before || !start.starts_with(detail::npy_magic))
    refuse("format", "a .npy file", "another file",
           "write it with numpy.save; a .npz file is an archive of such files");
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(start[detail::npy_magic.size() + i]); };
  if (byte(0) != 1 || byte(1) != 0)
    refuse("version", "1.0", std::to_string(byte(0)) + "." + std::to_string(byte(1)),
           "write it with numpy.lib.format.write_array(file, array, version=(1, 0))");
  const std::uint64_t length = byte(2) + 256U * byte(3), data = before + length;
  if (data > file.size())
    refuse("header length", "at most the " + std::to_string(file.size() - before) + " bytes behind it",
           std::to_string(length), "the file was cut short");
  std::string text(length, '\0');
  file.read_at(before, std::as_writable_bytes(std::span(text)));
  detail::NpyHeader header = detail::NpyDictionary(path, text).read();

  NamedTensor tensor{detail::npy_name(path), header.dtype, std::move(header.shape), {}};
  const auto bytes = checked_byte_count(tensor.dtype, tensor.shape);
  if (!bytes || *bytes != file.size() - data)
    refuse("shape " + tensor.shape_text(),
           bytes ? std::to_string(*bytes) + " bytes of data" : "a size below 2^64 bytes",
           std::to_string(file.size() - data) + " bytes", "the file was cut short or extended");
  tensor.bytes.resize(static_cast<std::size_t>(*bytes));
  file.read_at(data, tensor.bytes);
  file.require_unchanged_size();
  return tensor;
}

/// @brief Writes an array atomically; an existing file is replaced. `values`: row-major, float, double or int64_t.
///
/// **Errors.** ShapeError if shape and number of values disagree; ResourceError if the system refuses.
template <class Value>
void write_npy(const std::string& path, const std::vector<std::int64_t>& shape, std::span<const Value> values) {
  constexpr std::string_view descr = std::is_same_v<Value, float>          ? "<f4"
                                     : std::is_same_v<Value, double>       ? "<f8"
                                     : std::is_same_v<Value, std::int64_t> ? "<i8"
                                                                           : "";
  static_assert(!descr.empty(), "[ctp.interop.npy] the elements of a .npy file are float, double or std::int64_t");
  const auto count = checked_element_count(shape);
  if (!count || *count != values.size())
    throw ShapeError("write_npy: shape is " + NamedTensor{{}, {}, shape, {}}.shape_text() + " but there are " +
                     std::to_string(values.size()) + " values; the product of the shape is their number");
  io::AtomicFile file(path);
  file.write(detail::npy_header_text(descr, shape));
  file.write(std::as_bytes(values));
  file.commit();
}

/// @brief Writes a tensor of a weight file. **Errors.** UsageError for another type than F32, F64 and I64; DataError if
/// shape and bytes disagree; ResourceError if the system refuses.
inline void write_npy(const std::string& path, const NamedTensor& tensor) {
  for (const auto& [descr, dtype] : detail::npy_types) {
    if (dtype != tensor.dtype) continue;
    (void)tensor.element_count();
    io::AtomicFile file(path);
    file.write(detail::npy_header_text(descr, tensor.shape));
    file.write(tensor.bytes);
    return file.commit();
  }
  throw UsageError(Complaint{path, "tensor " + ctp::quoted(tensor.name), "one of the types F32 F64 I64",
                             std::string(dtype_name(tensor.dtype)), "convert it with as_floats() first"}
                       .text());
}

}  // namespace ctp::interop
