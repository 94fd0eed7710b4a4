/// @file   ctp/io/weights/safetensors_source.hpp
/// @brief  A safetensors file as a source of weights: the header is checked, tensors are read when they are wanted.
/// @layer  io
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/weights/content.hpp>
#include <ctp/io/weights/safetensors_header.hpp>
#include <ctp/io/weights/source.hpp>

namespace ctp::io {

static_assert(std::endian::native == std::endian::little,
              "the bytes of safetensors are little-endian and are used as they are");

namespace detail {

class SafetensorsReader final : public TensorReader {
 public:
  /// Where the bytes of a tensor lie in the file.
  struct Range {
    std::uint64_t begin, end;
  };
  SafetensorsReader(std::unique_ptr<const InputFile> file, std::vector<Range> ranges)
      : file_(std::move(file)), ranges_(std::move(ranges)) {}
  [[nodiscard]] std::vector<std::byte> read(std::size_t index) const override {
    const Range range = ranges_.at(index);
    std::vector<std::byte> bytes(static_cast<std::size_t>(range.end - range.begin));
    file_->read_at(range.begin, bytes);
    return bytes;
  }
  void require_unchanged() const override { file_->require_unchanged_size(); }

 private:
  std::unique_ptr<const InputFile> file_;
  std::vector<Range> ranges_;
};

}  // namespace detail

/// @brief Opens a file and checks its whole header.
///
/// **Errors.** DataError if the file is missing, is of another format, or breaks a rule of parse_safetensors_header();
/// ResourceError if the system refuses.
inline WeightSource open_safetensors(const std::string& path) {
  auto file = std::make_unique<const InputFile>(path);
  const auto refuse = [&](std::string what, std::string expected, std::string found) {
    std::string start(static_cast<std::size_t>(std::min<std::uint64_t>(file->size(), 1024)), '\0');
    file->read_at(0, std::as_writable_bytes(std::span(start)));
    if (const auto other = other_format(start))
      throw DataError(Complaint{path, "format", "a safetensors file", other->name, other->remedy}.text());
    throw DataError(
        Complaint{path, std::move(what), std::move(expected), std::move(found), "is this a safetensors file?"}.text());
  };
  if (file->size() < 8) refuse("size", "at least 8 bytes", std::to_string(file->size()) + " bytes");
  std::array<std::byte, 8> start{};
  file->read_at(0, start);
  const auto header_bytes = std::bit_cast<std::uint64_t>(start);
  if (header_bytes < 2 || header_bytes > safetensors_limits::header_bytes) {
    refuse("header length", "2 to " + std::to_string(safetensors_limits::header_bytes), std::to_string(header_bytes));
  }
  if (header_bytes > file->size() - 8) {  // a subtraction, as a sum could overflow
    refuse("header length", "at most the " + std::to_string(file->size() - 8) + " bytes behind it",
           std::to_string(header_bytes));
  }

  SafetensorsHeader header;
  {
    std::string text(static_cast<std::size_t>(header_bytes), '\0');
    file->read_at(8, std::as_writable_bytes(std::span(text)));
    header = parse_safetensors_header(text, path, file->size() - 8 - header_bytes);
  }
  std::vector<StoredTensor> tensors;
  std::vector<detail::SafetensorsReader::Range> ranges;
  tensors.reserve(header.entries.size());
  ranges.reserve(header.entries.size());
  for (SafetensorsEntry& entry : header.entries) {
    tensors.push_back({std::move(entry.name), entry.dtype, std::move(entry.shape)});
    ranges.push_back({8 + header_bytes + entry.begin, 8 + header_bytes + entry.end});
  }
  return {path, "safetensors", std::move(header.metadata), std::move(tensors),
          std::make_unique<detail::SafetensorsReader>(std::move(file), std::move(ranges))};
}

}  // namespace ctp::io
