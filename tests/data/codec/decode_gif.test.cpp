#include <ctp/data/codec/decode_gif.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/decoder_checks.hpp>
#include <data/picture_files.hpp>

namespace data = ctp::data;
using picture::Bytes;

namespace {

const auto decode = [](const Bytes& bytes, const std::string& file, const data::DecodeLimits& limits) {
  std::vector<std::uint8_t> alpha;
  data::Image image = data::detail::decode_gif(bytes, file, limits, &alpha);
  CHECK((alpha.empty() || 3 * alpha.size() == image.rgb.size()));
  return image;
};

}  // namespace

TEST_CASE("decode_gif: equals Pillow's convert RGB") { picture::check_pixels(decode, ".gif"); }

TEST_CASE("decode_gif: a truncated file is refused, unless all its pixels are there") {
  picture::check_truncated(decode, ".gif");
}

TEST_CASE("decode_gif: damaged files give a picture or a DataError, no other outcome") {
  picture::check_damaged(decode, ".gif");
}
