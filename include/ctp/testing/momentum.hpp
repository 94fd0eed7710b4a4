/// @file   ctp/testing/momentum.hpp
/// @brief  Check of a momentum policy's update.
/// @layer  testing
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <ctp/core/needs.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/momentum/require.hpp>
#include <ctp/momentum/view.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/report.hpp>

namespace ctp::testing {

namespace detail {

/// A model of one parameter, for the State of a momentum rule.
template <class BackendType>
class OneVector {
 public:
  using Backend = BackendType;
  using Real = typename Backend::Real;

  OneVector() { layout_.add("weights", Shape<1>{37}, Start::Zeros); }
  [[nodiscard]] const Layout& layout() const { return layout_; }

 private:
  Layout layout_;
};

}  // namespace detail

/// @brief Updates synthetic weights with a momentum policy, with and without a previous model, and checks the result.
///
/// Reported: weights that are not finite; weights that change although momentum, online and previous weights are equal;
/// weights that never approach the online weights; a write past the last weight; a result that differs when the same
/// updates are repeated from a fresh State. A rule that reads the previous model without `needs.previous` does not
/// compile.
template <class B, class Policy>
Report check_momentum(const Policy& policy) {
  using Model = detail::OneVector<B>;
  static_assert(momentum::require_momentum_policy<Policy, Model>());
  static_assert(Policy::active, "a momentum rule that is not active has nothing to check");
  using Real = typename B::Real;
  using Vector = std::vector<Real>;
  const Model model;
  const Index n = model.layout().size();
  constexpr Real behind = Real(12345);
  constexpr bool reads_previous = Policy::needs.previous != Output::Nothing;
  Report report;

  const auto synthetic = [&](std::uint32_t index) {
    RandomSubstream random(RandomStream(0, "testing.momentum"), {.sample = index});
    Vector x(static_cast<std::size_t>(n) + 1, behind);
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) x[i] = static_cast<Real>(random.normal());
    return x;
  };
  const auto updated = [&](const Vector& slow, const Vector& online, const Vector* previous, int times) {
    Buffer<Real, B> weights(n + 1), target(n + 1), before(n + 1);
    weights.assign(slow);
    target.assign(online);
    if (previous != nullptr) before.assign(*previous);
    auto state = make_state(policy, model, 0);
    for (int i = 0; i < times; ++i) {
      const momentum::ViewFor<Policy, B> view({.size = n,
                                               .slow = weights.data(),
                                               .online = target.data(),
                                               .previous = previous != nullptr ? before.data() : nullptr,
                                               .task = previous != nullptr ? 1U : 0U,
                                               .step = static_cast<std::uint64_t>(i),
                                               .steps = static_cast<std::uint64_t>(times)});
      momentum::update(policy, view, state);
    }
    return weights.to_host();
  };
  /// The largest absolute difference; infinity if a number is not finite.
  const auto distance = [n](const Vector& a, const Vector& b) {
    double largest = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
      const double off = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
      if (!(off <= largest)) largest = std::isfinite(off) ? off : std::numeric_limits<double>::infinity();
    }
    return largest;
  };
  const double rounding = 64 * static_cast<double>(std::numeric_limits<Real>::epsilon());

  const Vector slow = synthetic(0), online = synthetic(1), other = synthetic(2);
  for (const bool first_task : {true, false}) {
    const std::string when = first_task ? "first task: " : "later task: ";
    const Vector* previous = first_task || !reads_previous ? nullptr : &other;
    const Vector* same = previous == nullptr ? nullptr : &online;
    const Vector once = updated(slow, online, previous, 1);
    if (!std::isfinite(distance(once, slow))) report.fail(when + "expected finite weights, found others");
    if (once.back() != behind) report.fail(when + "expected n weights to be written, found one more");
    if (once != updated(slow, online, previous, 1)) report.fail(when + "expected the same weights again, found others");
    const double moved = distance(updated(online, online, same, 3), online);
    if (!(moved <= rounding))
      report.fail(when + "expected no change where momentum, online and previous weights are equal, found one of " +
                  detail::number(moved));
    const double before = distance(slow, online), after = distance(updated(slow, online, same, 100), online);
    if (!(after < before))
      report.fail(when + "expected weights that follow the online ones, found them " + detail::number(after) +
                  " away after 100 updates, from " + detail::number(before));
  }
  return report;
}

}  // namespace ctp::testing
