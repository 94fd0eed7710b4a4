/// @file   ctp/data/picture_row.hpp
/// @brief  View of one picture of a batch, for a source to write to.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/image/normalize.hpp>

namespace ctp::data {

/// @brief Accepts a picture as pixels or as normalised floats, and stores it in the form of the batch.
///
/// Refers to memory of the batch: valid until the batch is resized.
class PictureRow {
 public:
  PictureRow(Batch& batch, std::size_t row) : size_(batch.image_size) {
    const std::size_t values = 3 * static_cast<std::size_t>(size_) * static_cast<std::size_t>(size_);
    if (batch.pixels.empty())
      chw_ = std::span(batch.images).subspan(row * values, values);
    else
      rgb_ = std::span(batch.pixels).subspan(row * values, values);
  }

  /// H = W, pixels.
  [[nodiscard]] int size() const { return size_; }

  /// **Shapes.** image [size, size, 3]. **Errors.** UsageError for another size.
  void write(const Image& image) const {
    require_pixels(image, "PictureRow::write");
    if (image.width != size_ || image.height != size_)
      refuse("image", square(), std::to_string(image.width) + " x " + std::to_string(image.height),
             "resize it first, as resize_for_test() does");
    if (chw_.empty())
      std::copy(image.rgb.begin(), image.rgb.end(), rgb_.begin());
    else
      normalize_chw(image, chw_.data());
  }

  /// **Shapes.** chw [3, size, size], planes of red, green and blue. **Units.** normalised.
  /// **Errors.** UsageError for another size, or in a batch of pixels.
  void write(std::span<const float> chw) const {
    if (chw_.empty()) refuse("picture", "pixels", "floats", "let pictures() of the source return Pictures::Floats");
    if (chw.size() != chw_.size())
      refuse("floats", std::to_string(chw_.size()) + " for " + square(), std::to_string(chw.size()), "");
    std::copy(chw.begin(), chw.end(), chw_.begin());
  }

 private:
  [[nodiscard]] std::string square() const { return std::to_string(size_) + " x " + std::to_string(size_); }
  [[noreturn]] static void refuse(const char* what, const std::string& expected, const std::string& found,
                                  const char* remedy) {
    throw UsageError(Complaint{"PictureRow::write", what, expected, found, remedy}.text());
  }

  int size_;
  std::span<std::uint8_t> rgb_;  // either rgb_ or chw_ is empty
  std::span<float> chw_;
};

}  // namespace ctp::data
