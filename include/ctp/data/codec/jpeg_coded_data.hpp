/// @file   ctp/data/codec/jpeg_coded_data.hpp
/// @brief  Reads the Huffman codes of a JPEG file without making pixels: is every block of every scan there?
/// @layer  data
///
/// stb_image takes zeros for missing data. Files are checked here first, so that it refuses what libjpeg warns of.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/jpeg_structure.hpp>

namespace ctp::data::detail {

/// A Huffman table of a DHT segment. **Source.** ITU-T T.81, annex F.2.2.3.
struct JpegCodes {
  std::array<int, 17> least{}, most{}, first{};  ///< by length: smallest and largest code, place of the smallest
  std::vector<std::uint8_t> symbols;
  JpegCodes() { most.fill(-1); }
};

/// Bits of coded data, up to the next marker.
class JpegBits {
 public:
  explicit JpegBits(std::span<const std::byte> data) : data_(data) {}

  /// The next bit; 0 beyond the data, and ended() is true then.
  unsigned bit() {
    if (left_ == 0 && !next_byte()) return 0;
    --left_;
    return (byte_ >> left_) & 1U;
  }
  unsigned bits(unsigned n) {
    unsigned value = 0;
    for (; n > 0; --n) value = 2 * value + bit();
    return value;
  }
  /// The next symbol, or -1.
  int symbol(const JpegCodes& codes) {
    int code = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
      code = 2 * code + static_cast<int>(bit());
      if (code <= codes.most[length] && code >= codes.least[length]) {
        return codes.symbols[static_cast<std::size_t>(codes.first[length] + code - codes.least[length])];
      }
    }
    return -1;
  }
  [[nodiscard]] bool ended() const { return ended_; }
  /// True if the unread bits of the last byte are ones, as the end of coded data has them.
  [[nodiscard]] bool padded() const { return (~byte_ & ((1U << left_) - 1)) == 0; }
  /// Bytes read so far; the rest of a byte counts as read.
  [[nodiscard]] std::size_t position() const { return position_; }
  void move(std::size_t position) {
    position_ = position;
    left_ = 0;
  }

 private:
  bool next_byte() {
    if (position_ >= data_.size()) return !(ended_ = true);
    byte_ = std::to_integer<unsigned>(data_[position_]);
    if (byte_ == 0xFF) {
      std::size_t next = position_ + 1;
      while (next < data_.size() && std::to_integer<unsigned>(data_[next]) == 0xFF) ++next;
      if (next >= data_.size() || std::to_integer<unsigned>(data_[next]) != 0) return !(ended_ = true);
      position_ = next;
    }
    ++position_;
    left_ = 8;
    return true;
  }

  std::span<const std::byte> data_;
  std::size_t position_ = 0;
  unsigned byte_ = 0, left_ = 0;
  bool ended_ = false;
};

/// Reader of the scans of one file. Give it every DHT and DRI segment, then the scans, in the order of the file.
class JpegCodedData {
 public:
  explicit JpegCodedData(const JpegStructure& jpeg, const std::string& file) : jpeg_(jpeg), file_(file) {}

  /// The frame header. Requires six bytes and three for each component.
  void frame(std::span<const std::byte> body) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(jpeg_.components); ++c) {
      const auto sampling = std::to_integer<unsigned>(body[7 + 3 * c]);
      Component& added = components_.emplace_back();
      added.id = body[6 + 3 * c];
      added.across = sampling >> 4U;
      added.down = sampling & 15U;
      if (added.across < 1 || added.across > 4 || added.down < 1 || added.down > 4) {
        bad_image(file_, "JPEG", "a sampling factor outside 1 to 4");
      }
      across_ = std::max(across_, added.across);
      down_ = std::max(down_, added.down);
    }
    const auto parts = [](std::size_t whole, std::size_t part) { return (whole + part - 1) / part; };
    const auto width = static_cast<std::size_t>(jpeg_.width), height = static_cast<std::size_t>(jpeg_.height);
    units_across_ = parts(width, std::size_t{8} * across_);
    units_down_ = parts(height, std::size_t{8} * down_);
    for (Component& c : components_) {
      c.columns = parts(parts(width * c.across, across_), 8);
      c.rows = parts(parts(height * c.down, down_), 8);
      if (jpeg_.frame == 0xC2) c.known.assign(units_across_ * c.across * units_down_ * c.down, 0);
    }
  }

  void restart_interval(std::size_t interval) { interval_ = interval; }

  /// A DHT segment that huffman_fault() accepts.
  void tables(std::span<const std::byte> body) {
    while (body.size() >= 17) {
      const auto head = std::to_integer<unsigned>(body[0]);
      JpegCodes& codes = codes_[head >> 4U][head & 3U];
      codes = {};
      int code = 0, place = 0;
      for (std::size_t length = 1; length <= 16; ++length, code *= 2) {
        const int count = std::to_integer<int>(body[length]);
        codes.least[length] = code;
        codes.first[length] = place;
        code += count;
        place += count;
        codes.most[length] = code - 1;
      }
      for (int i = 0; i < place; ++i)
        codes.symbols.push_back(std::to_integer<std::uint8_t>(body[17 + static_cast<std::size_t>(i)]));
      body = body.subspan(17 + static_cast<std::size_t>(place));
    }
  }

  /// @brief Reads one scan: header and coded data. Returns the coded data without stray bytes.
  ///
  /// Requires a well-formed header and defined tables. **Errors.** DataError if a block is missing or no code fits.
  std::vector<std::byte> scan(std::span<const std::byte> body) {
    const auto n = std::to_integer<std::size_t>(body[0]);
    members_.clear();
    std::size_t blocks = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const auto match = std::find_if(components_.begin(), components_.end(),
                                      [&](const Component& c) { return c.id == body[1 + 2 * k]; });
      if (match == components_.end() || std::count(members_.begin(), members_.end(), &*match) != 0) {
        bad_image(file_, "JPEG", "a scan of an unknown or repeated colour component");
      }
      match->dc = std::to_integer<unsigned>(body[2 + 2 * k]) >> 4U & 3U;
      match->ac = std::to_integer<unsigned>(body[2 + 2 * k]) & 3U;
      members_.push_back(&*match);
      blocks += std::size_t{match->across} * match->down;
    }
    first_ = std::to_integer<unsigned>(body[1 + 2 * n]);
    last_ = std::to_integer<unsigned>(body[2 + 2 * n]);
    refines_ = std::to_integer<unsigned>(body[3 + 2 * n]) >> 4U != 0;
    if (n > 1 && blocks > 10) bad_image(file_, "JPEG", "more than ten blocks in a unit");
    if (jpeg_.frame == 0xC2 &&
        (first_ > last_ || last_ > 63 || (first_ == 0) != (last_ == 0) || (first_ > 0 && n > 1))) {
      bad_image(file_, "JPEG", "a malformed scan header");
    }
    const std::span<const std::byte> data = body.subspan(4 + 2 * n);
    JpegBits bits(data);
    std::vector<std::byte> out;
    std::size_t copied = 0, restarts = 0;
    const auto copy = [&] {
      out.insert(out.end(), data.begin() + static_cast<std::ptrdiff_t>(copied),
                 data.begin() + static_cast<std::ptrdiff_t>(bits.position()));
    };
    run_ = 0;
    const std::size_t columns = n == 1 ? members_[0]->columns : units_across_,
                      rows = n == 1 ? members_[0]->rows : units_down_;
    for (std::size_t unit = 0; unit < columns * rows; ++unit) {
      if (interval_ != 0 && unit != 0 && unit % interval_ == 0) {
        copy();
        copied = restart(data, bits.position(), restarts);
        bits.move(copied);
        out.insert(out.end(), {std::byte{0xFF}, static_cast<std::byte>(0xD0 + restarts++ % 8)});
        run_ = 0;
      }
      const bool fits = n == 1 ? block(bits, *members_[0], unit % columns, unit / columns)
                               : whole_unit(bits, unit % columns, unit / columns);
      if (!fits || bits.ended()) {
        bad_image(file_, "JPEG",
                  bits.ended() ? "too little picture data (truncated or damaged)" : "a code that no table holds",
                  "fetch the file again");
      }
    }
    copy();
    std::size_t stray = data.size();
    while (stray > bits.position() && data[stray - 1] == std::byte{0xFF}) --stray;  // fill bytes of the next marker
    if (stray > bits.position() && !bits.padded()) {
      bad_image(file_, "JPEG", "more picture data than pixels (damaged)", "fetch the file again");
    }
    return out;
  }

 private:
  struct Component {
    std::byte id{};
    unsigned across = 1, down = 1, dc = 0, ac = 0;
    std::size_t columns = 0, rows = 0;  // blocks that hold pixels
    std::vector<std::uint64_t> known;   // progressive: bit k of a block is set where its coefficient k is not zero
  };

  /// Moves behind the restart marker of this number; stray bytes in front of the marker are passed over.
  std::size_t restart(std::span<const std::byte> data, std::size_t at, std::size_t number) const {
    while (at + 1 < data.size()) {
      const auto next = std::to_integer<unsigned>(data[at + 1]);
      if (std::to_integer<unsigned>(data[at]) == 0xFF && next >= 0xD0 && next <= 0xD7) {
        if (next == 0xD0 + number % 8) return at + 2;
        break;
      }
      ++at;
    }
    bad_image(file_, "JPEG", "a missing restart marker", "fetch the file again");
  }

  bool whole_unit(JpegBits& bits, std::size_t column, std::size_t row) {
    for (Component* const c : members_) {
      for (std::size_t y = 0; y < c->down; ++y) {
        for (std::size_t x = 0; x < c->across; ++x) {
          if (!block(bits, *c, column * c->across + x, row * c->down + y)) return false;
        }
      }
    }
    return true;
  }

  bool block(JpegBits& bits, Component& c, std::size_t column, std::size_t row) {
    const bool progressive = jpeg_.frame == 0xC2;
    if (!progressive || (first_ == 0 && !refines_)) {
      const int size = bits.symbol(codes_[0][c.dc]);
      if (size < 0 || size > 15) return false;
      bits.bits(static_cast<unsigned>(size));
    } else if (first_ == 0) {
      bits.bit();
    }
    if (progressive && first_ == 0) return true;
    if (progressive) {
      std::uint64_t& known = c.known[row * units_across_ * c.across + column];
      return refines_ ? refine(bits, codes_[1][c.ac], known) : begin(bits, codes_[1][c.ac], first_, last_, known);
    }
    std::uint64_t unused = 0;
    run_ = 0;
    return begin(bits, codes_[1][c.ac], 1, 63, unused) && run_ == 0;
  }

  bool begin(JpegBits& bits, const JpegCodes& codes, unsigned from, unsigned to, std::uint64_t& known) {
    if (run_ > 0) return --run_ >= 0;
    for (unsigned k = from; k <= to; ++k) {
      const int symbol = bits.symbol(codes);
      if (symbol < 0) return false;
      const auto zeros = static_cast<unsigned>(symbol) >> 4U, size = static_cast<unsigned>(symbol) & 15U;
      k += zeros;
      if (size == 0 && zeros == 15) continue;
      if (size == 0) {
        if (jpeg_.frame == 0xC2) run_ = static_cast<int>((1U << zeros) + bits.bits(zeros)) - 1;
        return true;
      }
      bits.bits(size);
      if (k < 64) known |= std::uint64_t{1} << k;
    }
    return true;
  }

  bool refine(JpegBits& bits, const JpegCodes& codes, std::uint64_t& known) {
    const auto is_known = [&](unsigned k) { return ((known >> k) & 1U) != 0; };
    unsigned k = first_;
    while (run_ == 0 && k <= last_) {
      const int symbol = bits.symbol(codes);
      if (symbol < 0) return false;
      auto zeros = static_cast<unsigned>(symbol) >> 4U;
      const unsigned size = static_cast<unsigned>(symbol) & 15U;
      if (size > 1) return false;
      if (size == 0 && zeros < 15) {
        run_ = static_cast<int>((1U << zeros) + bits.bits(zeros));
        break;
      }
      if (size == 1) bits.bit();
      for (; k <= last_; ++k) {
        if (is_known(k)) {
          bits.bit();
        } else if (zeros-- == 0) {
          if (size == 1) known |= std::uint64_t{1} << k;
          ++k;
          break;
        }
      }
    }
    if (run_ > 0) {
      for (; k <= last_; ++k) {
        if (is_known(k)) bits.bit();
      }
      --run_;
    }
    return true;
  }

  const JpegStructure& jpeg_;
  const std::string& file_;
  std::vector<Component> components_;
  std::vector<Component*> members_;  // of the scan
  std::array<std::array<JpegCodes, 4>, 2> codes_;
  unsigned across_ = 1, down_ = 1;
  std::size_t units_across_ = 0, units_down_ = 0, interval_ = 0;
  unsigned first_ = 0, last_ = 63;
  bool refines_ = false;
  int run_ = 0;  // blocks that end at once
};

/// @brief Reads the codes of all scans of a file that libjpeg found stray bytes in.
///
/// Stray bytes are harmless behind complete data, but also what is left when damaged data ends too early. **Errors.**
/// DataError for damaged data; for every arithmetically coded file, in which damage shows nowhere else.
inline void require_coded_data(const JpegStructure& jpeg, const std::string& file) {
  if (jpeg.frame > 0xC2) bad_image(file, "JPEG", "stray bytes in an arithmetically coded file");
  JpegCodedData coded(jpeg, file);
  for (const JpegSegment& segment : jpeg.segments) {
    const auto body = segment.body;
    if (segment.marker == jpeg.frame) coded.frame(body);
    if (segment.marker == 0xC4) coded.tables(body);
    if (segment.marker == 0xDA) (void)coded.scan(body);
    if (segment.marker == 0xDD && body.size() == 2) {
      coded.restart_interval(std::to_integer<std::size_t>(body[0]) * 256 + std::to_integer<std::size_t>(body[1]));
    }
  }
}

}  // namespace ctp::data::detail
