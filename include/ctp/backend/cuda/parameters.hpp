/// @file   ctp/backend/cuda/parameters.hpp
/// @brief  Passes over flat parameter vectors, as kernels.
/// @layer  backend
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <ctp/backend/cuda/kernel/copy_along.hpp>
#include <ctp/backend/cuda/kernel/launch.hpp>
#include <ctp/backend/generic/parameters.hpp>

namespace ctp::backend::cuda {

namespace kernel {

/// Coefficients of an AdamW step in the form that a thread uses.
template <class Real>
struct AdamWNumbers {
  Real b1, b2, c1, c2, eps, keep, rate, root, least, most;
  Index begin;

  explicit AdamWNumbers(const AdamWStep& step)
      : b1(static_cast<Real>(step.beta1)),
        b2(static_cast<Real>(step.beta2)),
        c1(static_cast<Real>(1 - step.beta1)),
        c2(static_cast<Real>(1 - step.beta2)),
        eps(static_cast<Real>(step.epsilon)),
        keep(static_cast<Real>(1 - step.rate * step.weight_decay)),
        rate(static_cast<Real>(step.rate / step.correction1)),
        root(static_cast<Real>(1 / std::sqrt(step.correction2))),
        least(static_cast<Real>(step.least)),
        most(static_cast<Real>(step.most)),
        begin(step.begin) {}
};

/// AdamW in one pass: theta, gradient, both moments and the term's operands are read and written once.
template <class Real, class Term>
struct AdamW {
  AdamWNumbers<Real> by;
  Real *theta, *gradient, *first, *second;
  Term term;
  const Real* factor;
  Along<Real> along;  ///< of the places from by.begin on

  CTP_HD void operator()(Index place) const {
    const Index i = by.begin + place;
    Real after = theta[i], m = first[i], v = second[i];
    move(i, gradient[i], after, m, v);
    theta[i] = after;
    first[i] = m;
    second[i] = v;
    gradient[i] = 0;
    along.set(place, after);
  }
  /// Moves weight i, which is `x`, and its moments.
  CTP_HD void move(Index i, Real raw, Real& x, Real& m, Real& v) const {
    const Real before = x;
    Real g = raw;
    if constexpr (requires { term.gradient(i, before); }) g += term.gradient(i, before);
    if (factor != nullptr) g *= *factor;
    m = by.b1 * m + by.c1 * g;
    v = by.b2 * v + by.c2 * g * g;
    const Real moved = before * by.keep - by.rate * m / (std::sqrt(v) * by.root + by.eps);
    const Real after = moved < by.least ? by.least : moved > by.most ? by.most : moved;
    x = after;
    if constexpr (requires { term.moved(i, raw, before, after); }) term.moved(i, raw, before, after);
  }
};

/// AdamW of the four places from 4 i on, which are aligned.
template <class Real, class Term>
struct AdamWOfFour {
  AdamW<Real, Term> body;

  CTP_HD void operator()(Index place) const {
    const Index i = body.by.begin + 4 * place;
    auto x = read_wide<Quad<Real>>(body.theta + i), m = read_wide<Quad<Real>>(body.first + i),
         v = read_wide<Quad<Real>>(body.second + i);
    const auto raw = read_wide<Quad<Real>>(body.gradient + i);
    CTP_UNROLL
    for (int k = 0; k < 4; ++k) body.move(i + k, raw.x[k], x.x[k], m.x[k], v.x[k]);
    write_wide(body.theta + i, x);
    write_wide(body.first + i, m);
    write_wide(body.second + i, v);
    write_wide(body.gradient + i, Quad<Real>{});
    body.along.set_four(4 * place, x);
  }
};

template <class Real>
struct Average {
  Real decay, take;
  const Real* theta;
  Real* slow;
  Along<Real> along;
  CTP_HD void operator()(Index i) const {
    const Real after = decay * slow[i] + take * theta[i];
    slow[i] = after;
    along.set(i, after);
  }
};

template <class Real>
struct AverageOfTwo {
  Real decay, take;
  const Real *theta, *other;
  Real* slow;
  Along<Real> along;
  CTP_HD void operator()(Index i) const {
    const Real after = mean(slow[i], theta[i], other[i]);
    slow[i] = after;
    along.set(i, after);
  }
  [[nodiscard]] CTP_HD Real mean(Real x, Real a, Real b) const { return decay * x + take * (a + b); }
};

/// AverageOfTwo of the four places from 4 i on, which are aligned.
template <class Real>
struct AverageOfTwoFours {
  AverageOfTwo<Real> body;
  CTP_HD void operator()(Index place) const {
    auto x = read_wide<Quad<Real>>(body.slow + 4 * place);
    const auto a = read_wide<Quad<Real>>(body.theta + 4 * place), b = read_wide<Quad<Real>>(body.other + 4 * place);
    CTP_UNROLL
    for (int k = 0; k < 4; ++k) x.x[k] = body.mean(x.x[k], a.x[k], b.x[k]);
    write_wide(body.slow + 4 * place, x);
    body.along.set_four(4 * place, x);
  }
};

template <class Real>
struct AddSquares {
  Real weight;
  const Real* gradient;
  Real* importance;
  CTP_HD void operator()(Index i) const { importance[i] += weight * gradient[i] * gradient[i]; }
};

template <class Real>
struct AddMagnitudes {
  Real weight;
  const Real* gradient;
  Real* importance;
  CTP_HD void operator()(Index i) const { importance[i] += weight * std::abs(gradient[i]); }
};

/// Summand i of sum_terms(): NaN if the term's gradient is not finite.
template <class Real, class Term>
struct TermValue {
  const Real* theta;
  Term term;
  CTP_HD double operator()(Index i) const {
    const Real g = term.gradient(i, theta[i]);
    return term.value(i, theta[i]) + static_cast<double>(g - g);
  }
};

/// Summand i of probe_finite(): 0 for a finite number, NaN otherwise.
template <class Real>
struct FiniteProbe {
  const Real* x;
  CTP_HD double operator()(Index i) const { return static_cast<double>(x[i] - x[i]); }
};

/// partial[row] = the sum of value(i) over one of `parts` equal parts of [0, n).
template <class Value>
struct PartialSum {
  Index n, of_part;
  Value value;
  double* partial;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index row) const {
    const Index end = (row + 1) * of_part < n ? (row + 1) * of_part : n;
    double sum = 0;
    for (Index i = row * of_part + team.lane(); i < end; i += team.size()) sum += value(i);
    sum = team.sum(sum);
    if (team.lane() == 0) partial[row] = sum;
  }
};

struct StoredSum {
  const double* partial;
  CTP_HD double operator()(Index i) const { return partial[i]; }
};

}  // namespace kernel

/// The operations of generic::ParameterOps, which documents each of them. adamw() and the averages write a CopyAlong.
template <class Runtime, class Real>
struct ParameterOps {
  template <class Term = NoTerm>
  static void adamw(Index n, const AdamWStep& step, Real* theta, Real* gradient, Real* first, Real* second,
                    const Term& term = {}, const Real* factor = nullptr) {
    const kernel::AdamW<Real, Term> body{
        kernel::AdamWNumbers<Real>(step),    theta, gradient, first, second, term, factor,
        CopyAlong::of(theta + step.begin, n)};
    if (takes_fours(n, body.along, theta + step.begin, gradient + step.begin, first + step.begin, second + step.begin))
      launch_each<Runtime>(n / 4, kernel::AdamWOfFour<Real, Term>{body});
    else
      launch_each<Runtime>(n, body);
  }
  static void average(Index n, Real decay, const Real* theta, Real* slow) {
    launch_each<Runtime>(n, kernel::Average<Real>{decay, Real(1) - decay, theta, slow, CopyAlong::of(slow, n)});
  }
  static void average_of_two(Index n, Real decay, const Real* theta, const Real* other, Real* slow) {
    const kernel::AverageOfTwo<Real> body{decay, (Real(1) - decay) / Real(2), theta, other,
                                          slow,  CopyAlong::of(slow, n)};
    if (takes_fours(n, body.along, theta, other, slow))
      launch_each<Runtime>(n / 4, kernel::AverageOfTwoFours<Real>{body});
    else
      launch_each<Runtime>(n, body);
  }
  static void add_squares(Index n, Real weight, const Real* gradient, Real* importance) {
    launch_each<Runtime>(n, kernel::AddSquares<Real>{weight, gradient, importance});
  }
  static void add_magnitudes(Index n, Real weight, const Real* gradient, Real* importance) {
    launch_each<Runtime>(n, kernel::AddMagnitudes<Real>{weight, gradient, importance});
  }
  template <class Term>
  static double sum_terms(Index n, const Real* theta, const Term& term) {
    return read(sum(n, kernel::TermValue<Real, Term>{theta, term}));
  }
  /// sum_terms(), written to `to` in the backend's memory.
  template <class Term>
  static void sum_terms(Index n, const Real* theta, const Term& term, double* to) {
    sum(n, kernel::TermValue<Real, Term>{theta, term}, to);
  }
  template <class Body>
  static void for_each(Index n, const Body& body) {
    launch_each<Runtime>(n, body);
  }
  static bool all_finite(Index n, const Real* x) { return read(sum(n, kernel::FiniteProbe<Real>{x})) == 0; }
  /// Writes 0 to *to, in the backend's memory, if every number is finite, else NaN.
  static void probe_finite(Index n, const Real* x, double* to) { sum(n, kernel::FiniteProbe<Real>{x}, to); }

 private:
  /// Whether a pass over n places may take four at a time.
  template <class... Vectors>
  static bool takes_fours(Index n, const kernel::Along<Real>& along, const Vectors*... vectors) {
    return n % 4 == 0 && along.has_fours() && (kernel::is_aligned<kernel::Quad<Real>>(vectors) && ...);
  }
  /// Sum of value(i) in double, in an order that depends on n only. Written to `to`, or to scratch memory if `to` is
  /// null.
  template <class Value>
  static const double* sum(Index n, const Value& value, double* to = nullptr) {
    constexpr Index of_part = 65536;
    const Index parts = (n + of_part - 1) / of_part;
    auto* partial = static_cast<double*>(Runtime::scratch(static_cast<std::size_t>(parts + 1) * sizeof(double)));
    if (to == nullptr) to = partial + parts;
    launch_rows<Runtime>(parts, of_part, kernel::PartialSum<Value>{n, of_part, value, partial});
    launch_rows<Runtime>(1, parts, kernel::PartialSum<kernel::StoredSum>{parts, parts, kernel::StoredSum{partial}, to});
    return to;
  }
  /// Downloads one number.
  static double read(const double* from) {
    double value = 0;
    Runtime::download(from, 1, &value);
    return value;
  }
};

}  // namespace ctp::backend::cuda
