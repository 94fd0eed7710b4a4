/// @file   ctp/core/fingerprint.hpp
/// @brief  64-bit fingerprint of bytes: tells vocabularies and lists of pairs apart. No protection against forgery.
/// @layer  core
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ctp {

/// @brief FNV-1a, 64 bits. Parts that are added one after the other count with their lengths, so ("ab", "c") and
/// ("a", "bc") differ. The value is the same on every machine.
///
/// **Source.** Fowler, Noll and Vo, FNV-1a (RFC 9923).
class Fingerprint {
 public:
  Fingerprint& add(std::string_view part) {
    for (const char c : part) add_byte(static_cast<unsigned char>(c));
    std::uint64_t length = part.size();
    for (int i = 0; i < 8; ++i, length >>= 8U) add_byte(static_cast<unsigned char>(length & 0xFFU));
    return *this;
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }
  /// 16 lower-case hexadecimal digits.
  [[nodiscard]] std::string text() const {
    std::string digits(16, '0');
    for (std::size_t i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[(value_ >> (60 - 4 * i)) & 15U];
    return digits;
  }

 private:
  void add_byte(unsigned char byte) { value_ = (value_ ^ byte) * 0x100000001B3U; }
  std::uint64_t value_ = 0xCBF29CE484222325U;
};

}  // namespace ctp
