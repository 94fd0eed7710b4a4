/// @file   ctp/testing/penalty.hpp
/// @brief  Check of a penalty: gradient against differences of the value, minimum at the start of the task.
/// @layer  testing
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/core/policy.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/penalty/require.hpp>
#include <ctp/testing/fake_passes.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/testing/restored_state.hpp>
#include <ctp/train/state_archive.hpp>

namespace ctp::testing {

/// Properties that check_penalty() expects besides a right gradient.
struct PenaltyExpectations {
  bool never_negative = true;  ///< no parameter has a value below 0
  bool rests_at_start = true;  ///< value and gradient are 0 at the weights at the start of a task
  int tasks = 3;
};

namespace detail {

/// Normal numbers, a function of `name` and `index`: weights, and the gradients of batches.
template <class Real>
std::vector<Real> synthetic_vector(const char* name, std::uint32_t index, Index n) {
  RandomSubstream random(RandomStream(0, name), {.sample = index});
  std::vector<Real> x(static_cast<std::size_t>(n));
  for (Real& number : x) number = static_cast<Real>(random.normal());
  return x;
}

/// Checks gradient and sign of a term at `theta`. Reports the first wrong parameter of each kind of fault.
template <class Term>
void check_term(const Term& term, const std::vector<double>& theta, bool never_negative, const std::string& when,
                Report& report) {
  bool differs = false, negative = false;
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const auto at = static_cast<Index>(i);
    const double step = 1e-3, x = theta[i], value = term.value(at, x), gradient = term.gradient(at, x);
    const double near = term.value(at, x + step) - term.value(at, x - step);
    const double far = term.value(at, x + 2 * step) - term.value(at, x - 2 * step);
    const double expected = (8 * near - far) / (12 * step);
    const std::string where = when + ": parameter " + std::to_string(i) + ": ";
    // Written so that NaN fails.
    if (!differs && !(std::abs(gradient - expected) <= 1e-6 * std::abs(expected) + 1e-8 * (1 + std::abs(value)))) {
      report.fail(where + "gradient " + number(gradient) + ", differences of the value " + number(expected));
      differs = true;
    }
    if (never_negative && !negative && !(value >= 0)) {
      report.fail(where + "expected a value of 0 or more, found " + number(value));
      negative = true;
    }
  }
}

/// Checks that value and gradient of a term are 0 at the start of the task. Reports the first wrong parameter.
template <class Term>
void check_rest(const Term& term, const std::vector<double>& start, const std::string& when, Report& report) {
  for (std::size_t i = 0; i < start.size(); ++i) {
    const auto at = static_cast<Index>(i);
    const double value = term.value(at, start[i]), gradient = term.gradient(at, start[i]);
    if (std::abs(value) <= 1e-12 && std::abs(gradient) <= 1e-12) continue;
    report.fail(when + ": parameter " + std::to_string(i) +
                ": expected value and gradient 0 where the task began, found " + number(value) + " and " +
                number(gradient));
    return;
  }
}

/// Whether two terms differ in value or gradient at a place of `theta`.
template <class Term>
bool differ(const Term& a, const Term& b, const std::vector<double>& theta) {
  for (std::size_t i = 0; i < theta.size(); ++i) {
    const auto at = static_cast<Index>(i);
    if (number(a.value(at, theta[i])) != number(b.value(at, theta[i])) ||
        number(a.gradient(at, theta[i])) != number(b.gradient(at, theta[i])))
      return true;
  }
  return false;
}

}  // namespace detail

/// @brief Runs a penalty through several tasks of synthetic weights and gradients, and checks the term in each task:
/// the gradient against central differences of the value, and the properties in `expected`.
///
/// Calls begin_task() and end_task(). A penalty that is 0 in every task is reported too, and a State that visit() does
/// not show whole: before a task, and again before its end, a second State is restored through visit(), and the terms
/// of both must stay equal. Not checked: the losses that
/// the penalty differentiates, since there is no data; begin_epoch(), which needs a real training. `model`: in double
/// precision on the host; the time grows with its number of parameters.
template <class Policy, class Model>
Report check_penalty(const Policy& policy, const Model& model, const PenaltyExpectations& expected = {}) {
  static_assert(std::is_same_v<typename Model::Real, double>, "differences need a model in double precision");
  static_assert(penalty::require_penalty<Policy, Model>());
  static_assert(Policy::active, "a penalty that is not active has nothing to check");
  const Index n = model.layout().size();
  Report report;
  auto state = make_state(policy, model, 0);
  std::optional<decltype(state)> restored;
  const auto restore = [&] {
    restored.emplace(make_state(policy, model, 0));
    detail::restore_or_report(StateArchive::of(state), *restored, "", report);
  };
  const std::string shown = StateArchive::of(state).names();
  bool adds = false;
  for (int t = 0; t < expected.tasks && report.ok; ++t) {
    const auto task = static_cast<std::uint32_t>(t);
    const std::string when = "task " + std::to_string(t);
    const auto start = detail::synthetic_vector<double>("testing.start", task, n);
    const auto end = detail::synthetic_vector<double>("testing.start", task + 1, n);  // also the start of the next task
    const auto raw = detail::synthetic_vector<double>("testing.raw", task, n);
    const auto begin = [&](auto& of) {
      if constexpr (penalty::BeginsTasks<Policy, Model>) policy.begin_task(of, start.data());
    };
    restore();
    begin(state);
    begin(*restored);

    const auto term = policy.term(state);
    const auto require_equal = [&](const char* before) {
      if (report.ok && detail::differ(policy.term(state), policy.term(*restored), end))
        report.fail(when + ": visit() does not show the whole State: a restore " + before +
                    " gives another term; visit() shows " + shown + "; call archive(\"name\", member) for the others");
    };
    require_equal("before the task");
    detail::check_term(term, end, expected.never_negative, when, report);
    if (expected.rests_at_start) detail::check_rest(term, start, when, report);
    for (Index i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      adds = adds || term.value(i, end[at]) != 0;
      if constexpr (requires { term.moved(i, 0.0, 0.0, 0.0); }) term.moved(i, raw[at], start[at], end[at]);
    }
    using Passes = FakePasses<typename Model::Backend>;
    Passes passes(task, end,
                  {detail::synthetic_vector<double>("testing.gradient", 16 * task, n),
                   detail::synthetic_vector<double>("testing.gradient", 16 * task + 1, n)});
    restore();
    if constexpr (penalty::EndsTasks<Policy, Model, Passes>) {
      policy.end_task(state, passes);
      policy.end_task(*restored, passes);
    }
    require_equal("before the task's end");
  }
  if (report.ok && !adds) report.fail("the penalty is 0 in every task, wherever the weights go");
  return report;
}

}  // namespace ctp::testing
