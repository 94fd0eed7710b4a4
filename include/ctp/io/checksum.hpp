/// @file   ctp/io/checksum.hpp
/// @brief  128-bit checksum of bytes, XXH3: finds damaged files. No protection against forgery.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Compiled in: a program links no library.
#define XXH_INLINE_ALL  // NOLINT(readability-identifier-naming)
#include <xxhash.h>

#include <ctp/io/files.hpp>

namespace ctp::io {

/// @brief XXH3 with 128 bits of bytes that are added piece by piece; the pieces do not count, only their bytes. The
/// value is the same on every machine, and that of the command `xxhsum -H2`.
///
/// **Source.** Collet, xxHash, specification of XXH3.
class Checksum {
 public:
  Checksum() { XXH3_128bits_reset(&state_); }

  Checksum& add(std::span<const std::byte> bytes) {
    if (!bytes.empty()) XXH3_128bits_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  Checksum& add(std::string_view text) { return add(std::as_bytes(std::span(text))); }
  /// 32 lower-case hexadecimal digits, the most significant first.
  [[nodiscard]] std::string text() const {
    const XXH128_hash_t sum = XXH3_128bits_digest(&state_);
    std::string digits(32, '0');
    for (std::size_t i = 0; i < 32; ++i) {
      const std::uint64_t half = i < 16 ? sum.high64 : sum.low64;
      digits[i] = "0123456789abcdef"[(half >> (60 - 4 * (i % 16))) & 15U];
    }
    return digits;
  }

 private:
  XXH3_state_t state_;
};

/// Checksum::text() of a text.
inline std::string checksum_of(std::string_view text) { return Checksum().add(text).text(); }

/// @brief Checksum::text() of all bytes of an open file, read in pieces of 1 MiB. **Errors.** as InputFile::read_at().
inline std::string checksum_of(const InputFile& file) {
  std::vector<std::byte> piece(std::size_t{1} << 20U);
  Checksum sum;
  for (std::uint64_t at = 0; at < file.size();) {
    const auto bytes =
        std::span(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), file.size() - at)));
    file.read_at(at, bytes);
    sum.add(bytes);
    at += bytes.size();
  }
  file.require_unchanged_size();
  return sum.text();
}

}  // namespace ctp::io
