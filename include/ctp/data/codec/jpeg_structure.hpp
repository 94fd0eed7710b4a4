/// @file   ctp/data/codec/jpeg_structure.hpp
/// @brief  Parses the segments of a JPEG file and rejects files that are unsafe for a decoder.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>

namespace ctp::data::detail {

/// Longest side of a JPEG picture that libjpeg decodes.
inline constexpr int largest_jpeg_side = 65'500;

/// True for the markers of segments that a picture may have.
inline bool is_jpeg_segment(unsigned marker) {
  return marker >= 0xC0 && marker != 0xC8 && marker != 0xDE && marker != 0xDF && (marker < 0xF0 || marker > 0xFD);
}

/// One marker with its payload. The payload of SOS includes the coded data up to the next marker.
struct JpegSegment {
  std::uint8_t marker = 0;
  std::span<const std::byte> body;  ///< payload after the two length bytes; of SOS: header and coded data
};

/// Frame header and segments of a JPEG file.
struct JpegStructure {
  int width = 0, height = 0, components = 0;
  std::uint8_t frame = 0;             ///< marker of the frame: 0xC0 baseline, 0xC1 extended, 0xC2 progressive, ...
  std::vector<JpegSegment> segments;  ///< in file order, without SOI and EOI
};

/// @brief Checks one DHT segment: the counts must fit the table, the codes must fit their lengths.
///
/// Returns a description of the fault, or an empty string. A decoder that trusts these counts without a check writes
/// past the end of its table.
inline std::string huffman_fault(std::span<const std::byte> body) {
  while (!body.empty()) {
    if (body.size() < 17) return "a Huffman table without its 16 counts";
    const auto head = std::to_integer<unsigned>(body[0]);
    if ((head >> 4U) > 1 || (head & 15U) > 3) return "a Huffman table of unknown class or number";
    unsigned symbols = 0;
    unsigned codes = 0;  // codes used so far, counted in units of the current length
    for (unsigned length = 1; length <= 16; ++length) {
      const auto count = std::to_integer<unsigned>(body[length]);
      symbols += count;
      codes = 2 * codes + count;
      if (codes > (1U << length))
        return "a Huffman table with more codes than " + std::to_string(length) + " bits hold";
    }
    if (symbols > 256) return "a Huffman table of " + std::to_string(symbols) + " symbols";
    if (body.size() < 17 + symbols) return "a Huffman table shorter than its counts say";
    body = body.subspan(17 + symbols);
  }
  return "";
}

/// Parser of one file; see jpeg_structure().
class JpegWalk {
 public:
  JpegWalk(std::span<const std::byte> bytes, const std::string& file, const DecodeLimits& limits)
      : bytes_(bytes), file_(file), limits_(limits) {}

  JpegStructure run() {
    if (bytes_.size() < 4 || at(0) != 0xFF || at(1) != 0xD8) bad_image(file_, "JPEG", "no start marker");
    position_ = 2;
    for (;;) {
      const std::uint8_t marker = next_marker();
      if (marker == 0xD9) break;
      if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD7)) continue;  // markers without a payload
      if (marker == 0xD8) bad_image(file_, "JPEG", "a second start marker");
      take(marker);
    }
    if (result_.frame == 0) bad_image(file_, "JPEG", "no frame header");
    if (scans_ == 0) bad_image(file_, "JPEG", "no picture data");
    if (covered_ != (1U << ids_.size()) - 1) {
      bad_image(file_, "JPEG", "no picture data for a colour component (truncated)", "fetch the file again");
    }
    return result_;
  }

 private:
  [[nodiscard]] unsigned at(std::size_t i) const { return std::to_integer<unsigned>(bytes_[i]); }
  [[nodiscard]] unsigned word(std::size_t i) const { return (at(i) << 8U) | at(i + 1); }
  [[noreturn]] void truncated() const {
    bad_image(file_, "JPEG", "a file that ends after " + std::to_string(bytes_.size()) + " bytes (truncated)",
              "fetch the file again");
  }

  /// The next marker. Fill bytes and stray bytes in front of a marker are passed over, as libjpeg and Pillow do.
  std::uint8_t next_marker() {
    for (;;) {
      const void* hit =
          position_ < bytes_.size() ? std::memchr(bytes_.data() + position_, 0xFF, bytes_.size() - position_) : nullptr;
      if (hit == nullptr) truncated();
      position_ = static_cast<std::size_t>(static_cast<const std::byte*>(hit) - bytes_.data());
      while (position_ < bytes_.size() && at(position_) == 0xFF) ++position_;
      if (position_ >= bytes_.size()) truncated();
      const auto marker = static_cast<std::uint8_t>(at(position_++));
      if (marker != 0) return marker;
    }
  }

  void take(std::uint8_t marker) {
    if (!is_jpeg_segment(marker)) bad_image(file_, "JPEG", "a segment of unknown type " + std::to_string(marker));
    if (position_ + 2 > bytes_.size()) truncated();
    const std::size_t length = word(position_);
    if (length < 2) bad_image(file_, "JPEG", "a segment of " + std::to_string(length) + " bytes");
    if (position_ + length > bytes_.size()) truncated();
    std::span<const std::byte> body = bytes_.subspan(position_ + 2, length - 2);
    position_ += length;

    const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) take_frame(marker, body);
    if (marker == 0xC4) {
      if (const std::string fault = huffman_fault(body); !fault.empty()) bad_image(file_, "JPEG", fault);
    }
    if (marker == 0xDA) {
      if (result_.frame == 0) bad_image(file_, "JPEG", "picture data before the frame header");
      cover(body);
      if (++scans_ > limits_.max_scans) {
        bad_image(file_, "JPEG", "more than " + std::to_string(limits_.max_scans) + " scans",
                  "save the picture with fewer scans or remove the file");
      }
      const std::size_t begin = position_ - body.size();
      skip_coded_data();
      body = bytes_.subspan(begin, position_ - begin);
    }
    result_.segments.push_back({marker, body});
  }

  void take_frame(std::uint8_t marker, std::span<const std::byte> body) {
    if (result_.frame != 0) bad_image(file_, "JPEG", "a second frame header");
    if (body.size() < 6) bad_image(file_, "JPEG", "a frame header of " + std::to_string(body.size()) + " bytes");
    const auto value = [&](std::size_t i) { return std::to_integer<int>(body[i]); };
    result_.frame = marker;
    result_.height = value(1) * 256 + value(2);
    result_.width = value(3) * 256 + value(4);
    result_.components = value(5);
    require_within(limits_, file_, result_.width, result_.height);
    if (std::max(result_.width, result_.height) > largest_jpeg_side) {
      throw DataError(Complaint{
          file_, "image size", "JPEG sides of at most " + std::to_string(largest_jpeg_side) + ", the limit of libjpeg",
          std::to_string(result_.width) + " x " + std::to_string(result_.height), "cut the picture or save it as PNG"}
                          .text());
    }
    if (result_.components != 1 && result_.components != 3 && result_.components != 4) {
      bad_image(file_, "JPEG", std::to_string(result_.components) + " colour components",
                "save the picture with 1, 3 or 4 of them");
    }
    const auto components = static_cast<std::size_t>(result_.components);
    if (body.size() < 6 + 3 * components) bad_image(file_, "JPEG", "a malformed frame header");
    for (std::size_t c = 0; c < components; ++c) ids_.push_back(body[6 + 3 * c]);
  }

  /// Notes which colour components a scan begins. `scan`: the header.
  void cover(std::span<const std::byte> scan) {
    const std::size_t n = scan.empty() ? 0 : std::to_integer<std::size_t>(scan[0]);
    if (n < 1 || n > 4 || scan.size() < 4 + 2 * n) bad_image(file_, "JPEG", "a malformed scan header");
    const bool whole = result_.frame != 0xC2 && result_.frame != 0xCA;  // not progressive
    const bool first =
        whole || (std::to_integer<unsigned>(scan[1 + 2 * n]) == 0 && std::to_integer<unsigned>(scan[3 + 2 * n]) < 16);
    for (std::size_t k = 0; k < n && first; ++k) {
      for (std::size_t c = 0; c < ids_.size(); ++c) {
        if (ids_[c] == scan[1 + 2 * k]) covered_ |= 1U << c;
      }
    }
  }

  /// Moves to the marker that ends the coded data. Stuffed zeros, restart markers and fill bytes are part of the data.
  void skip_coded_data() {
    for (;;) {
      const void* hit =
          position_ < bytes_.size() ? std::memchr(bytes_.data() + position_, 0xFF, bytes_.size() - position_) : nullptr;
      if (hit == nullptr) truncated();
      position_ = static_cast<std::size_t>(static_cast<const std::byte*>(hit) - bytes_.data());
      if (position_ + 1 >= bytes_.size()) truncated();
      const unsigned next = at(position_ + 1);
      if (next == 0xFF) {
        ++position_;
      } else if (next == 0 || (next >= 0xD0 && next <= 0xD7)) {
        position_ += 2;
      } else {
        return;
      }
    }
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
  const DecodeLimits& limits_;
  std::size_t position_ = 0;
  int scans_ = 0;
  std::vector<std::byte> ids_;  // of the colour components
  unsigned covered_ = 0;        // bits of the components that a scan begins
  JpegStructure result_;
};

/// @brief The segments of a JPEG file, checked as far as possible without decoding pixels.
///
/// **Errors.** DataError: truncated file, size above the limits, too many scans, a colour component without a scan,
/// segments of unknown type, malformed Huffman tables, a number of colour components other than 1, 3 and 4.
inline JpegStructure jpeg_structure(std::span<const std::byte> bytes, const std::string& file,
                                    const DecodeLimits& limits) {
  return JpegWalk(bytes, file, limits).run();
}

}  // namespace ctp::data::detail
