#include <ctp/data/codec/jpeg_structure.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/error.hpp>

namespace data = ctp::data;

namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

/// Class and number `head`, and `ones` codes of length 1 with as many symbols.
std::vector<std::byte> table(int head, int ones, std::size_t symbols) {
  std::vector<std::byte> result(17 + symbols, std::byte{0});
  result[0] = static_cast<std::byte>(head);
  result[1] = static_cast<std::byte>(ones);
  return result;
}

}  // namespace

TEST_CASE("jpeg structure: fill bytes, restart markers and stuffed zeros of a file by hand") {
  const auto file = bytes({0xFF, 0xD8,                                                 // start
                           0xFF, 0xFF, 0xFE, 0,  3,    'c',                            // a fill byte and a comment
                           0xFF, 0xC0, 0,    11, 8,    1,    2, 0, 3,  1, 1, 0x11, 0,  // 3 x 258 pixels, one component
                           0xFF, 0xDA, 0,    8,  1,    1,    0, 0, 63, 0,              // the scan's header
                           7,    0xFF, 0,    8,  0xFF, 0xD0, 9,                        // coded data
                           0xFF, 0xD9});                                               // end
  const data::detail::JpegStructure jpeg = data::detail::jpeg_structure(file, "x.jpg", {});

  CHECK(jpeg.width == 3);
  CHECK(jpeg.height == 258);
  CHECK(jpeg.components == 1);
  CHECK(jpeg.frame == 0xC0);
  REQUIRE(jpeg.segments.size() == 3);
  CHECK(jpeg.segments[0].marker == 0xFE);
  CHECK(jpeg.segments[0].body.size() == 1);
  CHECK(jpeg.segments[2].marker == 0xDA);
  CHECK(jpeg.segments[2].body.size() == 6 + 7);
}

TEST_CASE("jpeg structure: a Huffman table's counts must fit its code lengths and its bytes") {
  using data::detail::huffman_fault;
  CHECK(huffman_fault(table(0x00, 2, 2)).empty());
  CHECK(huffman_fault(table(0x00, 3, 3)) == "a Huffman table with more codes than 1 bits hold");
  CHECK(huffman_fault(table(0x00, 2, 1)) == "a Huffman table shorter than its counts say");
  CHECK(huffman_fault(table(0x20, 0, 0)) == "a Huffman table of unknown class or number");
  CHECK(huffman_fault(table(0x04, 0, 0)) == "a Huffman table of unknown class or number");
  CHECK(huffman_fault(bytes({0})) == "a Huffman table without its 16 counts");
}
