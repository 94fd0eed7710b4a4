/// @file   ctp/train/thetas.hpp
/// @brief  Online, previous and momentum parameter vectors.
/// @layer  train
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include <ctp/backend/rounded_weights.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/train/parameters/kept_copy.hpp>

namespace ctp {

/// @brief Up to three parameter vectors [size] in one buffer, at a constant stride: online, previous, momentum. A
/// vector that the strategy does not keep has no memory.
///
/// On a backend whose products round weights each vector has a rounded copy, which is kept from step to step as long as
/// all that changes the vector is known here: begin_task(), set_weights(), visit(), and the work of change_online() and
/// change_momentum(). Whoever has a pointer may write through it at any time. Once a pointer for writing was given
/// away, every step rounds all vectors.
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
  /// Gives a pointer for writing away, as previous() and momentum() of a Thetas that is not const. To read, use
  /// std::as_const().
  [[nodiscard]] Real* online() { return given(0); }
  [[nodiscard]] const Real* online() const { return at(0); }
  /// Null if the strategy does not keep the previous model; momentum() likewise.
  [[nodiscard]] Real* previous() { return given(previous_); }
  [[nodiscard]] const Real* previous() const { return at(previous_); }
  [[nodiscard]] Real* momentum() { return given(momentum_); }
  [[nodiscard]] const Real* momentum() const { return at(momentum_); }

  /// The weights of a new task: copies the online weights to the momentum weights and, `with_previous`, to the
  /// previous.
  void begin_task(bool with_previous) {
    forget_copies();
    if (with_previous && previous_ >= 0) Backend::copy(at(0), size_, at(previous_));
    if (momentum_ >= 0) Backend::copy(at(0), size_, at(momentum_));
  }
  /// Calls work(theta), which changes `places` of the online weights by the backend's passes over parameters, each
  /// place once, and keeps no address.
  template <class Work>
  void change_online(Index places, const Work& work) {
    change(0, places, work);
  }
  /// As change_online(), for all momentum weights.
  template <class Work>
  void change_momentum(const Work& work) {
    change(momentum_, size_, work);
  }

  /// The vectors, or what they are used for, may have been changed: the next step rounds all of them.
  void forget_copies() {
    for (KeptCopy<Backend>& copy : copies_) copy.forget();
  }
  /// Rounds those vectors of a step whose copies are not those of their values. `with_previous`: the step has a
  /// previous model.
  void round(bool with_previous) {
    if (given_) forget_copies();
    for (const Index row : {Index{0}, momentum_, with_previous ? previous_ : -1})
      if (row >= 0) copies_[static_cast<std::size_t>(row)].refresh(size_, at(row));
  }
  /// The scope of one step's forward and backward pass, behind round(): the vectors do not change, and products read
  /// the copies.
  [[nodiscard]] backend::RoundedWeights<Backend> constant(bool with_previous) const {
    return {size_, {copied(0), copied(momentum_), copied(with_previous ? previous_ : -1)}};
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
    forget_copies();
    Backend::upload(host.data(), n, at(0));
  }

  /// Calls archive("theta", member). The archive keeps no address of the member.
  template <class Archive>
  void visit(Archive& archive) {
    forget_copies();
    archive("theta", memory_);
  }

 private:
  using Copied = typename backend::RoundedWeights<Backend>::Copied;

  [[nodiscard]] Real* given(Index row) {
    given_ = true;
    return at(row);
  }
  [[nodiscard]] Real* at(Index row) { return row < 0 ? nullptr : memory_.data() + row * size_; }
  [[nodiscard]] const Real* at(Index row) const { return row < 0 ? nullptr : memory_.data() + row * size_; }

  [[nodiscard]] Copied copied(Index row) const {
    return row < 0 ? Copied{} : Copied{at(row), copies_[static_cast<std::size_t>(row)].fresh()};
  }
  template <class Work>
  void change(Index row, Index places, const Work& work) {
    copies_[static_cast<std::size_t>(row)].change(size_, at(row), places, [&] { work(at(row)); });
  }

  Index size_, previous_, momentum_;
  Buffer<Real, Backend> memory_;
  std::array<KeptCopy<Backend>, 3> copies_;  ///< in the order of the vectors
  bool given_ = false;                       ///< whether somebody else may write to the vectors
};

}  // namespace ctp
