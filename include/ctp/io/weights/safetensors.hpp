/// @file   ctp/io/weights/safetensors.hpp
/// @brief  Reader and writer of safetensors files, with full validation.
/// @layer  io
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/safetensors_header.hpp>
#include <ctp/io/weights/safetensors_source.hpp>
#include <ctp/io/weights/source.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// @brief Reads a file, or the tensors selected by `wanted`, in the order of their data.
///
/// Checks the whole header first, including entries that are not selected. Only then allocates memory, for the selected
/// tensors alone. Does not check values: NaN is accepted.
/// **Errors.** as open_safetensors() and WeightSource::read_all().
inline TensorFile read_safetensors(const std::string& path, const NameFilter& wanted = {}) {
  return open_safetensors(path).read_all(wanted);
}

namespace detail {

/// Checks that read_safetensors() will accept `file`. **Errors.** UsageError.
inline void require_writable(const std::string& path, const TensorFile& file) {
  const auto refuse = [&](std::string what, std::string expected, std::string found) {
    throw UsageError(Complaint{path, std::move(what), std::move(expected), std::move(found), ""}.text());
  };
  const auto require_utf8 = [&](std::string_view text, const std::string& what) {
    if (valid_utf8_prefix(text) != text.size()) refuse(what, "UTF-8", "malformed characters");
  };
  if (file.tensors.size() > safetensors_limits::entries) {
    refuse("entries", "at most " + std::to_string(safetensors_limits::entries) + " tensors", "more");
  }
  if (file.metadata.size() > safetensors_limits::metadata_entries) {
    refuse("metadata", "at most " + std::to_string(safetensors_limits::metadata_entries) + " entries", "more");
  }
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : file.tensors) {
    const std::string what = "tensor " + ctp::quoted(tensor.name);
    require_utf8(tensor.name, what);
    if (!names.insert(tensor.name).second) refuse(what, "every name once", "it twice");
    if (tensor.name == "__metadata__") refuse(what, "another name", "the name that the format keeps for metadata");
    if (tensor.name.find('\0') != std::string::npos) refuse(what, "a name without NUL", "a NUL");
    if (tensor.name.size() > safetensors_limits::name_bytes) {
      refuse(what, "a name of at most " + std::to_string(safetensors_limits::name_bytes) + " bytes",
             std::to_string(tensor.name.size()) + " bytes");
    }
    if (tensor.shape.size() > safetensors_limits::dimensions) {
      refuse(what, "at most " + std::to_string(safetensors_limits::dimensions) + " dimensions", tensor.shape_text());
    }
    if (checked_byte_count(tensor.dtype, tensor.shape) != tensor.bytes.size()) {
      refuse(
          what,
          "as many bytes as shape " + tensor.shape_text() + " of " + std::string(dtype_name(tensor.dtype)) + " takes",
          std::to_string(tensor.bytes.size()) + " bytes");
    }
  }
  std::size_t metadata_bytes = 0;
  for (const auto& [key, value] : file.metadata) {
    require_utf8(key, "metadata " + ctp::quoted(key));
    require_utf8(value, "metadata " + ctp::quoted(key));
    metadata_bytes += key.size() + value.size();
  }
  if (metadata_bytes > safetensors_limits::metadata_bytes) {
    refuse("metadata", "at most " + std::to_string(safetensors_limits::metadata_bytes) + " bytes",
           std::to_string(metadata_bytes) + " bytes");
  }
}

/// The tensors in the order of their data: by falling size of type, which aligns every tensor to its type, then by
/// name.
inline std::vector<const NamedTensor*> data_order(const TensorFile& file) {
  std::vector<const NamedTensor*> order;
  order.reserve(file.tensors.size());
  for (const NamedTensor& tensor : file.tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
    const std::size_t size_a = dtype_size(a->dtype), size_b = dtype_size(b->dtype);
    return size_a != size_b ? size_a > size_b : a->name < b->name;
  });
  return order;
}

/// The header with its length in front, padded with spaces so that the data begin at a multiple of 8 bytes.
inline std::string safetensors_header_text(const std::vector<const NamedTensor*>& order,
                                           const std::map<std::string, std::string>& metadata) {
  std::map<std::string_view, std::string> entries;  // sorted by name
  std::uint64_t offset = 0;
  for (const NamedTensor* tensor : order) {
    const std::uint64_t end = offset + tensor->bytes.size();
    entries[tensor->name] = JsonLine()
                                .add("dtype", dtype_name(tensor->dtype))
                                .add("shape", tensor->shape)
                                .add("data_offsets", std::array{offset, end})
                                .text();
    offset = end;
  }
  std::string text(8, '\0');
  text += '{';
  if (!metadata.empty()) {
    text += R"("__metadata__":{)";
    for (const auto& [key, value] : metadata) {
      if (text.back() != '{') text += ',';
      append_json_string(text, key);
      text += ':';
      append_json_string(text, value);
    }
    text += '}';
  }
  for (const auto& [name, entry] : entries) {
    if (text.back() != '{') text += ',';
    append_json_string(text, name);
    (text += ':') += entry;
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const auto length = std::bit_cast<std::array<char, 8>>(std::uint64_t{text.size() - 8});
  std::copy(length.begin(), length.end(), text.begin());
  return text;
}

/// Reads the file at `path` and compares tensors and metadata. **Errors.** ResourceError if they differ.
inline void require_same_content(const std::string& path, const std::string& target, const TensorFile& file,
                                 const std::vector<const NamedTensor*>& order) {
  const TensorFile back = read_safetensors(path);
  bool same = back.metadata == file.metadata && back.tensors.size() == order.size();
  for (std::size_t i = 0; same && i < order.size(); ++i) {
    const NamedTensor &a = *order[i], &b = back.tensors[i];
    // An empty tensor has the offset of the next tensor, so only names distinguish the two.
    const NamedTensor& found = a.name == b.name ? b : back.at(a.name);
    same = a.dtype == found.dtype && a.shape == found.shape && a.bytes == found.bytes;
  }
  if (same) return;
  throw ResourceError(Complaint{target, "read back", "what was written", "something else", "check the disk"}.text());
}

}  // namespace detail

#if defined(NDEBUG)
inline constexpr bool read_back_by_default = false;
#else
inline constexpr bool read_back_by_default = true;
#endif

/// @brief Writes the bytes of a file to a sink, piece by piece: `write(std::span<const std::byte>)`.
///
/// Entries are sorted by name, so the bytes do not depend on the order of the tensors. `path`: the name in messages.
/// **Errors.** UsageError if the tensors cannot be stored (a duplicate name, bytes that do not match the shape, a limit
/// of the format), before the first byte.
template <class Sink>
void write_safetensors_to(Sink&& write, const std::string& path, const TensorFile& file) {
  detail::require_writable(path, file);
  const std::vector<const NamedTensor*> order = detail::data_order(file);
  const std::string header = detail::safetensors_header_text(order, file.metadata);
  if (header.size() - 8 > safetensors_limits::header_bytes) {
    throw UsageError(Complaint{path, "header", "at most " + std::to_string(safetensors_limits::header_bytes) + " bytes",
                               std::to_string(header.size() - 8) + " bytes", "store less metadata"}
                         .text());
  }
  write(std::as_bytes(std::span(header)));
  for (const NamedTensor* tensor : order) write(std::span<const std::byte>(tensor->bytes));
}

/// @brief Writes a file atomically; an existing file is replaced.
///
/// `read_back`: reads the new file and compares it before it replaces the old one.
/// **Errors.** as write_safetensors_to(); ResourceError if the system refuses. After an error the old file is
/// unchanged.
inline void write_safetensors(const std::string& path, const TensorFile& file, bool read_back = read_back_by_default) {
  std::optional<AtomicFile> target;
  write_safetensors_to(
      [&](std::span<const std::byte> bytes) {
        if (!target) target.emplace(path);
        target->write(bytes);
      },
      path, file);
  if (read_back) detail::require_same_content(target->temporary_path(), path, file, detail::data_order(file));
  target->commit();
}

}  // namespace ctp::io
