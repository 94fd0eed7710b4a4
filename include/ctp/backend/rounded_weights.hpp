/// @file   ctp/backend/rounded_weights.hpp
/// @brief  Scope in which weights do not change, so that products may read copies rounded once.
/// @layer  backend
#pragma once

#include <cstdint>
#include <initializer_list>

#include <ctp/backend/concepts.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend {

/// @brief Parameter vectors whose values stay as they are for the life of this object. A backend that RoundsWeights
/// rounds each vector once; any other backend does nothing.
///
/// Objects are local variables: they end in the reverse order of their beginning. A change of the values within the
/// life of an object may stay unseen by products.
template <class B>
class RoundedWeights {
 public:
  /// `thetas`: vectors [n] in the backend's memory; a null pointer is left out.
  RoundedWeights([[maybe_unused]] Index n, [[maybe_unused]] std::initializer_list<const typename B::Real*> thetas)
      : RoundedWeights() {  // from here on the destructor runs, also if a vector cannot be rounded
    if constexpr (RoundsWeights<B>)
      for (const typename B::Real* theta : thetas)
        if (theta != nullptr && B::round_weights(n, theta)) ++rounded_;
  }
  /// A vector [n], and its copy as round_weights(n, theta, copy) makes it; a null pointer is left out.
  struct Copied {
    const typename B::Real* theta;
    const std::uint16_t* copy;
  };
  /// Rounds nothing: products read the copies. The copies stay as they are for the life of this object, too.
  RoundedWeights([[maybe_unused]] Index n, [[maybe_unused]] std::initializer_list<Copied> vectors) : RoundedWeights() {
    if constexpr (KeepsWeightCopies<B>)
      for (const Copied& x : vectors)
        if (x.theta != nullptr && x.copy != nullptr && B::read_copy(n, x.theta, x.copy)) ++rounded_;
  }
  RoundedWeights(const RoundedWeights&) = delete;
  RoundedWeights& operator=(const RoundedWeights&) = delete;
  ~RoundedWeights() {
    if constexpr (RoundsWeights<B>)
      for (; rounded_ > 0; --rounded_) B::forget_weights();
  }

 private:
  RoundedWeights() = default;
  int rounded_ = 0;
};

}  // namespace ctp::backend
