// Passes over a task with given gradients, so that a test can work out a penalty's consolidation by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <ctp/optim/adamw.hpp>
#include <support/reference.hpp>

namespace made {

/// A model of `parameters` numbers.
struct Structure {
  using Backend = ctp::BasicCpu<double>;
  using Real = double;
  struct Size {
    ctp::Index n;
    [[nodiscard]] ctp::Index size() const { return n; }
  };
  ctp::Index parameters = 1;
  [[nodiscard]] Size layout() const { return {parameters}; }
};

class Passes {
 public:
  using Backend = ctp::BasicCpu<double>;
  using Real = double;
  using Optimizer = ctp::optim::AdamW;

  /// One gradient for each batch, whatever the weights.
  Passes(std::uint32_t task, std::vector<double> theta, std::vector<std::vector<double>> gradients)
      : task_(task), theta_(std::move(theta)), gradients_(std::move(gradients)) {}

  [[nodiscard]] ctp::Index size() const { return static_cast<ctp::Index>(theta_.size()); }
  [[nodiscard]] const double* theta() const { return theta_.data(); }
  [[nodiscard]] std::uint32_t task() const { return task_; }
  [[nodiscard]] std::size_t batches() const { return gradients_.size(); }
  [[nodiscard]] double rate(std::size_t) const { return 0.5; }
  [[nodiscard]] const Optimizer& optimizer() const { return optimizer_; }

  template <class Use>
  void objective(const double*, const Use& use) {
    ++walks;
    for (std::size_t b = 0; b < gradients_.size(); ++b) {
      std::vector<double> gradient = gradients_[b];
      use(gradient.data(), b);
    }
  }
  template <class Loss, class Use>
  void gradients(const double* theta, const Loss&, const Use& use) {
    objective(theta, use);
  }

  int walks = 0;

 private:
  std::uint32_t task_;
  std::vector<double> theta_;
  std::vector<std::vector<double>> gradients_;
  Optimizer optimizer_{.weight_decay = 0};
};

}  // namespace made
