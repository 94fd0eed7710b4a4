#include <ctp/data/codec/decode_webp.hpp>

#if defined(CTP_HAVE_LIBWEBP)

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
  data::Image image = data::detail::decode_with_libwebp(bytes, file, limits, &alpha);
  CHECK((alpha.empty() || 3 * alpha.size() == image.rgb.size()));
  return image;
};

}  // namespace

TEST_CASE("decode_webp: equals Pillow's convert RGB") { picture::check_pixels(decode, ".webp"); }

TEST_CASE("decode_webp: a truncated file is refused, unless all its pixels are there") {
  picture::check_truncated(decode, ".webp");
}

TEST_CASE("decode_webp: damaged files give a picture or a DataError, no other outcome") {
  picture::check_damaged(decode, ".webp");
}

#endif
