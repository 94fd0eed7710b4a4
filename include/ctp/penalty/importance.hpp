/// @file   ctp/penalty/importance.hpp
/// @brief  How much each parameter matters for what was learned.
/// @layer  penalty
#pragma once

#include <cstdint>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::penalty {

/// @brief Mean lengths of the raw image projection, the raw text projection and the raw fusion feature, added up.
///
/// Its gradient's magnitude is the importance of MAS.
/// **Source.** Aljundi et al. 2018, arXiv:1711.09601, eq. 3, on these outputs; `mas_objective` of the oracle.
template <class Outputs>
auto mas_objective(Outputs& outputs) {
  const auto& pass = outputs.pass();
  const auto image = mean(pass, row_lengths(pass, outputs.image_raw()));
  const auto text = mean(pass, row_lengths(pass, outputs.text_raw()));
  return add(pass, add(pass, image, text), mean(pass, row_lengths(pass, outputs.fused())));
}

/// @brief The diagonal of the empirical Fisher matrix at `theta`: squared gradients of the objective's batch means,
/// averaged over the task's batches. Its scale depends on the batch size.
///
/// **Shapes.** theta, returned [n].  **Source.** Kirkpatrick et al. 2017, arXiv:1612.00796; `fisher_of_batch` of the
/// oracle.
template <class Passes>
auto fisher(Passes& passes, const typename Passes::Real* theta) {
  using B = typename Passes::Backend;
  using Real = typename Passes::Real;
  Buffer<Real, B> found(passes.size());
  const Real weight = Real(1) / static_cast<Real>(passes.batches());
  passes.objective(theta,
                   [&](Real* gradient, std::size_t) { B::add_squares(found.size(), weight, gradient, found.data()); });
  return found;
}

/// @brief over <- t/(t+1) over + 1/(t+1) found, where t tasks came before: the mean over tasks. **Shapes.** [n].
template <class B>
void blend(Index n, std::uint32_t t, const typename B::Real* found, typename B::Real* over) {
  B::average(n, static_cast<typename B::Real>(t / (t + 1.0)), found, over);
}

}  // namespace ctp::penalty
