// Composites pictures with transparency onto a uniform background.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#if defined(CTP_HAVE_LIBPNG)
#include <png.h>
#endif

#include <ctp/core/error.hpp>
#include <ctp/data/codec/encode.hpp>

/// @brief A PNG file with transparent pixels, composited onto `background`, as a JPEG; nullopt for any other file.
///
/// Readers of P9D folders drop transparency, as the published code does; the colour stored under transparent pixels is
/// mostly black. **Errors.** ctp::DataError naming `file` if the PNG is damaged; ctp::UsageError if this build has no
/// libpng.
inline std::optional<std::vector<std::byte>> flatten_png(std::span<const std::byte> bytes, const std::string& file,
                                                         std::uint8_t background) {
  static constexpr unsigned char start[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  if (bytes.size() < sizeof start) return std::nullopt;
  for (std::size_t i = 0; i < sizeof start; ++i) {
    if (std::to_integer<unsigned char>(bytes[i]) != start[i]) return std::nullopt;
  }
#if defined(CTP_HAVE_LIBPNG)
  struct Control : png_image {
    Control() : png_image{} { version = PNG_IMAGE_VERSION; }
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;
    ~Control() { png_image_free(this); }
  } png;
  const auto refuse = [&] {
    throw ctp::DataError(ctp::Complaint{file, "", "a PNG image", png.message, "repair or remove it"}.text());
  };
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) refuse();
  if ((png.format & PNG_FORMAT_FLAG_ALPHA) == 0) return std::nullopt;
  if (png.width > 16384 || png.height > 16384) {
    throw ctp::DataError(ctp::Complaint{file, "size", "at most 16384 pixels a side",
                                        std::to_string(png.width) + " x " + std::to_string(png.height), "shrink it"}
                             .text());
  }
  png.format = PNG_FORMAT_RGB;
  ctp::data::Image image(static_cast<int>(png.width), static_cast<int>(png.height));
  const png_color paper{background, background, background};
  if (png_image_finish_read(&png, &paper, image.rgb.data(), static_cast<png_int_32>(image.stride()), nullptr) == 0) {
    refuse();
  }
  return ctp::data::encode_jpeg(image, 95);
#else
  (void)background;
  throw ctp::UsageError(ctp::Complaint{file, "--background", "a build with libpng", "one without",
                                       "install libpng and build again, or leave the option out"}
                            .text());
#endif
}
