/// @file   sparse_ewc.cuh
/// @brief  A penalty of your own that sorts and scans parameter vectors with Thrust, on a GPU or on the host.
#pragma once

#include <thrust/binary_search.h>
#include <thrust/copy.h>
#include <thrust/functional.h>
#include <thrust/reduce.h>
#include <thrust/sort.h>
#include <thrust/transform.h>
#include <thrust/transform_scan.h>

#include <algorithm>
#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/interop/thrust.cuh>
#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/state.hpp>
#include <ctp/tensor/buffer.hpp>

// [kernels]
/// x in units of largest / 2^31. Sums of whole numbers do not depend on their order, so the scan gives the same numbers
/// on every device and on the host; Thrust's scan of floats does not.
template <class Real>
struct Units {
  double largest;
  CTP_HD std::int64_t operator()(Real x) const {
    return static_cast<std::int64_t>(static_cast<double>(x) / largest * 2147483648.0);
  }
};
template <class Real>
struct ZeroBelow {
  Real least;
  CTP_HD Real operator()(Real x) const { return x < least ? Real(0) : x; }
};

/// @brief Sets all numbers to zero except the fewest that add up to `share` of the sum; equal ones stay together.
///
/// **Shapes.** x [n], n below 2^32, no number negative.  **Units.** share: 0 to 1. Numbers below 2^-31 of the largest
/// count as nothing. Takes 12 bytes for each number, and memory of Thrust's sort.
template <class B, class Real>
void keep_largest(ctp::Buffer<Real, B>& x, double share) {
  const auto on = ctp::interop::thrust_policy();
  const auto all = ctp::interop::as_thrust(x);
  const Real largest = thrust::reduce(on, all.begin(), all.end(), Real(0), thrust::maximum<Real>());
  if (!(largest > 0)) return;

  ctp::Buffer<Real, B> falling(x.size());
  const auto sorted = ctp::interop::as_thrust(falling);
  thrust::copy(on, all.begin(), all.end(), sorted.begin());
  thrust::sort(on, sorted.begin(), sorted.end(), thrust::greater<Real>());

  ctp::Buffer<std::int64_t, B> mass(x.size());  // of the 1, 2, ... largest
  const auto sums = ctp::interop::as_thrust(mass);
  thrust::transform_inclusive_scan(on, sorted.begin(), sorted.end(), sums.begin(), Units<Real>{largest},
                                   thrust::plus<std::int64_t>());
  std::int64_t total = 0;
  B::download(mass.data() + x.size() - 1, 1, &total);
  const auto wanted = std::min(total, static_cast<std::int64_t>(share * static_cast<double>(total)));
  const auto last_kept = thrust::lower_bound(on, sums.begin(), sums.end(), wanted) - sums.begin();
  Real least = 0;
  B::download(falling.data() + last_kept, 1, &least);
  thrust::transform(on, all.begin(), all.end(), all.begin(), ZeroBelow<Real>{least});
}
// [kernels]

// [policy]
/// @brief EWC on few parameters: lambda/2 * sum F (theta - theta*)^2, where each task's Fisher diagonal keeps its
/// largest numbers alone, as many as hold `share` of the sum. All other parameters are free for later tasks.
struct SparseEwc {
  static constexpr const char* name = "sparse_ewc";
  static constexpr bool active = true;
  double lambda = 5000;
  double share = 0.9;

  template <class Model>
  using State = ctp::penalty::AnchoredState<Model>;
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return State<Model>(model.layout().size());
  }
  template <class Model>
  void begin_task(ctp::penalty::AnchoredState<Model>& state, const typename Model::Real* theta) const {
    state.set_anchor(theta);
  }
  /// In every step, so not for Thrust: the term is part of the optimiser's pass.
  template <class Model>
  auto term(ctp::penalty::AnchoredState<Model>& state) const {
    return state.quadratic(lambda / 2);
  }
  /// Once a task, between steps: may allocate and wait.
  template <class Model, class Passes>
  void end_task(ctp::penalty::AnchoredState<Model>& state, Passes& passes) const {
    auto fisher = ctp::penalty::fisher(passes, passes.theta());
    keep_largest(fisher, share);
    ctp::penalty::blend<typename Model::Backend>(fisher.size(), passes.task(), fisher.data(), state.importance.data());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {  // --set penalty.lambda=..., --set penalty.share=...
    visitor("lambda", lambda);
    visitor("share", share);
  }
};
// [policy]
