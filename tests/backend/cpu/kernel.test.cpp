#include <ctp/backend/cpu/kernel.hpp>

#include <doctest/doctest.h>

#include <support/reference.hpp>

#if CTP_HAS_KERNEL

using ctp::Index;
using reference::at;
using reference::random;
using reference::Values;
namespace kernel = ctp::backend::cpu::kernel;

namespace {

/// Error of the kernel on matrices with gaps between rows; the gaps of c must not change.
template <class Real>
double off_by(bool transpose_a, bool transpose_b, Index m, Index n, Index k) {
  const Index lda = (transpose_a ? m : k) + 3, ldb = (transpose_b ? k : n) + 5, ldc = n + 2;
  const Values a = random((transpose_a ? k : m) * lda, 1), b = random((transpose_b ? n : k) * ldb, 2),
               before = random(m * ldc, 3);
  const Values sum = reference::product(transpose_a, transpose_b, m, n, k, 0.75, a, lda, b, ldb);
  Values expected = before;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) expected[at(i * ldc + j)] += sum[at(i * n + j)];
  const std::vector<Real> x(a.begin(), a.end()), y(b.begin(), b.end());
  std::vector<Real> c(before.begin(), before.end());
  kernel::product<Real>(transpose_a, transpose_b, m, n, k, Real(0.75), x.data(), lda, y.data(), ldb, c.data(), ldc);
  return reference::off(Values(c.begin(), c.end()), expected);
}

}  // namespace

TEST_CASE_TEMPLATE("kernel: products of every shape and orientation are added to the result", Real, float, double) {
  constexpr Index columns = kernel::panel_columns<Real>, lanes = kernel::Lanes<Real>::count;
  constexpr double limit = std::is_same_v<Real, float> ? 1e-5 : 1e-13;
  for (const Index m : {Index{1}, Index{5}, Index{6}, Index{7}, Index{30}})
    for (const Index n : {Index{1}, lanes - 1, lanes, lanes + 1, columns - 1, columns, columns + 1, 2 * columns + 3})
      for (const Index k : {Index{1}, lanes, lanes + 3, 2 * lanes, kernel::longest + 1})
        for (const bool transpose_a : {false, true})
          for (const bool transpose_b : {false, true}) {
            CAPTURE(m);
            CAPTURE(n);
            CAPTURE(k);
            CHECK(off_by<Real>(transpose_a, transpose_b, m, n, k) < limit);
          }
}

TEST_CASE_TEMPLATE("kernel: rows far apart, whose panel is copied", Real, float, double) {
  CHECK(off_by<Real>(false, false, 50, 700, 300) < (std::is_same_v<Real, float> ? 1e-5 : 1e-13));
}

TEST_CASE_TEMPLATE("kernel: a square of registers is transposed", Real, float, double) {
  constexpr int n = kernel::Lanes<Real>::count;
  kernel::Register<Real> x[n];
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) x[i][j] = static_cast<Real>(100 * i + j);
  kernel::transpose<Real>(x);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      const Real found = x[i][j];
      CHECK(found == static_cast<Real>(100 * j + i));
    }
}

#else

TEST_CASE("kernel: is built where the compiler has AVX2 and FMA") {
  MESSAGE("SKIPPED: this build has no AVX2; products are Eigen's");
}

#endif
