/// @file   ctp/train/thetas.hpp
/// @brief  Online, previous and momentum parameter vectors.
/// @layer  train
#pragma once

#include <cstddef>
#include <vector>

#include <ctp/backend/rounded_weights.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp {

/// @brief Up to three parameter vectors [size] in one buffer, at a constant stride: online, previous, momentum. A
/// vector that the strategy does not keep has no memory.
template <class Backend>
class Thetas {
 public:
  using Real = typename Backend::Real;

  Thetas(Index size, bool keeps_previous, bool keeps_momentum)
      : size_(size),
        previous_(keeps_previous ? 1 : -1),
        momentum_(keeps_momentum ? (keeps_previous ? 2 : 1) : -1),
        memory_(size * (1 + (keeps_previous ? 1 : 0) + (keeps_momentum ? 1 : 0))) {}

  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] Real* online() { return memory_.data(); }
  [[nodiscard]] const Real* online() const { return memory_.data(); }
  /// Null if the strategy does not keep the previous model; momentum() likewise.
  [[nodiscard]] Real* previous() { return at(previous_); }
  [[nodiscard]] const Real* previous() const { return at(previous_); }
  [[nodiscard]] Real* momentum() { return at(momentum_); }
  [[nodiscard]] const Real* momentum() const { return at(momentum_); }

  /// The scope of one step's forward and backward pass: the vectors do not change, and the backend may round each of
  /// them once. `with_previous`: the step has a previous model.
  [[nodiscard]] backend::RoundedWeights<Backend> constant(bool with_previous) const {
    return {size_, {online(), momentum(), with_previous ? previous() : nullptr}};
  }

  /// The online weights on the host, [size()].
  [[nodiscard]] std::vector<Real> weights() const {
    std::vector<Real> host(static_cast<std::size_t>(size_));
    Backend::download(online(), size_, host.data());
    return host;
  }
  /// **Errors.** ShapeError unless there is one number for each place of the layout.
  void set_weights(const std::vector<Real>& host) {
    const auto n = static_cast<Index>(host.size());
    require_shape(n == size_, "Learner::set_weights", "weights", Shape<1>{n}, "layout", Shape<1>{size_},
                  "one number for each place of the layout");
    Backend::upload(host.data(), n, online());
  }

  template <class Archive>
  void visit(Archive& archive) {
    archive("theta", memory_);
  }

 private:
  [[nodiscard]] Real* at(Index row) { return row < 0 ? nullptr : memory_.data() + row * size_; }
  [[nodiscard]] const Real* at(Index row) const { return row < 0 ? nullptr : memory_.data() + row * size_; }

  Index size_, previous_, momentum_;
  Buffer<Real, Backend> memory_;
};

}  // namespace ctp
