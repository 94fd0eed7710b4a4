/// @file   ctp/autograd/operand.hpp
/// @brief  A value that one matrix product reads and nobody else.
/// @layer  autograd
#pragma once

#include <type_traits>
#include <utility>

#include <ctp/autograd/pass.hpp>
#include <ctp/backend/packed.hpp>

namespace ctp {

/// @brief The rows [n,k] that a product will read: in the form the backend's products want, and with a gradient that
/// the product's backward pass writes, so that it need not be zero before.
///
/// Whoever makes one gives it away, to linear() or the like, and must do so, for else its gradient is never written. It
/// cannot be copied.
template <class BackendType>
class [[nodiscard]] Operand {
 public:
  using Backend = BackendType;
  using Real = typename Backend::Real;

  Operand(const Pass<Backend>& pass, Shape<2> rows) : shape(rows) {
    Tape<Backend>& tape = *pass.tape;
    const std::size_t bytes = backend::packed_bytes<Backend>(count(rows)),
                      level = pass.differentiates() ? 0 : pass.level;
    value = reinterpret_cast<backend::Packed<Backend>*>(tape.memory(level).allocate(bytes));
    if (pass.differentiates()) grad = tape.unzeroed(pass.level).template allocate_array<Real>(count(rows));
  }
  Operand(const Operand&) = delete;
  Operand(Operand&& other) noexcept
      : shape(other.shape), value(std::exchange(other.value, nullptr)), grad(std::exchange(other.grad, nullptr)) {}
  Operand& operator=(const Operand&) = delete;
  Operand& operator=(Operand&&) = delete;
  ~Operand() = default;

  Shape<2> shape;
  backend::Packed<Backend>* value = nullptr;
  Real* grad = nullptr;  ///< null when nobody will differentiate it
};

namespace detail {

/// What an operation reads or makes, of either kind, as its closure keeps it.
template <class Real, class Number>
struct Rows {
  Shape<2> shape;
  Number* value;
  Real* grad;
  bool overwrite_grad;  ///< whether the gradient is written before it is added to
};
template <class B>
auto rows(const Variable<2, B>& x) {
  using Real = typename B::Real;
  return Rows<Real, Real>{x.value.shape, x.value.data, x.grad.data, false};
}
template <class B>
auto rows(const Operand<B>& x) {
  return Rows<typename B::Real, backend::Packed<B>>{x.shape, x.value, x.grad, true};
}
/// What an operation is given to read. **Errors.** UsageError if it was given away before.
template <class B>
auto taken(Operand<B>&& given) {
  const Operand<B> x = std::move(given);
  require(x.value != nullptr, "operand", "it was given away before; what several products read is a Variable");
  return rows(x);
}

/// A new value of the kind `Made`, Variable<2, B> or Operand<B>.
template <class Made, class B>
Made make(const Pass<B>& pass, Shape<2> shape) {
  if constexpr (std::is_same_v<Made, Operand<B>>)
    return Operand<B>(pass, shape);
  else
    return pass.make(shape);
}

}  // namespace detail

}  // namespace ctp
