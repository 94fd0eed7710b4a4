/// @file   ctp/backend/cuda/elementwise.hpp
/// @brief  Elementwise operations as kernels.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/backend/cuda/kernel/launch.hpp>

namespace ctp::backend::cuda {

namespace kernel {

template <class T>
struct Fill {
  T value;
  T* x;
  CTP_HD void operator()(Index i) const { x[i] = value; }
};

struct Ramp {
  std::int32_t first;
  std::int32_t* x;
  CTP_HD void operator()(Index i) const { x[i] = first + static_cast<std::int32_t>(i); }
};

template <class Real>
struct AddScaled {
  Real a;
  const Real* x;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] += a * x[i]; }
};

template <class Real>
struct AddScaledBy {
  const Real *a, *x;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] += *a * x[i]; }
};

template <class Real>
struct Multiply {
  const Real *a, *x;
  bool accumulate;
  Real* y;
  CTP_HD void operator()(Index i) const { y[i] = a[i] * x[i] + (accumulate ? y[i] : Real(0)); }
};

template <class Real>
struct SetDiagonal {
  Index n;
  Real value;
  Real* x;
  CTP_HD void operator()(Index i) const { x[i * n + i] = value; }
};

template <class Real>
struct PaddingBias {
  const std::int32_t* attend;
  Real value;
  Real* bias;
  CTP_HD void operator()(Index i) const { bias[i] = attend[i] != 0 ? Real(0) : value; }
};

}  // namespace kernel

/// The operations of generic::ElementwiseOps, which documents each of them.
template <class Runtime, class Real>
struct ElementwiseOps {
  static void fill(Index n, Real value, Real* x) { launch_each<Runtime>(n, kernel::Fill<Real>{value, x}); }
  static void ramp(Index n, std::int32_t first, std::int32_t* x) { launch_each<Runtime>(n, kernel::Ramp{first, x}); }
  static void add_scaled(Index n, Real a, const Real* x, Real* y) {
    launch_each<Runtime>(n, kernel::AddScaled<Real>{a, x, y});
  }
  static void add_scaled_by(Index n, const Real* a, const Real* x, Real* y) {
    launch_each<Runtime>(n, kernel::AddScaledBy<Real>{a, x, y});
  }
  static void multiply(Index n, const Real* a, const Real* x, bool accumulate, Real* y) {
    launch_each<Runtime>(n, kernel::Multiply<Real>{a, x, accumulate, y});
  }
  static void set_diagonal(Index n, Real value, Real* x) {
    launch_each<Runtime>(n, kernel::SetDiagonal<Real>{n, value, x});
  }
  static void padding_bias(Index n, const std::int32_t* attend, Real value, Real* bias) {
    launch_each<Runtime>(n, kernel::PaddingBias<Real>{attend, value, bias});
  }
};

}  // namespace ctp::backend::cuda
