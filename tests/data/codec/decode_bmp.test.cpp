#include <ctp/data/codec/decode_bmp.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>

#include <data/golden_alpha.hpp>
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

TEST_CASE("decode_bmp: equals Pillow's convert RGB") {
  for (const auto& one : golden::alpha_cases(".bmp")) {
    CAPTURE(one.name);
    CHECK(decode(one.file, one.name, {}) == one.rgb);
    CHECK(has(refusal(decode, one.file, {.max_pixels = one.rgb.width * one.rgb.height - 1}), "x.jpg: image size: "));
  }
}

TEST_CASE("decode_bmp: a truncated file is refused, unless all its pixels are there") {
  for (const auto& one : golden::alpha_cases(".bmp")) {
    CAPTURE(one.name);
    for (std::size_t length = 12; length < one.file.size(); length += one.file.size() > 1500 ? 13 : 1) {
      CAPTURE(length);
      const Bytes cut(one.file.begin(), one.file.begin() + static_cast<std::ptrdiff_t>(length));
      const std::string why = refusal(decode, cut);
      if (!why.empty()) {
        CHECK(has(why, "x.jpg: "));
      } else {
        CHECK(decode(cut, one.name, {}) == one.rgb);
      }
    }
    if (one.name.starts_with("animated") || one.name == "comment.gif") continue;  // the first frame may be there
    CHECK_FALSE(refusal(decode, Bytes(one.file.begin(),
                                      one.file.begin() + static_cast<std::ptrdiff_t>(one.file.size() * 2 / 3)))
                    .empty());
  }
}

TEST_CASE("decode_bmp: damaged files give a picture or a DataError, no other outcome") {
  const auto cases = golden::alpha_cases(".bmp");
  ctp::RandomSubstream random(ctp::RandomStream(5, "damage"), {});
  int refused = 0, accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes file = cases[random.below(static_cast<std::uint32_t>(cases.size()))].file;
    for (std::uint32_t n = 1 + random.below(4); n > 0; --n) {
      const std::size_t at = random.below(2) == 0
                                 ? random.below(static_cast<std::uint32_t>(std::min<std::size_t>(60, file.size())))
                                 : random.below(static_cast<std::uint32_t>(file.size()));
      file[at] = random.below(2) == 0 ? static_cast<std::byte>(random.below(256))
                                      : file[at] ^ static_cast<std::byte>(1U << random.below(8));
    }
    (refusal(decode, file, {.max_pixels = 1'000'000}).empty() ? accepted : refused) += 1;
  }
  CHECK(refused > 100);
  CHECK(accepted > 100);
}
