/// @file   ctp/data/codec/decode_jpeg.hpp
/// @brief  JPEG decoding with libjpeg-turbo, bit-identical to Pillow. Empty without CTP_HAVE_LIBJPEG.
/// @layer  data
#pragma once

#if defined(CTP_HAVE_LIBJPEG)

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/jpeg_coded_data.hpp>
#include <ctp/data/codec/jpeg_structure.hpp>

namespace ctp::data::detail {

/// @brief RAII owner of one libjpeg decompressor.
///
/// libjpeg reports errors through a callback that must not return. The callback jumps back into run() with longjmp, so
/// the functions passed to run() must not hold objects with destructors.
class JpegReader {
 public:
  JpegReader() {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr info) { self(info).fail(); };
    errors_.emit_message = [](j_common_ptr info, int level) {
      if (level >= 0) return;
      if (info->err->msg_code == JWRN_EXTRANEOUS_DATA) self(info).stray_ = true;
      if (!harmless(info->err->msg_code)) self(info).fail();  // damaged or missing data is a warning
    };
    errors_.output_message = [](j_common_ptr) {};
    info_.client_data = this;
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;
  ~JpegReader() { jpeg_destroy_decompress(&info_); }

  /// Calls step(info). Returns false after an error of libjpeg: message() holds its text, and no call may follow.
  template <class Step>
  bool run(Step step) {
    if (setjmp(back_) != 0) return false;
    step(info_);
    return true;
  }
  [[nodiscard]] const char* message() const { return message_; }
  /// True if bytes were passed over in front of a marker.
  [[nodiscard]] bool stray() const { return stray_; }
  [[nodiscard]] const jpeg_decompress_struct& info() const { return info_; }

 private:
  /// Warnings after which all pixels are there: stray bytes before a marker, and header fields that do not count.
  static bool harmless(int code) {
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
           code == JWRN_NOT_SEQUENTIAL;
  }
  static JpegReader& self(j_common_ptr info) { return *static_cast<JpegReader*>(info->client_data); }
  [[noreturn]] void fail() {
    errors_.format_message(reinterpret_cast<j_common_ptr>(&info_), message_);
    std::longjmp(back_, 1);
  }

  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf back_{};
  char message_[JMSG_LENGTH_MAX] = {};
  bool stray_ = false;
};

/// @brief Converts one row of CMYK to RGB. The CMYK values are inverted, as Adobe's programs write them.
///
/// **Shapes.** cmyk: [n, 4], rgb: [n, 3]. **Source.** Equal to Pillow's convert("RGB") of a CMYK JPEG, measured.
inline void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i, cmyk += 4, rgb += 3) {
    const int light = cmyk[3];
    for (int c = 0; c < 3; ++c) {
      const int product = (255 - cmyk[c]) * light + 128;
      const int value = light - (((product >> 8) + product) >> 8);
      rgb[c] = static_cast<std::uint8_t>(value < 0 ? 0 : value);
    }
  }
}

/// @brief Decodes a JPEG file with libjpeg-turbo: accurate integer DCT, smooth chroma upsampling, no orientation tags.
///
/// **Errors.** DataError for every error of libjpeg, every warning of damaged or missing data, and as jpeg_structure().
inline Image decode_with_libjpeg(std::span<const std::byte> bytes, const std::string& file,
                                 const DecodeLimits& limits = {}) {
  const JpegStructure jpeg = jpeg_structure(bytes, file, limits);
  Image image = allocate_image(file, jpeg.width, jpeg.height);
  std::vector<std::uint8_t> ink(jpeg.components == 4 ? static_cast<std::size_t>(jpeg.width) * 4 : 0);

  JpegReader reader;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto size = static_cast<unsigned long>(bytes.size());
  const long most = (1L << 30) + 10 * static_cast<long>(image.rgb.size());
  const bool opened = reader.run([=](jpeg_decompress_struct& info) {
    jpeg_create_decompress(&info);
    // Progressive pictures keep all coefficients: two bytes for each sample, at most four samples for each pixel.
    info.mem->max_memory_to_use = most;
    jpeg_mem_src(&info, data, size);
    jpeg_read_header(&info, TRUE);
  });
  if (!opened) bad_image(file, "JPEG", std::string("'") + reader.message() + "'");
  if (reader.info().image_width != static_cast<JDIMENSION>(jpeg.width) ||
      reader.info().image_height != static_cast<JDIMENSION>(jpeg.height) ||
      reader.info().num_components != jpeg.components) {
    bad_image(file, "JPEG", "two headers that contradict each other");
  }

  std::uint8_t* const pixels = image.rgb.data();
  const std::size_t stride = image.stride();
  const auto width = static_cast<std::size_t>(jpeg.width);
  std::uint8_t* const ink_row = ink.empty() ? nullptr : ink.data();
  const bool read = reader.run([=](jpeg_decompress_struct& info) {
    info.out_color_space = ink_row == nullptr ? JCS_RGB : JCS_CMYK;
    jpeg_start_decompress(&info);
    while (info.output_scanline < info.output_height) {
      std::uint8_t* const row = pixels + info.output_scanline * stride;
      JSAMPROW target = ink_row == nullptr ? row : ink_row;
      jpeg_read_scanlines(&info, &target, 1);
      if (ink_row != nullptr) cmyk_to_rgb(ink_row, row, width);
    }
    jpeg_finish_decompress(&info);
  });
  if (!read) bad_image(file, "JPEG", std::string("'") + reader.message() + "'");
  if (reader.stray()) require_coded_data(jpeg, file);
  return image;
}

}  // namespace ctp::data::detail

#endif
