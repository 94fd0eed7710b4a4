/// @file   ctp/train/parameters/kept_copy.hpp
/// @brief  The rounded copy of one parameter vector, kept from step to step while it is that of the vector's values.
/// @layer  train
#pragma once

#include <cstdint>
#include <utility>

#include <ctp/backend/concepts.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp {

/// @brief A copy of a parameter vector for products, and whether it is fresh: that of the vector's values.
///
/// Only refresh() makes a copy fresh, by a launch that is never skipped. change() leaves a fresh copy fresh if every
/// launch that changed the vector also wrote the copy, so that a skipped launch leaves both as they were. The owner
/// calls forget() wherever anything else may have changed the vector. A backend that is no
/// backend::KeepsWeightCopies has no copies.
template <class B>
class KeptCopy {
 public:
  using Real = typename B::Real;

  /// The vector was, or may have been, changed.
  void forget() { fresh_ = false; }
  /// Rounds theta [n] unless the copy is fresh. Without products that round weights, the copy is forgotten.
  void refresh([[maybe_unused]] Index n, [[maybe_unused]] const Real* theta) {
    if constexpr (backend::KeepsWeightCopies<B>) {
      if (!B::rounds_weights()) return forget();
      if (fresh_) return;
      if (memory_.size() != n) memory_ = Buffer<std::uint16_t, B>(n);
      B::round_weights(n, theta, memory_.data());
      fresh_ = true;
    }
  }
  /// Calls work(), which changes `places` places of theta [n] by the backend's passes over parameters, each place once,
  /// and nothing else of theta.
  template <class Work>
  void change([[maybe_unused]] Index n, [[maybe_unused]] const Real* theta, [[maybe_unused]] Index places,
              const Work& work) {
    if constexpr (backend::KeepsWeightCopies<B>) {
      if (std::exchange(fresh_, false)) {  // remains forgotten if the work throws
        fresh_ = B::write_along(n, theta, memory_.data(), work) == places;
        return;
      }
    }
    work();
  }
  /// The copy [n], or null unless it is fresh.
  [[nodiscard]] const std::uint16_t* fresh() const { return fresh_ ? memory_.data() : nullptr; }

 private:
  Buffer<std::uint16_t, B> memory_;
  bool fresh_ = false;
};

}  // namespace ctp
