/// @file   ctp/testing/gradient.hpp
/// @brief  Gradient check: gradients of a tape against central differences of the loss.
/// @layer  testing
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/report.hpp>

namespace ctp::testing {

/// @brief Tolerance of a gradient check: |tape - differences| <= relative * |differences| + floor, for the norm of the
/// gradient and for each element.
struct GradientTolerance {
  double relative = 1e-6;
  double floor = 1e-8;
  double step = 1e-3;  ///< step of the five-point difference; its error is O(step^4)
};

/// @brief sum_i w[i] y[i] with fixed random w[i] in [-1, 1): a scalar loss of any value, in which each element has its
/// own weight.
///
/// **Gradient.** to y.
template <std::size_t Rank, class B>
Scalar<B> weighted_sum(const Pass<B>& pass, Variable<Rank, B> y) {
  const Index n = y.value.size();
  std::vector<double> host(static_cast<std::size_t>(n));
  RandomSubstream draw(RandomStream(0, "testing.weighted_sum"), RandomPlace{});
  for (double& w : host) w = draw.uniform(-1, 1);
  const auto weight = pass.scratch(Shape<1>{n});
  B::upload(host.data(), n, weight.data);
  auto sum = pass.make(Shape<0>{});
  B::dot(n, y.value.data, weight.data, sum.value.data);
  pass.record([=] {
    if (y.grad) B::add_scaled_by(n, sum.grad.data, weight.data, y.grad.data);
  });
  return sum;
}

namespace detail {
/// Names the places of a parameter vector in a report: one place of each parameter.
class PlaceNames {
 public:
  /// `layout`: of the vector; null: a place is named "theta[i]", and every place is a parameter of its own.
  explicit PlaceNames(const Layout* layout) : layout_(layout) {}

  /// "parameter[element]"; empty if a place of the same parameter was named before. Ask with rising `i`.
  std::string next(std::size_t i) {
    const auto at = static_cast<Index>(i);
    if (layout_ != nullptr)
      for (const ParameterInfo& p : layout_->parameters())
        if (at >= p.offset && at < p.offset + p.size()) {
          const bool again = last_ == &p;
          last_ = &p;
          return again ? "" : p.name + "[" + std::to_string(at - p.offset) + "]";
        }
    return "theta[" + std::to_string(i) + "]";
  }

 private:
  const Layout* layout_;
  const ParameterInfo* last_ = nullptr;
};
}  // namespace detail

/// @brief Compares the gradient of `loss` at `theta` with central differences.
///
/// `loss(pass)` takes a `const Pass<B>&` and returns a Scalar<B>; the loss reads weights as
/// pass[Parameter<Rank>{offset, shape}]. The loss must be smooth near theta and equal in every call. The gradient
/// starts at ones, so that an operation that overwrites gradients instead of adding to them is found. A different loss
/// value in a pass without gradient is reported too. The loss runs 4 * theta.size() + 2 times: use small sizes.
/// `layout`: of theta; the report then names the first wrong element of each parameter, not an index into theta.
/// **Errors.** as `loss`.
template <class B, class Loss>
Report check_gradient(const std::vector<double>& theta, const Loss& loss, const GradientTolerance& tolerance = {},
                      const backend::Dropout& dropout = {}, const Layout* layout = nullptr) {
  static_assert(std::is_same_v<typename B::Real, double>, "differences need a backend in double precision");
  const auto n = static_cast<Index>(theta.size());
  Buffer<double, B> weights(n), gradient(n);
  Tape<B> tape;
  Report report;

  weights.assign(theta);
  gradient.assign(std::vector<double>(theta.size(), 1.0));
  const Scalar<B> taped = loss(Pass<B>{weights.data(), &tape, gradient.data(), dropout});
  if (!taped.grad) {
    report.fail("the loss has no gradient");
    return report;
  }
  double value = 0;
  B::download(taped.value.data, 1, &value);
  B::fill(1, 1.0, taped.grad.data);
  tape.backward();
  std::vector<double> by_tape = gradient.to_host();
  for (double& g : by_tape) g -= 1.0;

  const auto loss_at = [&](const std::vector<double>& at) {
    tape.rewind();
    weights.assign(at);
    double result = 0;
    const Scalar<B> y = loss(Pass<B>{weights.data(), &tape, nullptr, dropout});
    B::download(y.value.data, 1, &result);
    return result;
  };
  const double without = loss_at(theta);
  if (!(std::abs(value - without) <= 1e-12 * (1 + std::abs(without))))
    report.fail("the loss is " + detail::number(value) + " with gradient but " + detail::number(without) + " without");

  double squares = 0, off_squares = 0;
  int listed = 0, others = 0;
  detail::PlaceNames names(layout);
  std::vector<double> at = theta;
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const auto moved = [&](double steps) {
      at[i] = theta[i] + steps * tolerance.step;
      return loss_at(at);
    };
    const double near = moved(1) - moved(-1), far = moved(2) - moved(-2);
    at[i] = theta[i];
    const double expected = (8 * near - far) / (12 * tolerance.step), off = by_tape[i] - expected;
    squares += expected * expected;
    off_squares += off * off;
    if (std::abs(off) <= tolerance.relative * std::abs(expected) + tolerance.floor) continue;
    report.ok = false;
    const std::string name = names.next(i);
    if (name.empty() || listed == 8) {
      ++others;
      continue;
    }
    ++listed;
    report.fail(name + ": tape " + detail::number(by_tape[i]) + ", differences " + detail::number(expected));
  }
  if (others > 0) report.fail("... and " + std::to_string(others) + " more elements");
  // Written so that NaN fails.
  if (!(std::sqrt(off_squares) <= tolerance.relative * std::sqrt(squares) + tolerance.floor))
    report.fail("norm of the difference " + detail::number(std::sqrt(off_squares)) + ", of the gradient " +
                detail::number(std::sqrt(squares)));
  return report;
}

}  // namespace ctp::testing
