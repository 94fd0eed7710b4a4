/// @file   ctp/train/features.hpp
/// @brief  Features of one modality on one batch, and the compiler's sentence for features in place of a value.
/// @layer  train
#pragma once

#include <ctp/autograd/pass.hpp>

namespace ctp {

/// @brief Features of this process's pairs, and features of all processes' pairs. With one process both are the same.
template <class B>
struct Features {
  Variable<2, B> local;  ///< [B,E], unit length; row i is pair i of this process
  Variable<2, B> all;    ///< [B * processes, E]
  Index first_row = 0;   ///< row of `all` at which `local` begins
};

namespace detail {

template <class T>
inline constexpr bool is_features = false;
template <class B>
inline constexpr bool is_features<Features<B>> = true;
template <class... Operands>
concept HasFeatures = (false || ... || is_features<Operands>);

/// In place of the result of an operation on Features. Stops the compilation.
template <class Result, class... Operands>
Result refuse_features() {
  static_assert(!HasFeatures<Operands...>,
                "[ctp.objective.features] image() and text() have two members, and an operation takes one of them: "
                "write 'image().local', the features of this process's pairs [B,E], or 'image().all'. See "
                "docs/policies/objective.md");
  return {};
}
template <class A, class Z>
struct BackendOf;
template <class B, class Z>
struct BackendOf<Features<B>, Z> {
  using type = B;
};
template <class A, class B>
  requires(!is_features<A>)
struct BackendOf<A, Features<B>> {
  using type = B;
};
template <class A, class Z>
using Matrix = Variable<2, typename BackendOf<A, Z>::type>;

}  // namespace detail

// Operations on Features, without `.local`: none compiles.
template <class A, class Z>
  requires detail::HasFeatures<A, Z>
detail::Matrix<A, Z> operator+(const A&, const Z&) {
  return detail::refuse_features<detail::Matrix<A, Z>, A, Z>();
}
template <class A, class Z>
  requires detail::HasFeatures<A, Z>
detail::Matrix<A, Z> operator-(const A&, const Z&) {
  return detail::refuse_features<detail::Matrix<A, Z>, A, Z>();
}
template <class A, class Z>
  requires detail::HasFeatures<A, Z>
detail::Matrix<A, Z> operator*(const A&, const Z&) {
  return detail::refuse_features<detail::Matrix<A, Z>, A, Z>();
}
template <class B, class... Operands>
  requires detail::HasFeatures<Operands...>
Variable<2, B> add(const Pass<B>&, const Operands&...) {
  return detail::refuse_features<Variable<2, B>, Operands...>();
}
template <class B, class... Operands>
  requires detail::HasFeatures<Operands...>
Variable<2, B> scores(const Pass<B>&, const Operands&...) {
  return detail::refuse_features<Variable<2, B>, Operands...>();
}
template <class B, class... Operands>
  requires detail::HasFeatures<Operands...>
Variable<2, B> matmul(const Pass<B>&, const Operands&...) {
  return detail::refuse_features<Variable<2, B>, Operands...>();
}
template <class B, class... Operands>
  requires detail::HasFeatures<Operands...>
Variable<2, B> distances(const Pass<B>&, const Operands&...) {
  return detail::refuse_features<Variable<2, B>, Operands...>();
}
template <class B, class... Operands>
  requires detail::HasFeatures<Operands...>
Variable<1, B> row_products(const Pass<B>&, const Operands&...) {
  return detail::refuse_features<Variable<1, B>, Operands...>();
}
template <class B, class... Operands>
  requires detail::HasFeatures<Operands...>
Variable<1, B> row_lengths(const Pass<B>&, const Operands&...) {
  return detail::refuse_features<Variable<1, B>, Operands...>();
}
template <class B, class... Operands>
  requires detail::HasFeatures<Operands...>
Scalar<B> mean(const Pass<B>&, const Operands&...) {
  return detail::refuse_features<Scalar<B>, Operands...>();
}

}  // namespace ctp
