// Picture files from tests/golden/images: lookup, truncation and damage.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/codec/decode_limits.hpp>

#include <data/golden_images.hpp>

namespace picture {

using Bytes = std::vector<std::byte>;

inline Bytes bytes(std::string_view text) {
  Bytes result;
  for (const char c : text) result.push_back(static_cast<std::byte>(c));
  return result;
}

/// Small files, one for each case of the decoders.
inline const std::vector<std::string>& kinds() {
  static const std::vector<std::string> names{"baseline_444.jpg",
                                              "baseline_420.jpg",
                                              "progressive_422.jpg",
                                              "grey_progressive.jpg",
                                              "cmyk.jpg",
                                              "restart_420.jpg",
                                              "tiny_1x1.jpg",
                                              "tiny_progressive_3x5.jpg",
                                              "rgb.png",
                                              "palette_4.png",
                                              "one_bit.png",
                                              "grey_16.png",
                                              "interlaced_rgb.png",
                                              "palette_transparent.png",
                                              "tiny_1x9.png",
                                              "grey_alpha.png"};
  return names;
}

/// The message of the DataError of decoding; empty without an exception.
template <class Decode>
std::string refusal(Decode decode, const Bytes& file, const ctp::data::DecodeLimits& limits = {}) {
  try {
    decode(file, "x.jpg", limits);
  } catch (const ctp::DataError& error) {
    return error.what();
  }
  return "";
}

inline bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// Offset of the first occurrence of `pattern` at or after `from`.
inline std::size_t find(const Bytes& in, std::initializer_list<int> pattern, std::size_t from = 0) {
  for (std::size_t i = from; i + pattern.size() <= in.size(); ++i) {
    std::size_t k = 0;
    while (k < pattern.size() && std::to_integer<int>(in[i + k]) == *(pattern.begin() + k)) ++k;
    if (k == pattern.size()) return i;
  }
  throw std::runtime_error("pattern not found");
}

/// The file with the sides of its header replaced.
inline Bytes resized_header(const std::string& name, unsigned width, unsigned height) {
  Bytes file = golden::read(name);
  const auto put = [&](std::size_t at, unsigned value) { file[at] = static_cast<std::byte>(value & 255U); };
  if (name.ends_with(".png")) {
    for (unsigned k = 0; k < 4; ++k) put(16 + k, width >> (24 - 8 * k)), put(20 + k, height >> (24 - 8 * k));
    return file;
  }
  std::size_t frame = 2;  // segment by segment to the frame header
  while ((std::to_integer<unsigned>(file[frame + 1]) & 0xFCU) != 0xC0U) {
    frame += 2 + std::to_integer<std::size_t>(file[frame + 2]) * 256 + std::to_integer<std::size_t>(file[frame + 3]);
  }
  put(frame + 5, height >> 8), put(frame + 6, height), put(frame + 7, width >> 8), put(frame + 8, width);
  return file;
}

struct Tally {
  int refused = 0, accepted = 0;
};

/// Decodes `rounds` damaged copies of the golden files: bytes changed, removed or cut off. Anything but a picture or
/// an error about data or memory passes through.
template <class Decode>
Tally decode_damaged(Decode decode, int rounds, std::uint64_t seed) {
  ctp::RandomSubstream random(ctp::RandomStream(seed, "damage"), {});
  Tally tally;
  for (int round = 0; round < rounds; ++round) {
    Bytes file = golden::read(kinds()[random.below(static_cast<std::uint32_t>(kinds().size()))]);
    for (std::uint32_t n = 1 + random.below(4); n > 0; --n) {
      const auto at = random.below(static_cast<std::uint32_t>(file.size()));
      switch (random.below(4)) {
        case 0:
          file[at] ^= static_cast<std::byte>(1U << random.below(8));
          break;
        case 1:
          file[at] = static_cast<std::byte>(random.below(256));
          break;
        case 2:
          file[at] = std::byte{0xFF};
          break;
        default:
          file.erase(file.begin() + at, file.begin() + std::min<std::ptrdiff_t>(at + 2, std::ssize(file)));
          break;
      }
      if (file.empty()) file.resize(1);
    }
    const ctp::data::DecodeLimits limits{.max_pixels = 1'000'000};
    try {
      decode(file, "damaged", limits);
      ++tally.accepted;
    } catch (const ctp::DataError&) {
      ++tally.refused;
    }
  }
  return tally;
}

}  // namespace picture
