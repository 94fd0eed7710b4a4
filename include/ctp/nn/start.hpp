/// @file   ctp/nn/start.hpp
/// @brief  Initial value of a parameter: a constant, or a distribution.
/// @layer  nn
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include <ctp/core/shape.hpp>

namespace ctp {

/// @brief Initial value of a parameter, if no weights are loaded.
///
/// `Start::Weight`: normal; scaled by 1/sqrt(fan-in), or as published. `Start::Table`, for embeddings and positions:
/// normal; scaled by 1/sqrt(width), or as published. `Start::Ones`, `Start::Zeros`: constants.
class Start {
 public:
  enum class Kind : std::uint8_t { Weight, Table, Constant, Normal, Uniform };
  static const Start Weight, Table, Ones, Zeros;  // NOLINT: spelt as the enumerators that they stand for

  /// The same value everywhere. **Errors.** UsageError for a value that is not finite.
  [[nodiscard]] static Start constant(double value) {
    require(std::isfinite(value), "Start::constant", "expected a finite number; choose a number");
    return {Kind::Constant, value, value};
  }
  /// Normal numbers. **Errors.** UsageError for a number that is not finite, or a deviation below 0.
  [[nodiscard]] static Start normal(double mean, double deviation) {
    require(std::isfinite(mean) && std::isfinite(deviation) && deviation >= 0, "Start::normal",
            "expected a finite mean and a finite deviation of 0 or more; choose such numbers");
    return {Kind::Normal, mean, deviation};
  }
  /// Uniform numbers in [least, most). **Errors.** UsageError for a number that is not finite, or least above most.
  [[nodiscard]] static Start uniform(double least, double most) {
    require(std::isfinite(most - least) && least <= most, "Start::uniform",
            "expected finite numbers, the smaller one first; exchange the two or choose others");
    return {Kind::Uniform, least, most};
  }

  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  /// The value of a constant, the mean of normal numbers, the smallest of uniform numbers.
  [[nodiscard]] constexpr double first() const { return first_; }
  /// The value of a constant, the deviation of normal numbers, the upper limit of uniform numbers.
  [[nodiscard]] constexpr double second() const { return second_; }
  /// Whether no initial value can lie outside of [least, most]. Normal numbers have no limits.
  [[nodiscard]] constexpr bool lies_within(double least, double most) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const bool limited = kind_ == Kind::Constant || kind_ == Kind::Uniform;
    return limited ? least <= first_ && second_ <= most : least == -infinity && most == infinity;
  }
  friend constexpr bool operator==(const Start&, const Start&) = default;

 private:
  constexpr Start(Kind kind, double first, double second) : kind_(kind), first_(first), second_(second) {}

  Kind kind_;
  double first_, second_;
};

inline constexpr Start Start::Weight{Kind::Weight, 0, 0};
inline constexpr Start Start::Table{Kind::Table, 0, 0};
inline constexpr Start Start::Ones{Kind::Constant, 1, 1};
inline constexpr Start Start::Zeros{Kind::Constant, 0, 0};

}  // namespace ctp
