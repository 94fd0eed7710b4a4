/// @file   ctp/autograd/losses.hpp
/// @brief  Cross entropy with class targets, and with a teacher's distribution as target (distillation).
/// @layer  autograd
#pragma once

#include <cstdint>

#include <ctp/autograd/pass.hpp>

namespace ctp {

/// Row weights 1/n, for a mean over n rows. **Shapes.** returns [n].
template <class B>
Tensor<typename B::Real, 1, B> mean_weights(const Pass<B>& pass, Index n) {
  auto w = pass.scratch(Shape<1>{n});
  B::fill(n, typename B::Real(1) / static_cast<typename B::Real>(n), w.data);
  return w;
}

/// @brief Weighted cross entropy with class targets: sum_i weight[i] (log sum_j exp(x[i,j]) - x[i,target[i]]).
///
/// **Shapes.** x [n,m], target [n] in [0,m), weight [n]; returns a scalar.  **Units.** nats.  **Gradient.** to x.
template <class B>
Scalar<B> cross_entropy(const Pass<B>& pass, Variable<2, B> x, Input<std::int32_t, 1, B> target,
                        Input<typename B::Real, 1, B> weight) {
  const Index n = x.value.shape[0], m = x.value.shape[1];
  require_shape(target.shape[0] == n && weight.shape[0] == n, "cross_entropy", "x", x.value.shape, "target, weight",
                Shape<2>{target.shape[0], weight.shape[0]}, "each row has one target and one weight");
  const auto log_sum = pass.scratch(Shape<1>{n}), row_loss = pass.scratch(Shape<1>{n});
  auto loss = pass.make(Shape<0>{});
  B::cross_entropy(n, m, x.value.data, target.data, log_sum.data, row_loss.data);
  B::dot(n, row_loss.data, weight.data, loss.value.data);
  pass.record([=] {
    if (x.grad)
      B::cross_entropy_backward(n, m, x.value.data, target.data, log_sum.data, weight.data, loss.grad.data,
                                x.grad.data);
  });
  return loss;
}

/// Whether soft_cross_entropy() subtracts the teacher's entropy H(q).
enum class Entropy {
  Kept,        ///< cross entropy H(q, p)
  Subtracted,  ///< divergence KL(q || p) = H(q, p) - H(q); same gradient, zero when p = q
};

/// @brief Weighted cross entropy with a teacher's distribution: sum_i weight[i] H(q_i, p_i), p_i = softmax(x_i /
/// temperature), q_i = softmax(teacher_i / temperature).
///
/// **Shapes.** x, teacher [n,m], weight [n]; returns a scalar.  **Units.** nats.  **Errors.** ShapeError.
/// **Gradient.** to x only.  **Source.** Hinton et al. 2015, arXiv:1503.02531, section 2.
template <class B>
Scalar<B> soft_cross_entropy(const Pass<B>& pass, Variable<2, B> x, Input<typename B::Real, 2, B> teacher,
                             Input<typename B::Real, 1, B> weight, double temperature, Entropy entropy) {
  using Real = typename B::Real;
  const Index n = x.value.shape[0], m = x.value.shape[1];
  require_shape(x.value.shape == teacher.shape, "soft_cross_entropy", "x", x.value.shape, "teacher", teacher.shape,
                "each score has one of the teacher");
  require_shape(weight.shape[0] == n, "soft_cross_entropy", "x", x.value.shape, "weight", weight.shape,
                "each row has one weight");
  const Real inverse = static_cast<Real>(1 / temperature);
  const auto log_x = pass.scratch(Shape<1>{n}), log_t = pass.scratch(Shape<1>{n}), row_loss = pass.scratch(Shape<1>{n});
  auto loss = pass.make(Shape<0>{});
  B::soft_cross_entropy(n, m, x.value.data, teacher.data, inverse, entropy == Entropy::Subtracted, log_x.data,
                        log_t.data, row_loss.data);
  B::dot(n, row_loss.data, weight.data, loss.value.data);
  pass.record([=] {
    if (x.grad)
      B::soft_cross_entropy_backward(n, m, x.value.data, teacher.data, inverse, log_x.data, log_t.data, weight.data,
                                     loss.grad.data, x.grad.data);
  });
  return loss;
}

}  // namespace ctp
