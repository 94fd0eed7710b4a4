/// @file   ctp/backend/cuda/layer_norm.hpp
/// @brief  Layer normalisation with residual and dropout, as kernels.
/// @layer  backend
#pragma once

#include <cmath>

#include <ctp/backend/cuda/kernel/column_sums.hpp>
#include <ctp/backend/cuda/kernel/dropout.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>

namespace ctp::backend::cuda {

namespace kernel {

template <class Real>
struct LayerNorm {
  Index d;
  const Real *x, *h;
  Dropout dropout;
  Index rows_per_sample;
  const Real *gain, *bias;
  Real eps;
  Real* sum;
  Stored<Real> y;
  Real *mean, *inverse;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real* in = x + i * d;
    if (h != nullptr) {
      Real* out = sum + i * d;
      for (Index j = team.lane(); j < d; j += team.size())
        out[j] = in[j] + factor_or_one<Real>(dropout, i / rows_per_sample, i % rows_per_sample, d, j) * h[i * d + j];
      in = out;  // each lane reads only the elements that it wrote itself
    }
    Real total = 0;
    for (Index j = team.lane(); j < d; j += team.size()) total += in[j];
    const Real m = team.sum(total) / static_cast<Real>(d);
    Real squares = 0;
    for (Index j = team.lane(); j < d; j += team.size()) squares += (in[j] - m) * (in[j] - m);
    const Real s = Real(1) / std::sqrt(team.sum(squares) / static_cast<Real>(d) + eps);
    for (Index j = team.lane(); j < d; j += team.size()) y.set(i * d + j, (in[j] - m) * s * gain[j] + bias[j]);
    if (team.lane() == 0) {
      mean[i] = m;
      inverse[i] = s;
    }
  }
};

template <class Real>
struct LayerNormBackward {
  Index d;
  const Real* sum;
  Dropout dropout;
  Index rows_per_sample;
  const Real *gain, *mean, *inverse, *dy;
  Real *dx, *dh;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real *in = sum + i * d, *g = dy + i * d;
    const Real m = mean[i], s = inverse[i];
    Real a = 0, b = 0;
    for (Index j = team.lane(); j < d; j += team.size()) {
      a += g[j] * gain[j];
      b += g[j] * gain[j] * (in[j] - m);
    }
    a = team.sum(a) / static_cast<Real>(d);
    b = team.sum(b) * s * s / static_cast<Real>(d);
    for (Index j = team.lane(); j < d; j += team.size()) {
      const Real ds = s * (g[j] * gain[j] - a - (in[j] - m) * b);
      if (dx != nullptr) dx[i * d + j] += ds;
      if (dh != nullptr)
        dh[i * d + j] += factor_or_one<Real>(dropout, i / rows_per_sample, i % rows_per_sample, d, j) * ds;
    }
  }
};

/// Contributions of row `row` to the gradients of gain[column] and bias[column].
template <class Real>
struct GainAndBiasTerm {
  Index d;
  const Real *sum, *mean, *inverse, *dy;
  struct Loaded {
    Real dy, sum, mean, inverse;
  };
  CTP_HD Loaded read(Index row, Index column) const {
    const Index i = row * d + column;
    return {dy[i], sum[i], mean[row], inverse[row]};
  }
  CTP_HD Two<Real> use(const Loaded& of, Index, Index) const {
    return {of.dy * (of.sum - of.mean) * of.inverse, of.dy};
  }
};

template <class Real>
struct DropElements {
  Index d;
  const Real* x;
  Dropout dropout;
  Index rows_per_sample;
  bool accumulate;
  Real* y;
  CTP_HD void operator()(Index i) const {
    const Index row = i / d;
    const Real f = factor_or_one<Real>(dropout, row / rows_per_sample, row % rows_per_sample, d, i % d);
    y[i] = f * x[i] + (accumulate ? y[i] : Real(0));
  }
};

}  // namespace kernel

/// The operations of generic::LayerNormOps, which documents each of them.
template <class Runtime, class Real>
struct LayerNormOps {
  /// `Out`: Real or Packed.
  template <class Out>
  static void layer_norm(Index rows, Index d, const Real* x, const Real* h, const Dropout& dropout,
                         Index rows_per_sample, const Real* gain, const Real* bias, Real eps, Real* sum, Out* y,
                         Real* mean, Real* inverse) {
    launch_rows<Runtime>(rows, d,
                         kernel::LayerNorm<Real>{d, x, h, dropout, rows_per_sample, gain, bias, eps, sum,
                                                 stored<Runtime, Real>(y), mean, inverse});
  }
  static void layer_norm_backward(Index rows, Index d, const Real* sum, const Dropout& dropout, Index rows_per_sample,
                                  const Real* gain, const Real* mean, const Real* inverse, const Real* dy, Real* dx,
                                  Real* dh, Real* dgain, Real* dbias) {
    if (dx != nullptr || dh != nullptr)
      launch_rows<Runtime>(
          rows, d, kernel::LayerNormBackward<Real>{d, sum, dropout, rows_per_sample, gain, mean, inverse, dy, dx, dh});
    add_column_sums<Runtime>(rows, d, kernel::GainAndBiasTerm<Real>{d, sum, mean, inverse, dy},
                             kernel::Two<Real*>{dgain, dbias});
  }
  static void dropout(Index rows, Index d, const Real* x, const Dropout& dropout, Index rows_per_sample,
                      bool accumulate, Real* y) {
    launch_each<Runtime>(rows * d, kernel::DropElements<Real>{d, x, dropout, rows_per_sample, accumulate, y});
  }
};

}  // namespace ctp::backend::cuda
