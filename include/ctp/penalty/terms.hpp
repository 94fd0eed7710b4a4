/// @file   ctp/penalty/terms.hpp
/// @brief  Terms of penalties, one parameter at a time: value, gradient and path integral.
/// @layer  penalty
#pragma once

#include <ctp/config.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::penalty {

/// @brief Quadratic term: factor * importance[i] (theta[i] - anchor[i])^2.
///
/// **Shapes.** anchor, importance [n], in the backend's memory.
/// **Source.** Kirkpatrick et al. 2017, arXiv:1612.00796, eq. 3.
template <class Real>
struct Quadratic {
  double factor = 0;
  const Real* anchor = nullptr;
  const Real* importance = nullptr;

  CTP_HD double value(Index i, Real theta) const {
    const double moved = static_cast<double>(theta) - static_cast<double>(anchor[i]);
    return factor * static_cast<double>(importance[i]) * moved * moved;
  }
  CTP_HD Real gradient(Index i, Real theta) const {
    return static_cast<Real>(2 * factor) * importance[i] * (theta - anchor[i]);
  }
};

/// @brief The sum of two terms.
template <class First, class Second>
struct SumOfTerms {
  First first;
  Second second;

  template <class Real>
  CTP_HD double value(Index i, Real theta) const {
    return first.value(i, theta) + second.value(i, theta);
  }
  template <class Real>
  CTP_HD Real gradient(Index i, Real theta) const {
    return first.gradient(i, theta) + second.gradient(i, theta);
  }
};

/// @brief A term with the path integral of each parameter: path[i] -= raw gradient * (theta after - theta before), at
/// every step.
///
/// The raw gradient is the step's own gradient without the term's gradient.
/// **Shapes.** path [n].  **Source.** Zenke et al. 2017, arXiv:1703.04200, eq. 3.
template <class Term, class Real>
struct WithPathIntegral {
  Term term;
  Real* path = nullptr;

  CTP_HD double value(Index i, Real theta) const { return term.value(i, theta); }
  CTP_HD Real gradient(Index i, Real theta) const { return term.gradient(i, theta); }
  CTP_HD void moved(Index i, Real raw, Real before, Real after) const { path[i] -= raw * (after - before); }
};

}  // namespace ctp::penalty
