#include <ctp/data/codec/decode_bmp.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

}  // namespace

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
