/// @file   ctp/penalty/importance.hpp
/// @brief  Importance of each parameter: Fisher diagonal, objective of MAS, mean over tasks.
/// @layer  penalty
#pragma once

#include <cstdint>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::penalty {

/// @brief Sum of the mean Euclidean lengths of the raw image projection, the raw text projection and the raw fusion
/// feature. The magnitude of the sum's gradient is the importance of MAS.
///
/// **Gradient.** to the weights of `outputs`.
/// **Source.** Aljundi et al. 2018, arXiv:1711.09601, eq. 3, on these outputs; `tests/oracle: mas_objective`.
template <class Outputs>
auto mas_objective(Outputs& outputs) {
  const auto& pass = outputs.pass();
  const auto image = mean(pass, row_lengths(pass, outputs.image_raw()));
  const auto text = mean(pass, row_lengths(pass, outputs.text_raw()));
  return add(pass, add(pass, image, text), mean(pass, row_lengths(pass, outputs.fused())));
}

/// @brief The diagonal of the empirical Fisher matrix at `theta`: squared gradients of the objective's batch means,
/// averaged over the task's batches. The scale of the diagonal depends on the batch size.
///
/// **Shapes.** theta, returned [n].  **Source.** Kirkpatrick et al. 2017, arXiv:1612.00796;
/// `tests/oracle: fisher_of_batch`.
template <class Passes>
auto fisher(Passes& passes, const typename Passes::Real* theta) {
  using B = typename Passes::Backend;
  using Real = typename Passes::Real;
  Buffer<Real, B> diagonal(passes.size());
  const Real weight = Real(1) / static_cast<Real>(passes.batches());
  passes.objective(
      theta, [&](Real* gradient, std::size_t) { B::add_squares(diagonal.size(), weight, gradient, diagonal.data()); });
  return diagonal;
}

/// @brief Mean over tasks: mean <- t/(t+1) mean + 1/(t+1) latest, where t tasks came before. **Shapes.** each [n].
template <class B>
void blend(Index n, std::uint32_t t, const typename B::Real* latest, typename B::Real* mean) {
  B::average(n, static_cast<typename B::Real>(t / (t + 1.0)), latest, mean);
}

}  // namespace ctp::penalty
