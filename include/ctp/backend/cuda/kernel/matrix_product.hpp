/// @file   ctp/backend/cuda/kernel/matrix_product.hpp
/// @brief  Arguments of a runtime's matrix product.
/// @layer  backend
#pragma once

#include <ctp/backend/cuda/kernel/packed.hpp>

namespace ctp::backend::cuda {

/// @brief Arguments of a matrix product d = alpha op(a) op(b) + beta c + bias.
///
/// **Shapes.** op(a) [m,k], op(b) [k,n], c and d [m,n] without gaps; bias [n] or null; all row-major, rows of a and b
/// `lda` and `ldb` apart. c may be d; c is not read if beta is 0. An operand's elements are Real or Packed.
///
/// The runtime rounds operands to its precision, unless `single` is set: then the operands, which must not be Packed,
/// are multiplied as they are.
template <class Real>
struct MatrixProduct {
  struct Operand {
    const void* data = nullptr;
    bool packed = false;
    Operand() = default;
    Operand(const Real* p) : data(p) {}                  // NOLINT: both are operands
    Operand(const Packed* p) : data(p), packed(true) {}  // NOLINT
    Operand(const kernel::Stored<Real>& x) : data(x.template as<const void>()), packed(x.rounded()) {}  // NOLINT
    [[nodiscard]] const Real* plain() const { return static_cast<const Real*>(data); }
  };
  bool transpose_a = false, transpose_b = false;
  Index m = 0, n = 0, k = 0;
  Real alpha = 1;
  Operand a;
  Index lda = 0;
  Operand b;
  Index ldb = 0;
  Real beta = 0;
  const Real* c = nullptr;
  Real* d = nullptr;
  Packed* packed_d = nullptr;  ///< memory of a result that is stored Packed; d is null then, and beta 0
  const Real* bias = nullptr;
  const Packed* packed_bias = nullptr;  ///< the numbers of `bias` as the product of a Packed result reads them, or null
  bool single = false;

  /// Stores the result in `to`, as `to` says. `adds`: added to the numbers there, which are not rounded then.
  void put(const kernel::Stored<Real>& to, bool adds = false) {
    beta = adds ? Real(1) : Real(0);
    if (to.rounded())
      packed_d = to.template as<Packed>();
    else
      c = d = to.template as<Real>();
  }
};

}  // namespace ctp::backend::cuda
