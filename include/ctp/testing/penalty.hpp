/// @file   ctp/testing/penalty.hpp
/// @brief  Checks a penalty on the parameters: its gradient is that of its value, and it draws to where a task began.
/// @layer  testing
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/core/policy.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/optim/adamw.hpp>
#include <ctp/penalty/require.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/report.hpp>

namespace ctp::testing {

/// What check_penalty() expects beyond a right gradient.
struct PenaltyExpectations {
  bool never_negative = true;  ///< no parameter has a value below 0
  bool rests_at_start = true;  ///< value and gradient are 0 at the weights with which a task begins
  int tasks = 3;
};

namespace detail {

/// Vectors of made numbers: weights, and the gradients of batches.
template <class Real>
std::vector<Real> made_vector(const char* what, std::uint32_t which, Index n) {
  RandomSubstream random(RandomStream(0, what), {.sample = which});
  std::vector<Real> x(static_cast<std::size_t>(n));
  for (Real& one : x) one = static_cast<Real>(random.normal());
  return x;
}

/// What a penalty's hooks walk through, with made gradients in place of those of a model.
template <class Model>
class MadePasses {
 public:
  using Backend = typename Model::Backend;
  using Real = typename Model::Real;
  using Optimizer = optim::AdamW;

  MadePasses(const std::vector<Real>& theta, std::uint32_t task) : theta_(&theta), task_(task) {}

  [[nodiscard]] Index size() const { return static_cast<Index>(theta_->size()); }
  [[nodiscard]] const Real* theta() const { return theta_->data(); }
  [[nodiscard]] std::uint32_t task() const { return task_; }
  [[nodiscard]] std::uint32_t epoch() const { return 0; }
  [[nodiscard]] std::size_t batches() const { return 2; }
  [[nodiscard]] double rate(std::size_t) const { return 1e-3; }
  [[nodiscard]] const Optimizer& optimizer() const { return optimizer_; }

  template <class Use>
  void objective(const Real*, const Use& use) {
    for (std::size_t b = 0; b < batches(); ++b) {
      auto gradient = made_vector<Real>("testing.gradient", 16 * task_ + static_cast<std::uint32_t>(b), size());
      use(gradient.data(), b);
    }
  }
  template <class Loss, class Use>
  void gradients(const Real* theta, const Loss&, const Use& use) {
    objective(theta, use);
  }

 private:
  const std::vector<Real>* theta_;
  std::uint32_t task_;
  Optimizer optimizer_;
};

/// The term of a penalty at `theta`, parameter by parameter: the first thing wrong with each kind of number.
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

}  // namespace detail

/// @brief Leads a penalty through several tasks of made weights and gradients, with its hooks at the start and the end
/// of a task, and looks at its term in each: whether its gradient is what differences of its value give, and what
/// `expected` says.
///
/// A penalty that never adds anything is reported too. Not checked: what a penalty asks of the losses it has
/// differentiated, as there is no data here. A penalty whose begin_epoch() trains something of its own needs the real
/// thing. `model`: in double precision on the host; its number of parameters is what the time depends on.
template <class Policy, class Model>
Report check_penalty(const Policy& policy, const Model& model, const PenaltyExpectations& expected = {}) {
  static_assert(std::is_same_v<typename Model::Real, double>, "differences need a model in double precision");
  static_assert(penalty::require_penalty<Policy, Model>());
  static_assert(Policy::active, "a penalty that is not active has nothing to check");
  const Index n = model.layout().size();
  Report report;
  auto state = make_state(policy, model, 0);
  bool adds = false;
  for (int t = 0; t < expected.tasks && report.ok; ++t) {
    const auto task = static_cast<std::uint32_t>(t);
    const std::string when = "task " + std::to_string(t);
    const auto start = detail::made_vector<double>("testing.start", task, n);
    const auto end = detail::made_vector<double>("testing.start", task + 1, n);  // where the next task will begin
    const auto raw = detail::made_vector<double>("testing.raw", task, n);
    if constexpr (penalty::BeginsTasks<Policy, Model>) policy.begin_task(state, start.data());

    const auto term = policy.term(state);
    detail::check_term(term, end, expected.never_negative, when, report);
    if (expected.rests_at_start) detail::check_rest(term, start, when, report);
    for (Index i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      adds = adds || term.value(i, end[at]) != 0;
      if constexpr (requires { term.moved(i, 0.0, 0.0, 0.0); }) term.moved(i, raw[at], start[at], end[at]);
    }
    using Passes = detail::MadePasses<Model>;
    Passes passes(end, task);
    if constexpr (penalty::EndsTasks<Policy, Model, Passes>) policy.end_task(state, passes);
  }
  if (report.ok && !adds) report.fail("the penalty is 0 in every task, wherever the weights go");
  return report;
}

}  // namespace ctp::testing
