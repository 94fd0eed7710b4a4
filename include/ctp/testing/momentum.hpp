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
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/report.hpp>

namespace ctp::testing {

/// @brief Updates synthetic weights with a momentum policy, with and without a previous model, and checks the result.
///
/// Reported: weights that are not finite; weights that change although momentum, online and previous weights are equal;
/// weights that never approach the online weights; a write past the last weight; a policy that reads the previous model
/// without `needs.previous`; a result that differs when the same update is repeated.
template <class B, class Policy>
Report check_momentum(const Policy& policy) {
  static_assert(momentum::require_momentum_policy<Policy, B>());
  static_assert(Policy::active, "a momentum rule that is not active has nothing to check");
  using Real = typename B::Real;
  using Vector = std::vector<Real>;
  constexpr Index n = 37;  // not a multiple of a vector register's length
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
    for (int i = 0; i < times; ++i)
      policy.template update<B>(n, weights.data(), target.data(), previous != nullptr ? before.data() : nullptr);
    return weights.to_host();
  };
  /// The largest absolute difference; infinity if a number is not finite.
  const auto distance = [](const Vector& a, const Vector& b) {
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
  if constexpr (!reads_previous) {
    const Vector nan(static_cast<std::size_t>(n) + 1, std::numeric_limits<Real>::quiet_NaN());
    if (updated(slow, online, &nan, 1) != updated(slow, online, nullptr, 1))
      report.fail("expected 'needs' with '.previous = ctp::Output::Weights', since the previous weights are read");
  }
  return report;
}

}  // namespace ctp::testing
