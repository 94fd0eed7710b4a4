#include <ctp/data/codec/png_structure.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace detail = ctp::data::detail;

TEST_CASE("png structure: the checksum is CRC-32 with its published check value") {
  constexpr std::string_view digits = "123456789";
  CHECK(detail::png_checksum(std::as_bytes(std::span(digits))) == 0xCBF43926U);
  CHECK(detail::png_checksum({}) == 0U);
}

TEST_CASE("png structure: a palette entry missing from the file is the grey of its index") {
  const std::vector<std::byte> data{std::byte{10}, std::byte{20}, std::byte{30}};
  detail::PngChunk chunk;
  chunk.type = "PLTE";
  chunk.data = data;
  detail::PngStructure png;
  png.chunks = {chunk};

  const detail::Palette palette = detail::png_palette(png);

  CHECK(palette[0] == 10);
  CHECK(palette[1] == 20);
  CHECK(palette[2] == 30);
  CHECK(palette[3] == 1);
  CHECK(palette[5] == 1);
  CHECK(palette[3 * 255 + 2] == 255);
}
