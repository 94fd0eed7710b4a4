/// @file   ctp/data/image/randaugment.hpp
/// @brief  RandAugment with the ten operations of the published training.
/// @layer  data
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/image/affine.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/image/tone.hpp>

namespace ctp::data {

/// Operations of RandAugment.
enum class AugmentOp : std::uint8_t {
  Identity,
  AutoContrast,
  Equalize,
  Brightness,
  Sharpness,
  ShearX,
  ShearY,
  TranslateX,
  TranslateY,
  Rotate,
};
inline constexpr std::uint32_t augment_op_count = 10;

/// @brief Settings of RandAugment, with the published defaults.
///
/// **Source.** Cubuk et al. 2020, arXiv:1909.13719; operations and their ranges as in the released CTP code.
struct RandAugment {
  int operations = 2;        ///< number of operations drawn for a picture, with replacement
  double magnitude = 5;      ///< 0 to 10: shear 0.03, shift 1 pixel, rotation 3 degrees and gain 0.18 a unit
  double probability = 0.5;  ///< probability that a drawn operation is applied
  bool published = false;    ///< AutoContrast with the published defect, see auto_contrast()
};

/// @brief Applies one operation. `negative` reverses the direction of shears, shifts and rotations.
///
/// At magnitude 5, Brightness and Sharpness have a factor of exactly 1 and change no pixel.
/// **Errors.** UsageError for an empty picture.
inline Image apply_operation(Image image, AugmentOp op, const RandAugment& settings, bool negative) {
  const double part = settings.magnitude / 10.0, sign = negative ? -1.0 : 1.0;
  const double gain = rounded_product(part, 1.8) + 0.1;
  switch (op) {
    case AugmentOp::Identity:
      break;
    case AugmentOp::AutoContrast:
      return auto_contrast(std::move(image), settings.published);
    case AugmentOp::Equalize:
      return equalize(std::move(image));
    case AugmentOp::Brightness:
      return brightness(std::move(image), gain);
    case AugmentOp::Sharpness:
      return sharpness(image, gain);
    case AugmentOp::ShearX:
      return warp_affine(image, shear_x(sign * part * 0.3));
    case AugmentOp::ShearY:
      return warp_affine(image, shear_y(sign * part * 0.3));
    case AugmentOp::TranslateX:
      return warp_affine(image, translate_x(sign * part * 10.0));
    case AugmentOp::TranslateY:
      return warp_affine(image, translate_y(sign * part * 10.0));
    case AugmentOp::Rotate:
      return warp_affine(image, rotation(sign * part * 30.0, image.width, image.height));
  }
  return image;
}

/// One drawn operation.
struct DrawnOp {
  AugmentOp op = AugmentOp::Identity;
  bool applied = false;
  bool negative = false;

  friend bool operator==(const DrawnOp&, const DrawnOp&) = default;
};

/// @brief Draws the operations for one picture: first all operations, then for each `applied` and `negative`.
///
/// The number of draws does not depend on the results. **Errors.** UsageError for a negative count, a magnitude outside
/// 0 to 10 or a probability outside 0 to 1.
inline std::vector<DrawnOp> draw_operations(const RandAugment& settings, RandomSubstream& random) {
  if (!(settings.operations >= 0 && settings.magnitude >= 0.0 && settings.magnitude <= 10.0 &&
        settings.probability >= 0.0 && settings.probability <= 1.0)) {
    throw UsageError(Complaint{"RandAugment", "settings", "operations >= 0, magnitude 0 to 10, probability 0 to 1",
                               std::to_string(settings.operations) + ", " + std::to_string(settings.magnitude) + ", " +
                                   std::to_string(settings.probability),
                               ""}
                         .text());
  }
  std::vector<DrawnOp> drawn(static_cast<std::size_t>(settings.operations));
  for (DrawnOp& d : drawn) d.op = static_cast<AugmentOp>(random.below(augment_op_count));
  for (DrawnOp& d : drawn) {
    d.applied = random.uniform() < settings.probability;
    d.negative = random.below(2) == 1;
  }
  return drawn;
}

/// Draws operations and applies them. **Errors.** as draw_operations() and apply_operation().
inline Image rand_augment(Image image, const RandAugment& settings, RandomSubstream& random) {
  for (const DrawnOp& drawn : draw_operations(settings, random)) {
    if (drawn.applied) image = apply_operation(std::move(image), drawn.op, settings, drawn.negative);
  }
  return image;
}

}  // namespace ctp::data
