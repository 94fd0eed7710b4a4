/// @file   ctp/backend/cpu/product.hpp
/// @brief  Matrix products on the host; the shape alone decides the tiles.
/// @layer  backend
///
/// Each tile uses the kernel of cpu/kernel.hpp, or Eigen's kernel if the target has no wide registers. Eigen's own
/// product would split by the number of threads, which changes bits, and allocate packing buffers in every call.
#pragma once

#include <algorithm>

#include <ctp/backend/cpu/kernel.hpp>
#if !CTP_HAS_KERNEL
#ifndef EIGEN_DONT_PARALLELIZE
#define EIGEN_DONT_PARALLELIZE
#endif
#include <Eigen/Core>
#endif

#include <ctp/core/parallel.hpp>
#include <ctp/core/scratch.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::cpu {

namespace detail {

#if !CTP_HAS_KERNEL
/// Buffers and block sizes for Eigen's kernel, taken from the calling thread's scratch memory.
template <class Real>
struct Blocking : Eigen::internal::level3_blocking<Real, Real> {
  Blocking(Index rows, Index columns, Index depth) {
    this->m_mc = rows;
    this->m_nc = columns;
    this->m_kc = depth;
    Eigen::internal::computeProductBlockingSizes<Real, Real>(this->m_kc, this->m_mc, this->m_nc, Index{1});
    // Eigen packs whole register panels: leave room for the last one.
    constexpr Index panel = 128;
    this->m_blockA =
        thread_scratch<Real, Scratch::PackedLeft>(static_cast<std::size_t>(this->m_kc * (this->m_mc + panel)));
    this->m_blockB =
        thread_scratch<Real, Scratch::PackedRight>(static_cast<std::size_t>(this->m_kc * (this->m_nc + panel)));
  }
};

/// Adds a product to a column-major result. The template arguments give each operand's storage order.
template <class Real, int LeftOrder, int RightOrder>
void add_product(Index rows, Index columns, Index depth, const Real* left, Index left_stride, const Real* right,
                 Index right_stride, Real* result, Index result_stride, Real alpha) {
  Blocking<Real> blocking(rows, columns, depth);
  Eigen::internal::general_matrix_matrix_product<Index, Real, LeftOrder, false, Real, RightOrder, false,
                                                 Eigen::ColMajor, 1>::run(rows, columns, depth, left, left_stride,
                                                                          right, right_stride, result, 1, result_stride,
                                                                          alpha, blocking, nullptr);
}
#endif

/// Division of a length into equal parts of at most `longest`, each a multiple of `step` except the last.
struct EqualParts {
  Index part, parts;
  EqualParts(Index length, Index longest, Index step) {
    const Index wanted = std::max<Index>(1, (length + longest - 1) / longest);
    part = std::max<Index>(step, ((length + wanted - 1) / wanted + step - 1) / step * step);
    parts = std::max<Index>(1, (length + part - 1) / part);
  }
};

}  // namespace detail

/// Products of row-major matrices.
template <class Real>
struct Product {
  /// @brief Matrix product c += alpha op(a) op(b) on the calling thread.
  ///
  /// **Shapes.** op(a) [m,k], op(b) [k,n], c [m,n], rows `lda`, `ldb`, `ldc` apart; op transposes if its flag is
  /// set.
  static void block_product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a,
                            Index lda, const Real* b, Index ldb, Real* c, Index ldc) {
    if (m == 0 || n == 0 || k == 0) return;
#if CTP_HAS_KERNEL
    kernel::product(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, c, ldc);
#else
    // Row-major c is column-major c^T = op(b)^T op(a)^T.
    constexpr int col = Eigen::ColMajor, row = Eigen::RowMajor;
    if (transpose_a)
      transpose_b ? detail::add_product<Real, row, row>(n, m, k, b, ldb, a, lda, c, ldc, alpha)
                  : detail::add_product<Real, col, row>(n, m, k, b, ldb, a, lda, c, ldc, alpha);
    else
      transpose_b ? detail::add_product<Real, row, col>(n, m, k, b, ldb, a, lda, c, ldc, alpha)
                  : detail::add_product<Real, col, col>(n, m, k, b, ldb, a, lda, c, ldc, alpha);
#endif
  }

  /// @brief block_product() on several threads. before(row, rows, column, columns) prepares a tile of c; after(...),
  /// with the same arguments, finishes the tile.
  template <class Before, class After>
  static void tiled_product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, Real alpha, const Real* a,
                            Index lda, const Real* b, Index ldb, Real* c, Index ldc, const Before& before,
                            const After& after) {
    // Small enough that a batch keeps several threads busy, large enough that packing costs a few per cent.
    const detail::EqualParts down(m, 510, 6), across(n, 768, 64);
    parallel_for(down.parts * across.parts, [&](Index tile) {
      const Index i = tile / across.parts * down.part, j = tile % across.parts * across.part;
      const Index rows = std::min(down.part, m - i), columns = std::min(across.part, n - j);
      before(i, rows, j, columns);
      block_product(transpose_a, transpose_b, rows, columns, k, alpha, transpose_a ? a + i : a + i * lda, lda,
                    transpose_b ? b + j * ldb : b + j, ldb, c + i * ldc + j, ldc);
      after(i, rows, j, columns);
    });
  }
};

}  // namespace ctp::backend::cpu
