/// @file   ctp/train/parameters/penalty_value.hpp
/// @brief  The value of a penalty in the backend's memory.
/// @layer  train
#pragma once

#include <ctp/backend/concepts.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp {

/// @brief The sum of a penalty's term over the parameters, in the backend's memory. The host does not wait for it on a
/// backend that can skip work.
template <class B>
class PenaltyValue {
 public:
  using Real = typename B::Real;

  /// The value of `term` at `theta` [n]: the address of one number.
  template <class Term>
  const double* measure(Index n, const Real* theta, const Term& term) {
    if (value_.size() == 0) value_ = Buffer<double, B>(1);
    if constexpr (backend::SkipsWork<B>) {
      B::sum_terms(n, theta, term, value_.data());
    } else {
      const double value = B::sum_terms(n, theta, term);
      B::upload(&value, 1, value_.data());
    }
    return value_.data();
  }

 private:
  Buffer<double, B> value_{0};  ///< one number from the first call on
};

}  // namespace ctp
