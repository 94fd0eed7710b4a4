// A backend for tests: the generic host operations with a naive matrix product, without Eigen. Slow.
#pragma once

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/generic/host.hpp>

namespace ctp::test {

/// The two matrix products that a host backend must provide, as three loops.
template <class Real>
struct NaiveProduct {
  static void block_product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a,
                            Index lda, const Real* b, Index ldb, Real* c, Index ldc) {
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j) {
        Real sum = 0;
        for (Index l = 0; l < k; ++l) {
          const Real left = transpose_a ? a[l * lda + i] : a[i * lda + l];
          const Real right = transpose_b ? b[j * ldb + l] : b[l * ldb + j];
          sum += left * right;
        }
        c[i * ldc + j] += alpha * sum;
      }
  }

  template <class Before, class After>
  static void tiled_product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a,
                            Index lda, const Real* b, Index ldb, Real* c, Index ldc, const Before& before,
                            const After& after) {
    before(Index{0}, m, Index{0}, n);
    block_product(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, c, ldc);
    after(Index{0}, m, Index{0}, n);
  }
};

/// The backend of the layers above backend/ in units that must not include Eigen.
template <class RealType = float>
struct TestBackend : backend::generic::Host<TestBackend<RealType>, RealType>, NaiveProduct<RealType> {};

static_assert(backend::Backend<TestBackend<float>>);
static_assert(backend::Backend<TestBackend<double>>);

}  // namespace ctp::test
