#include <ctp/backend/generic/host.hpp>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::Index;

namespace {
/// A minimal host backend: two products, here as three loops.
struct Loops : ctp::backend::generic::Host<Loops, double> {
  static void block_product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, double alpha,
                            const double* a, Index lda, const double* b, Index ldb, double* c, Index ldc) {
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j)
        for (Index l = 0; l < k; ++l)
          c[i * ldc + j] +=
              alpha * a[transpose_a ? l * lda + i : i * lda + l] * b[transpose_b ? j * ldb + l : l * ldb + j];
  }
  template <class Before, class After>
  static void tiled_product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, double alpha,
                            const double* a, Index lda, const double* b, Index ldb, double* c, Index ldc,
                            const Before& before, const After& after) {
    before(0, m, 0, n);
    block_product(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, c, ldc);
    after(0, m, 0, n);
  }
};
}  // namespace

static_assert(ctp::backend::Backend<Loops>, "two products are enough");

TEST_CASE("host: two products make a complete backend") {
  constexpr Index n = 5, k = 7, m = 3;
  const auto x = reference::random(n * k, 1), w = reference::random(m * k, 2), bias = reference::random(m, 3);
  auto expected = reference::product(false, true, n, m, k, 1, x, k, w, k);
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += bias[i % 3];
  auto bx = reference::put<Loops>(x), bw = reference::put<Loops>(w), bb = reference::put<Loops>(bias);
  auto y = reference::room<Loops>(n * m);
  Loops::linear(n, k, m, bx.data(), bw.data(), bb.data(), nullptr, y.data(), nullptr);
  CHECK(reference::off<Loops>(y, expected) < 1e-13);
}
