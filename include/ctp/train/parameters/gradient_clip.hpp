/// @file   ctp/train/parameters/gradient_clip.hpp
/// @brief  Length of a step's gradient, and the factor that shortens a gradient that is too long.
/// @layer  train
#pragma once

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/generic/parameters.hpp>
#include <ctp/optim/ranges.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp {

/// @brief Clipping of the gradient's norm: one factor for all parameters that are not frozen, in the backend's memory.
///
/// The norm is summed in double in an order that depends on the ranges only. The host does not wait for it on a backend
/// that can skip work.
/// **Source.** Pascanu et al. 2013, arXiv:1211.5063, algorithm 1; as torch.nn.utils.clip_grad_norm_.
template <class B>
class GradientClip {
 public:
  using Real = typename B::Real;

  /// `longest`: the norm above which a gradient is scaled, or 0 to clip nothing. `measures`: the norm is measured
  /// though nothing is clipped. Without both, no memory is used.
  GradientClip(double longest, bool measures, const optim::Ranges& ranges)
      : longest_(longest), measures_(measures || longest > 0) {
    if (!measures_) return;
    squares_ = Buffer<double, B>(static_cast<Index>(ranges.moving().size()));
    norm_ = Buffer<double, B>(1);
    factor_ = Buffer<Real, B>(1);
  }

  /// The norm of the last measured gradient, in the backend's memory; null if it is not measured.
  [[nodiscard]] const double* norm() const { return measures_ ? norm_.data() : nullptr; }
  /// The factor of the last measured gradient, in the backend's memory; null without clipping.
  [[nodiscard]] const Real* factor() const { return longest_ > 0 ? factor_.data() : nullptr; }

  /// Measures gradient + term at `theta`. **Shapes.** theta, gradient [n].
  template <class Term>
  void measure(const optim::Ranges& ranges, const Real* theta, const Real* gradient, const Term& term) {
    if (!measures_) return;
    double* square = squares_.data();
    for (const optim::Span& span : ranges.moving()) {
      const backend::SquaredGradient<Real, Term> squared{gradient, term, span.begin};
      const Index size = span.end - span.begin;
      if constexpr (backend::SkipsWork<B>) {
        B::sum_terms(size, theta + span.begin, squared, square++);
      } else {
        const double value = B::sum_terms(size, theta + span.begin, squared);
        B::upload(&value, 1, square++);
      }
    }
    B::for_each(1, backend::ClipFactor<Real>{squares_.data(), squares_.size(), longest_, norm_.data(), factor_.data()});
  }

 private:
  double longest_;
  bool measures_;
  Buffer<double, B> squares_{0}, norm_{0};  ///< sums of squares, one for each span of the ranges; the norm
  Buffer<Real, B> factor_{0};
};

}  // namespace ctp
