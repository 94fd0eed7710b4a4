/// @file   ctp/testing/fake_passes.hpp
/// @brief  Fake passes over a task with given gradients, to test a penalty without a model and data.
/// @layer  testing
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <ctp/core/shape.hpp>
#include <ctp/optim/adamw.hpp>
#include <ctp/optim/ranges.hpp>
#include <ctp/penalty/concepts.hpp>

namespace ctp::testing {

/// @brief Fake passes over one task: one given gradient per batch, independent of the weights and the loss.
///
/// **Shapes.** theta and each gradient [n], in host memory.
template <class BackendType, class OptimizerType = optim::AdamW>
class FakePasses {
 public:
  using Backend = BackendType;
  using Real = typename Backend::Real;
  using Optimizer = OptimizerType;

  double learning_rate = 1e-3;
  Optimizer online_optimizer{};
  int walks = 0;  ///< passes over the task so far

  FakePasses(std::uint32_t task, std::vector<Real> theta, std::vector<std::vector<Real>> gradients)
      : task_(task), theta_(std::move(theta)), ranges_(size()), gradients_(std::move(gradients)) {}

  [[nodiscard]] Index size() const { return static_cast<Index>(theta_.size()); }
  [[nodiscard]] const Real* theta() const { return theta_.data(); }
  [[nodiscard]] std::uint32_t task() const { return task_; }
  [[nodiscard]] std::uint32_t epoch() const { return 0; }
  [[nodiscard]] std::size_t batches() const { return gradients_.size(); }
  [[nodiscard]] double rate(std::size_t /*batch*/) const { return learning_rate; }
  [[nodiscard]] const Optimizer& optimizer() const { return online_optimizer; }
  [[nodiscard]] const optim::Ranges& ranges() const { return ranges_; }

  template <class Use>
  void objective(const Real* /*theta*/, const Use& use) {
    ++walks;
    for (std::size_t batch = 0; batch < gradients_.size(); ++batch) {
      std::vector<Real> gradient = gradients_[batch];
      use(gradient.data(), batch);
    }
  }
  template <class Loss, class Use>
  void gradients(const Real* theta, const Loss& /*loss*/, const Use& use) {
    objective(theta, use);
  }

 private:
  std::uint32_t task_;
  std::vector<Real> theta_;
  optim::Ranges ranges_;  ///< all weights, trained alike
  std::vector<std::vector<Real>> gradients_;
};

}  // namespace ctp::testing
