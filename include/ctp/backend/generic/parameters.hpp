/// @file   ctp/backend/generic/parameters.hpp
/// @brief  Passes over flat parameter vectors, on host memory.
/// @layer  backend
#pragma once

#include <atomic>
#include <cmath>
#include <limits>

#include <ctp/config.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/scratch.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend {

/// Coefficients of one AdamW step. correction1 = 1 - beta1^t, correction2 = 1 - beta2^t.
struct AdamWStep {
  double rate = 0, weight_decay = 0, beta1 = 0, beta2 = 0, epsilon = 0, correction1 = 1, correction2 = 1;
  Index begin = 0;  ///< first place to move; the places from `begin` to `begin + n` are moved
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();  ///< clamp
};

/// @brief The empty term: adamw() adds nothing to the gradient.
///
/// A term is a small struct that a kernel takes by value. Optional members, callable on host and device:
/// `Real gradient(i, theta_i)` is added to the raw gradient; `void moved(i, raw, before, after)` is called after each
/// parameter's update with the raw gradient and both values; `double value(i, theta_i)` is needed by sum_terms().
struct NoTerm {};

/// Summand of the squared length of gradient + term: the term of sum_terms() over the places from `begin` on.
/// **Shapes.** gradient: the whole vector's.
template <class Real, class Term>
struct SquaredGradient {
  const Real* all;
  Term term;
  Index begin;

  CTP_HD Real gradient(Index i, Real theta) const {
    Real g = all[begin + i];
    if constexpr (requires { term.gradient(begin + i, theta); }) g += term.gradient(begin + i, theta);
    return g;
  }
  CTP_HD double value(Index i, Real theta) const {
    const auto g = static_cast<double>(gradient(i, theta));
    return g * g;
  }
};

/// Kernel body: the factor of gradient clipping, min(1, most / (norm + 1e-6)), from `count` sums of squares.
///
/// **Source.** Pascanu et al. 2013, arXiv:1211.5063, algorithm 1; as torch.nn.utils.clip_grad_norm_.
template <class Real>
struct ClipFactor {
  const double* squares = nullptr;
  Index count = 0;
  double most = 0;
  double* norm = nullptr;  ///< written: the length of the gradient before clipping
  Real* factor = nullptr;  ///< written

  CTP_HD void operator()(Index /*i*/) const {
    double sum = 0;
    for (Index k = 0; k < count; ++k) sum += squares[k];
    *norm = std::sqrt(sum);
    const double scale = most / (*norm + 1e-6);
    *factor = static_cast<Real>(scale < 1 ? scale : 1.0);
  }
};

namespace generic {

/// @brief Passes over parameter vectors, for a host backend.
template <class Real>
struct ParameterOps {
  /// @brief One AdamW step along factor (gradient + term); sets the gradient to zero. `factor`: one number, or null for
  /// 1. **Shapes.** the vectors [step.begin + n or more].
  ///
  /// **Source.** Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, with decay scaled by the learning rate.
  template <class Term = NoTerm>
  static void adamw(Index n, const AdamWStep& step, Real* theta, Real* gradient, Real* first, Real* second,
                    const Term& shared = {}, const Real* factor = nullptr) {
    const auto b1 = static_cast<Real>(step.beta1), b2 = static_cast<Real>(step.beta2),
               eps = static_cast<Real>(step.epsilon);
    const auto c1 = static_cast<Real>(1 - step.beta1), c2 = static_cast<Real>(1 - step.beta2);
    const auto keep = static_cast<Real>(1 - step.rate * step.weight_decay);
    const auto rate = static_cast<Real>(step.rate / step.correction1);
    const auto root = static_cast<Real>(1 / std::sqrt(step.correction2));
    const auto least = static_cast<Real>(step.least), most = static_cast<Real>(step.most);
    const Real scale = factor != nullptr ? *factor : Real(1);
    parallel_blocks(n, block, [&](Index begin, Index end) {
      const Term term = shared;  // a copy, so that g++ vectorises reads through its pointers
      CTP_SIMD
      for (Index i = step.begin + begin; i < step.begin + end; ++i) {
        const Real raw = gradient[i], before = theta[i];
        Real g = raw;
        if constexpr (requires { term.gradient(i, before); }) g += term.gradient(i, before);
        g *= scale;
        const Real m = b1 * first[i] + c1 * g, v = b2 * second[i] + c2 * g * g;
        first[i] = m;
        second[i] = v;
        const Real moved = before * keep - rate * m / (std::sqrt(v) * root + eps);
        const Real raised = moved < least ? least : moved;  // in two steps, so that g++ vectorises the clamp
        const Real after = raised > most ? most : raised;
        theta[i] = after;
        gradient[i] = 0;
        if constexpr (requires { term.moved(i, raw, before, after); }) term.moved(i, raw, before, after);
      }
    });
  }

  /// @brief Exponential moving average: slow = decay slow + (1 - decay) theta. **Shapes.** [n].
  static void average(Index n, Real decay, const Real* theta, Real* slow) {
    const Real take = Real(1) - decay;
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) slow[i] = decay * slow[i] + take * theta[i];
    });
  }

  /// @brief Exponential moving average of two vectors' mean: slow = decay slow + (1 - decay) / 2 (theta + other).
  /// **Shapes.** [n].
  static void average_of_two(Index n, Real decay, const Real* theta, const Real* other, Real* slow) {
    const Real take = (Real(1) - decay) / Real(2);
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) slow[i] = decay * slow[i] + take * (theta[i] + other[i]);
    });
  }

  /// @brief Accumulates the empirical Fisher diagonal: importance += weight * gradient^2. **Shapes.** [n].
  static void add_squares(Index n, Real weight, const Real* gradient, Real* importance) {
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) importance[i] += weight * gradient[i] * gradient[i];
    });
  }

  /// @brief Accumulates gradient magnitudes: importance += weight * |gradient|. **Shapes.** [n].
  static void add_magnitudes(Index n, Real weight, const Real* gradient, Real* importance) {
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) importance[i] += weight * std::abs(gradient[i]);
    });
  }

  /// @brief Value of a penalty term: sum_i term.value(i, theta[i]), summed in double in an order that depends on n
  /// only; NaN if a gradient of the term is not finite. **Shapes.** theta [n].
  template <class Term>
  static double sum_terms(Index n, const Real* theta, const Term& shared) {
    const Index blocks = (n + block - 1) / block;
    double* partial = thread_scratch<double, Scratch::Reduction>(static_cast<std::size_t>(blocks));
    parallel_blocks(n, block, [&](Index begin, Index end) {
      // Copies, because g++ does not vectorise a sum of terms read through captured references.
      const Term term = shared;
      const Real* const x = theta;
      double sum = 0;
      CTP_SIMD_SUM(sum)
      for (Index i = begin; i < end; ++i) {
        const Real g = term.gradient(i, x[i]);
        sum += term.value(i, x[i]) + static_cast<double>(g - g);  // g - g is 0 for a finite g and NaN for every other
      }
      partial[begin / block] = sum;
    });
    double total = 0;
    for (Index i = 0; i < blocks; ++i) total += partial[i];
    return total;
  }

  /// @brief Calls body(i) for every i in [0, n); body is a small struct, callable on host and device.
  template <class Body>
  static void for_each(Index n, const Body& shared) {
    parallel_blocks(n, block, [&](Index begin, Index end) {
      const Body body = shared;
      CTP_SIMD
      for (Index i = begin; i < end; ++i) body(i);
    });
  }

  /// @brief True if every number is finite. **Shapes.** x [n].
  static bool all_finite(Index n, const Real* x) {
    std::atomic<bool> finite{true};
    parallel_blocks(n, block, [&](Index begin, Index end) {
      const Real* const values = x;  // a copy, so that g++ vectorises the sum
      Real sum = 0;                  // x - x is 0 for a finite x and NaN for every other
      CTP_SIMD_SUM(sum)
      for (Index i = begin; i < end; ++i) sum += values[i] - values[i];
      if (!(sum == Real(0))) finite.store(false, std::memory_order_relaxed);
    });
    return finite.load();
  }

 private:
  static constexpr Index block = 65536;
};

}  // namespace generic
}  // namespace ctp::backend
