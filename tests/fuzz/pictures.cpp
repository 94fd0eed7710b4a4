// Pictures: every decoder, the header without decoding, and PNG and JPEG by two decoders. They must agree on a PNG, and
// on the size of a JPEG: coefficients beyond those of a picture are cut off in different places.
#include "target.hpp"

#include <span>

#include <ctp/data/codec/decode.hpp>
#include <ctp/data/codec/decode_stb.hpp>
#include <ctp/data/codec/image_header.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ctp::data::DecodeLimits limits{.max_pixels = 500'000};
  const auto bytes = std::as_bytes(std::span(data, size));
  ctp::data::Image image, other;
  const auto check = [](const ctp::data::Image& decoded) {
    fuzz::require(decoded.width > 0 && decoded.height > 0, "a size");
    fuzz::require(static_cast<std::int64_t>(decoded.width) * decoded.height <= 500'000, "the limit of pixels");
    fuzz::require(decoded.rgb.size() == decoded.stride() * static_cast<std::size_t>(decoded.height),
                  "bytes of an image");
  };
  const bool fine = fuzz::allowed([&] { image = ctp::data::decode_image(bytes, "x", limits); });
  if (fine) check(image);
  const auto type = ctp::data::image_type(bytes);
  if (type != ctp::data::ImageType::Png && type != ctp::data::ImageType::Jpeg) return 0;
  const bool fine_too = fuzz::allowed([&] { other = ctp::data::detail::decode_with_stb(bytes, "x", limits); });
  if (fine_too) check(other);
  if (!fine || !fine_too) return 0;
  if (type == ctp::data::ImageType::Png)
    fuzz::require(image == other, "two decoders give the same PNG");
  else
    fuzz::require(image.width == other.width && image.height == other.height, "two decoders give the same size");
  return 0;
}
