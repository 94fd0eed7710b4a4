#include <ctp/data/codec/decode_bmp.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/decoder_checks.hpp>
#include <data/picture_files.hpp>

namespace data = ctp::data;
using picture::Bytes;
using picture::has;
using picture::refusal;

namespace {

const auto decode = [](const Bytes& bytes, const std::string& file, const data::DecodeLimits& limits) {
  std::vector<std::uint8_t> alpha;
  data::Image image = data::detail::decode_bmp(bytes, file, limits, &alpha);
  CHECK((alpha.empty() || 3 * alpha.size() == image.rgb.size()));
  return image;
};

Bytes of(std::initializer_list<int> values) {
  Bytes result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

/// A file with a header of 40 bytes for 2 x 1 pixels; `rest`: what follows the header.
Bytes two_pixels(int bits, int compression, int data_at, const Bytes& rest) {
  Bytes file =
      of({'B', 'M', 0, 0, 0, 0, 0, 0, 0, 0, data_at, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, bits});
  file.resize(54);
  file[30] = static_cast<std::byte>(compression);
  file.insert(file.end(), rest.begin(), rest.end());
  return file;
}

}  // namespace

TEST_CASE("decode_bmp: a palette without a count of colours ends where the pixels begin") {
  // Two colours, blue green red unused: 30 20 10 and 60 50 40; then a row of the indices 1 and 0.
  const Bytes file = two_pixels(8, 0, 62, of({30, 20, 10, 0, 60, 50, 40, 0, 1, 0, 0, 0}));
  CHECK(decode(file, "x.bmp", {}).rgb == std::vector<std::uint8_t>{40, 50, 60, 10, 20, 30});
  CHECK(has(refusal(decode, two_pixels(8, 0, 53, of({1, 0, 0, 0}))), "x.jpg: "));
}

TEST_CASE("decode_bmp: 24 bits with bit masks are read in the usual order alone") {
  const Bytes pixels = of({1, 2, 3, 4, 5, 6, 0, 0});
  const auto masked = [&](const Bytes& masks) {
    Bytes rest = masks;
    rest.insert(rest.end(), pixels.begin(), pixels.end());
    return two_pixels(24, 3, 66, rest);
  };
  CHECK(decode(masked(of({0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0})), "x.bmp", {}).rgb ==
        std::vector<std::uint8_t>{3, 2, 1, 6, 5, 4});
  CHECK(has(refusal(decode, masked(of({255, 0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 0}))), "a bad bit mask"));
  CHECK(has(refusal(decode, masked(of({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))), "a bad bit mask"));
}

TEST_CASE("decode_bmp: equals Pillow's convert RGB") { picture::check_pixels(decode, ".bmp"); }

TEST_CASE("decode_bmp: a truncated file is refused, unless all its pixels are there") {
  picture::check_truncated(decode, ".bmp");
}

TEST_CASE("decode_bmp: damaged files give a picture or a DataError, no other outcome") {
  picture::check_damaged(decode, ".bmp");
}
