/// @file   ctp/data/codec/decode_png.hpp
/// @brief  PNG decoding with libpng, bit-identical to Pillow. Empty without CTP_HAVE_LIBPNG.
/// @layer  data
#pragma once

#if defined(CTP_HAVE_LIBPNG)

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <png.h>

#include <ctp/data/codec/decode_errors.hpp>
#include <ctp/data/codec/decode_limits.hpp>
#include <ctp/data/codec/png_structure.hpp>

namespace ctp::data::detail {

/// @brief RAII owner of one libpng reader.
///
/// libpng reports errors through a callback that must not return. The callback jumps back into run() with longjmp, so
/// the functions passed to run() must not hold objects with destructors.
class PngReader {
 public:
  explicit PngReader(std::span<const std::byte> bytes) : left_(bytes) {
    png_ = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, this,
        [](png_structp png, png_const_charp text) { static_cast<PngReader*>(png_get_error_ptr(png))->fail(text); },
        [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) std::strcpy(message_, "out of memory");
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// Calls step(png, info). Returns false after an error of libpng: message() holds its text, and no call may follow.
  template <class Step>
  bool run(Step step) {
    if (info_ == nullptr) return false;
    if (setjmp(back_) != 0) return false;
    step(png_, info_);
    return true;
  }
  [[nodiscard]] const char* message() const { return message_; }

  /// Copies the next `n` bytes of the file to `to`; the callback for png_set_read_fn().
  static void read(png_structp png, png_bytep to, std::size_t n) {
    auto& self = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (n > self.left_.size()) png_error(png, "the file ends too early (truncated)");
    std::memcpy(to, self.left_.data(), n);
    self.left_ = self.left_.subspan(n);
  }

 private:
  [[noreturn]] void fail(const char* text) {
    const std::size_t n = std::min(std::strlen(text), sizeof message_ - 1);
    std::memcpy(message_, text, n);
    message_[n] = '\0';
    std::longjmp(back_, 1);
  }

  std::span<const std::byte> left_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf back_{};
  char message_[128] = {};
};

/// The opacity of the pixels of a palette picture, or of 16-bit grey, from its tRNS chunk. `raw`: the packed samples.
inline std::vector<std::uint8_t> keyed_alpha(const PngStructure& png, std::span<const std::uint8_t> raw) {
  const auto tag = [&](std::size_t i) { return std::to_integer<std::uint8_t>(png.transparency[i]); };
  if (png.colour == 3) {
    std::vector<std::uint8_t> alpha(raw.size(), 255);
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (raw[i] < png.transparency.size()) alpha[i] = tag(raw[i]);
    }
    return alpha;
  }
  std::vector<std::uint8_t> alpha(raw.size() / 2, 255);
  for (std::size_t i = 0; i < alpha.size(); ++i) {
    if (raw[2 * i] == tag(0) && raw[2 * i + 1] == tag(1)) alpha[i] = 0;
  }
  return alpha;
}

/// @brief Decodes a PNG file with libpng.
///
/// The colours under transparent pixels are kept, not blended; the opacity goes to `alpha`. 16-bit grey becomes
/// min(value, 255); other 16-bit samples become their high byte. Both rules equal Pillow's convert("RGB"). Gamma and
/// profiles are not applied.
///
/// **Errors.** DataError for every error of libpng, and as png_structure().
inline Image decode_with_libpng(std::span<const std::byte> bytes, const std::string& file,
                                const DecodeLimits& limits = {}, AlphaPlane alpha = nullptr) {
  const PngStructure png = png_structure(bytes, file, limits);
  std::vector<std::byte> rebuilt;
  if (!png.complete) rebuilt = rebuilt_png(png, {}, true);
  Image image = allocate_image(file, png.width, png.height);
  const bool palette = png.colour == 3;
  const bool deep_grey = png.colour == 0 && png.depth == 16;
  const bool opacity = alpha != nullptr && (png.colour > 3 || !png.transparency.empty());
  const bool raw_samples = palette || deep_grey;
  const auto width = static_cast<std::size_t>(png.width), height = static_cast<std::size_t>(png.height);

  // Palette indices and 16-bit grey are converted below; libpng converts all other formats to RGB or RGBA.
  const std::size_t stride = palette ? width : deep_grey ? width * 2 : opacity ? width * 4 : image.stride();
  std::vector<std::uint8_t> raw(raw_samples || opacity ? stride * height : 0);
  std::vector<png_bytep> row_pointers(height);
  for (std::size_t y = 0; y < height; ++y) {
    row_pointers[y] = (raw.empty() ? image.rgb.data() : raw.data()) + y * stride;
  }

  PngReader reader(rebuilt.empty() ? bytes : rebuilt);
  PngReader* const source = &reader;
  png_bytepp const rows = row_pointers.data();
  const bool read = reader.run([=](png_structp p, png_infop info) {
    png_set_read_fn(p, source, &PngReader::read);
    png_set_user_limits(p, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_keep_unknown_chunks(p, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);  // ignore texts and profiles
    png_set_check_for_invalid_index(p, -1);
    png_read_info(p, info);
    png_set_packing(p);
    if (!raw_samples) {
      png_set_strip_16(p);
      if ((png_get_color_type(p, info) & PNG_COLOR_MASK_COLOR) == 0) {
        if (png_get_bit_depth(p, info) < 8) png_set_expand_gray_1_2_4_to_8(p);
        png_set_gray_to_rgb(p);
      }
      if (opacity) {
        if (png_get_valid(p, info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(p);
        png_set_add_alpha(p, 0xFF, PNG_FILLER_AFTER);
      } else {
        png_set_strip_alpha(p);
      }
    }
    png_set_interlace_handling(p);
    png_read_update_info(p, info);
    if (png_get_rowbytes(p, info) != stride) png_error(p, "rows of unexpected length");
    png_read_image(p, rows);
    png_read_end(p, nullptr);
  });
  if (!read) bad_image(file, "PNG", std::string("'") + reader.message() + "'");

  std::uint8_t* to = image.rgb.data();
  if (palette) {
    const Palette colours = png_palette(png);
    for (const std::uint8_t index : raw) to = std::copy_n(colours.data() + std::size_t{3} * index, 3, to);
  }
  if (deep_grey) {
    for (std::size_t i = 0; i < raw.size(); i += 2)
      to = std::fill_n(to, 3, raw[i] != 0 ? std::uint8_t{255} : raw[i + 1]);
  }
  if (opacity && raw_samples) *alpha = keyed_alpha(png, raw);
  if (opacity && !raw_samples) {
    alpha->resize(width * height);
    split_alpha(raw, image, *alpha);
  }
  return image;
}

}  // namespace ctp::data::detail

#endif
