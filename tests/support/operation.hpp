// Checks of the tape's operations on any backend.
#pragma once

#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/testing/gradient.hpp>

#include "reference.hpp"
#include "test_backend.hpp"

namespace operation {

using ctp::Pass;
using ctp::Shape;
using ctp::Variable;
using reference::Values;

/// The numbers of a value.
template <std::size_t Rank, class B>
Values read(const Variable<Rank, B>& x) {
  Values numbers(reference::at(x.value.size()));
  B::download(x.value.data, x.value.size(), numbers.data());
  return numbers;
}

/// The gradient of loss(pass) at theta, and behind it the loss.
template <class B, class Loss>
Values gradient_and_loss(const Values& theta, const Loss& loss) {
  const auto weights = reference::put<B>(theta);
  auto gradient = reference::put<B>(Values(theta.size()));
  ctp::Tape<B> tape;
  const auto y = loss(Pass<B>{weights.data(), &tape, gradient.data(), {}});
  Values all = read(y);
  B::fill(1, typename B::Real(1), y.grad.data);
  tape.backward();
  const Values slopes = gradient.template to_host<double>();
  all.insert(all.begin(), slopes.begin(), slopes.end());
  return all;
}

/// In double precision: the gradient of loss(pass) equals central differences. In single precision: loss and gradient
/// are those of the plain host operations in double precision.
template <class B, class Loss>
void check(const Values& theta, const Loss& loss) {
  if constexpr (std::is_same_v<typename B::Real, double>) {
    const auto report = ctp::testing::check_gradient<B>(theta, loss);
    CHECK_MESSAGE(report.ok, report.log);
  } else {
    CHECK(reference::off(gradient_and_loss<B>(theta, loss),
                         gradient_and_loss<ctp::test::TestBackend<double>>(theta, loss)) < reference::rounding<B>);
  }
}

/// x + op(inner, x / 2) in two enclosed blocks, one behind the other; the gradients within them share memory.
template <class B, class Op>
Variable<2, B> in_blocks(const Pass<B>& pass, Variable<2, B> x, const Op& op) {
  for (int block = 0; block < 2; ++block)
    x = enclosed(pass, [&](const Pass<B>& inner) { return add(pass, x, op(inner, scale(inner, x, 0.5))); });
  return x;
}

/// The sizes of the matrices of these tests.
inline constexpr Shape<2> sizes[] = {{1, 1}, {1, 3}, {3, 1}, {5, 7}, {17, 3}};

}  // namespace operation
