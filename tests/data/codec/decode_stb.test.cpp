#include <ctp/data/codec/decode_stb.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/golden_images.hpp>
#include <data/picture_files.hpp>

namespace data = ctp::data;
using picture::Bytes;
using picture::has;
using picture::refusal;

namespace {

const auto decode = [](const Bytes& bytes, const std::string& file, const data::DecodeLimits& limits) {
  return data::detail::decode_with_stb(bytes, file, limits);
};

data::Image without_right_edge(const data::Image& image) {
  data::Image part(image.width - 2, image.height);
  for (int y = 0; y < part.height; ++y) std::copy_n(image.pixel(0, y), part.stride(), part.pixel(0, y));
  return part;
}

/// A complete DHT segment with these counts and the matching number of symbols.
Bytes huffman_segment(const std::vector<int>& counts) {
  Bytes segment{std::byte{0xFF}, std::byte{0xC4}, std::byte{0}, std::byte{0}, std::byte{0x10}};
  int symbols = 0;
  for (const int c : counts) {
    segment.push_back(static_cast<std::byte>(c));
    symbols += c;
  }
  for (int i = 0; i < symbols; ++i) segment.push_back(static_cast<std::byte>(i & 255));
  const auto length = segment.size() - 2;
  segment[2] = static_cast<std::byte>(length >> 8U);
  segment[3] = static_cast<std::byte>(length & 255U);
  return segment;
}

/// A valid file with that segment after its start marker.
Bytes with_segment(const Bytes& segment) {
  Bytes file = golden::read("baseline_444.jpg");
  file.insert(file.begin() + 2, segment.begin(), segment.end());
  return file;
}

}  // namespace

// Bounds measured over tests/golden/images: 2 levels, but up to 16 in pictures a few pixels wide and in the last two
// columns, where stb_image upsamples chroma planes of half width differently.
TEST_CASE("decode_stb: equals Pillow for PNG and is within two levels for JPEG, away from the right edge") {
  for (auto& line : golden::lines("decode")) {
    std::string file;
    std::size_t at = 0;
    int width = 0, height = 0;
    line >> file >> at >> width >> height;
    CAPTURE(file);
    const data::Image expected = golden::expected_image(at, width, height);

    const data::Image image = data::detail::decode_with_stb(golden::read(file), file);

    CHECK(golden::distance(image, expected) <= (file.ends_with(".png") ? 0 : 16));
    if (width >= 8) CHECK(golden::distance(without_right_edge(image), without_right_edge(expected)) <= 2);
  }
}

TEST_CASE("decode_stb: a file truncated at any byte is refused by name, unless all its pixels are there") {
  for (const std::string& name : picture::kinds()) {
    const Bytes whole = golden::read(name);
    CAPTURE(name);
    const data::Image expected = decode(whole, name, {});
    // 12 bytes of the end chunk, 4 of the checksum of the picture data, 4 and up to 2 at the end of that data.
    const std::size_t all_pixels = name.ends_with(".png") ? whole.size() - 20 : whole.size();
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      const std::string why = refusal(decode, cut);
      if (length < all_pixels - 2) REQUIRE(has(why, "x.jpg: expected "));
      if (length >= all_pixels) REQUIRE(why.empty());
      if (why.empty()) REQUIRE(decode(cut, name, {}) == expected);
    }
  }
}

TEST_CASE("decode_stb: malformed Huffman tables never reach stb_image") {
  const std::vector<int> one_more_than_fits_in_one_bit{3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  CHECK(has(refusal(decode, with_segment(huffman_segment(one_more_than_fits_in_one_bit))),
            "a Huffman table with more codes than 1 bits hold"));
  const std::vector<int> too_many_symbols{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 255};
  CHECK(has(refusal(decode, with_segment(huffman_segment(too_many_symbols))), "a Huffman table of 257 symbols"));
  const std::vector<int> exactly_all_symbols{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 255};
  CHECK(refusal(decode, with_segment(huffman_segment(exactly_all_symbols))).empty());

  ctp::RandomSubstream random(ctp::RandomStream(3, "counts"), {});
  int refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> counts(16);
    for (int& c : counts) c = static_cast<int>(random.below(2) == 0 ? random.below(4) : random.below(256));
    refused += refusal(decode, with_segment(huffman_segment(counts))).empty() ? 0 : 1;
  }
  CHECK(refused > 1900);

  Bytes short_segment = huffman_segment(exactly_all_symbols);
  short_segment.resize(40);
  short_segment[2] = std::byte{0};
  short_segment[3] = std::byte{38};
  CHECK(has(refusal(decode, with_segment(short_segment)), "a Huffman table shorter than its counts say"));
}

TEST_CASE("decode_stb: a scan with undefined tables is refused") {
  Bytes no_huffman = golden::read("grey.jpg"), no_quantisation = no_huffman;
  for (std::size_t at = 2; std::to_integer<int>(no_huffman[at + 1]) != 0xDA;) {
    const std::size_t length =
        std::to_integer<std::size_t>(no_huffman[at + 2]) * 256 + std::to_integer<std::size_t>(no_huffman[at + 3]);
    if (std::to_integer<int>(no_huffman[at + 1]) == 0xC4) no_huffman[at + 1] = std::byte{0xFE};  // now a comment
    if (std::to_integer<int>(no_quantisation[at + 1]) == 0xDB) no_quantisation[at + 1] = std::byte{0xFE};
    at += 2 + length;
  }

  CHECK(has(refusal(decode, no_huffman), "a Huffman table that is not defined"));
  CHECK(has(refusal(decode, no_quantisation), "a quantisation table that is not defined"));
}

TEST_CASE("decode_stb: compressed data far larger than the size in the header is refused, not unpacked") {
  CHECK(has(refusal(decode, golden::read("inflates.png")), "'outofmem'"));
}

TEST_CASE("decode_stb: a wrong checksum of the picture data is refused") {
  Bytes file = golden::read("rgb.png");
  file[file.size() - 13] ^= std::byte{1};  // the last byte of the IDAT chunk's checksum

  CHECK(has(refusal(decode, file), "a wrong checksum of a IDAT chunk"));
}

TEST_CASE("decode_stb: damaged files give a picture or a DataError, no other outcome") {
  const auto tally = picture::decode_damaged(decode, 4000, 2);

  CHECK(tally.refused > 1000);
  CHECK(tally.accepted > 100);
}
