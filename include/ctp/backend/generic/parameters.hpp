/// @file   ctp/backend/generic/parameters.hpp
/// @brief  Passes over flat parameter vectors, on host memory.
/// @layer  backend - may include: core
#pragma once

#include <atomic>
#include <cmath>

#include <ctp/config.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/scratch.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend {

/// The numbers of one AdamW step. correction1 = 1 - beta1^t, correction2 = 1 - beta2^t.
struct AdamWStep {
  double rate = 0, weight_decay = 0, beta1 = 0, beta2 = 0, epsilon = 0, correction1 = 1, correction2 = 1;
};

namespace generic {

template <class Real>
struct Parameters {
  /// @brief One AdamW step that also leaves the gradient zero. **Shapes.** all [n].
  ///
  /// **Source.** Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, with decay scaled by the learning rate.
  static void adamw(Index n, const AdamWStep& step, Real* theta, Real* gradient, Real* first, Real* second) {
    const auto b1 = static_cast<Real>(step.beta1), b2 = static_cast<Real>(step.beta2),
               eps = static_cast<Real>(step.epsilon);
    const auto c1 = static_cast<Real>(1 - step.beta1), c2 = static_cast<Real>(1 - step.beta2);
    const auto keep = static_cast<Real>(1 - step.rate * step.weight_decay);
    const auto rate = static_cast<Real>(step.rate / step.correction1);
    const auto root = static_cast<Real>(1 / std::sqrt(step.correction2));
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) {
        const Real g = gradient[i];
        const Real m = b1 * first[i] + c1 * g, v = b2 * second[i] + c2 * g * g;
        first[i] = m;
        second[i] = v;
        theta[i] = theta[i] * keep - rate * m / (std::sqrt(v) * root + eps);
        gradient[i] = 0;
      }
    });
  }

  /// @brief slow = decay slow + (1 - decay) theta. **Shapes.** [n].
  static void average(Index n, Real decay, const Real* theta, Real* slow) {
    const Real take = Real(1) - decay;
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) slow[i] = decay * slow[i] + take * theta[i];
    });
  }

  /// @brief slow = decay slow + (1 - decay) / 2 (theta + other). **Shapes.** [n].
  static void average_of_two(Index n, Real decay, const Real* theta, const Real* other, Real* slow) {
    const Real take = (Real(1) - decay) / Real(2);
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) slow[i] = decay * slow[i] + take * (theta[i] + other[i]);
    });
  }

  /// @brief importance += weight * gradient^2: the diagonal of the empirical Fisher matrix. **Shapes.** [n].
  static void add_squares(Index n, Real weight, const Real* gradient, Real* importance) {
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) importance[i] += weight * gradient[i] * gradient[i];
    });
  }

  /// @brief importance += weight * |gradient|. **Shapes.** [n].
  static void add_magnitudes(Index n, Real weight, const Real* gradient, Real* importance) {
    parallel_blocks(n, block, [&](Index begin, Index end) {
      CTP_SIMD
      for (Index i = begin; i < end; ++i) importance[i] += weight * std::abs(gradient[i]);
    });
  }

  /// @brief sum_i importance[i] (theta[i] - anchor[i])^2, added up in double in an order fixed by n. **Shapes.** [n].
  static double weighted_distance(Index n, const Real* theta, const Real* anchor, const Real* importance) {
    const Index blocks = (n + block - 1) / block;
    double* partial = thread_scratch<double, Scratch::Reduction>(static_cast<std::size_t>(blocks));
    parallel_blocks(n, block, [&](Index begin, Index end) {
      // g++ does not vectorise a sum whose terms are read through captured references, hence the copies.
      const Real *const x = theta, *const y = anchor, *const w = importance;
      double sum = 0;
      CTP_SIMD_SUM(sum)
      for (Index i = begin; i < end; ++i) {
        const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
        sum += static_cast<double>(w[i]) * difference * difference;
      }
      partial[begin / block] = sum;
    });
    double total = 0;
    for (Index i = 0; i < blocks; ++i) total += partial[i];
    return total;
  }

  /// @brief Whether every number is finite. **Shapes.** x [n].
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
