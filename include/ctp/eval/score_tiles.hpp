/// @file   ctp/eval/score_tiles.hpp
/// @brief  All inner products of two lists of features, handed out tile by tile and never held at once.
/// @layer  eval
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/core/error.hpp>

namespace ctp::eval {

/// @brief Where scores are computed, in place of a backend: here, tile by tile.
struct Host {};
/// Where scores are computed: on the host, or on a backend.
template <class W>
concept Place = std::same_as<W, Host> || backend::Backend<W>;

/// @brief A block of the score matrix: rows row .. row + rows, columns column .. column + columns.
template <class Real>
struct ScoreTile {
  std::size_t row = 0, column = 0;    ///< of the block's first score
  std::size_t rows = 0, columns = 0;  ///< at least 1 each
  std::size_t stride = 0;             ///< between rows of `values`
  const Real* values = nullptr;

  [[nodiscard]] const Real* line(std::size_t r) const { return values + r * stride; }
  /// True if every score of the block is a finite number.
  [[nodiscard]] bool finite() const {
    int bad = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      const Real* x = line(r);
      for (std::size_t c = 0; c < columns; ++c) bad |= static_cast<int>(!(x[c] - x[c] == Real(0)));
    }
    return bad == 0;
  }
};

namespace detail {

// Bytes of the widest registers the compiler may use. The kernel below keeps (rows x 2) of them as sums. A device
// compiler's host pass gets plain scalars, as vector types of the host compiler need not exist there.
#if defined(__CUDACC__) || !(defined(__GNUC__) || defined(__clang__))
inline constexpr std::size_t vector_bytes = 0;
#elif defined(__AVX512F__)
inline constexpr std::size_t vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr std::size_t vector_bytes = 32;
#else
inline constexpr std::size_t vector_bytes = 16;
#endif

template <class Real, std::size_t Bytes>
struct Lanes {
#if !defined(__CUDACC__) && (defined(__GNUC__) || defined(__clang__))
  typedef Real Type __attribute__((vector_size(Bytes)));
#endif
  static constexpr std::size_t count = Bytes / sizeof(Real);
};
template <class Real>
struct Lanes<Real, 0> {
  using Type = Real;
  static constexpr std::size_t count = 1;
};

/// Multiplies `rows` packed rows with 2 * lanes packed columns. Every score is one chain of sums over the width,
/// whatever its place in the tile: equal features have equal scores, to the last bit.
template <class Real, std::size_t Bytes = vector_bytes>
struct ScoreKernel {
  static constexpr std::size_t lanes = Lanes<Real, Bytes>::count;
  static constexpr std::size_t rows = Bytes == 64 ? 12 : 6;  // 2 * rows sums and three operands fit the registers
  static constexpr std::size_t columns = 2 * lanes;

  /// **Shapes.** a: [width, rows], b: [width, columns], out: [rows, columns].
  static void run(const Real* a, const Real* b, std::size_t width, Real* out) {
    using Vector = typename Lanes<Real, Bytes>::Type;
    [&]<std::size_t... R>(std::index_sequence<R...>) {
      // Spelt out by the compiler at any optimisation level: only then do the sums stay in registers.
      Vector sums[rows][2] = {};
      for (std::size_t k = 0; k < width; ++k, a += rows, b += columns) {
        Vector left, right;
        std::memcpy(&left, b, sizeof(Vector));
        std::memcpy(&right, b + lanes, sizeof(Vector));
        ((sums[R][0] += a[R] * left, sums[R][1] += a[R] * right), ...);
      }
      (std::memcpy(out + R * columns, &sums[R][0], sizeof(Vector)), ...);
      (std::memcpy(out + R * columns + lanes, &sums[R][1], sizeof(Vector)), ...);
    }(std::make_index_sequence<rows>{});
  }
};

/// Packs features [count, width] as panels [panels, width, Panel], with zeros behind the last row.
template <std::size_t Panel, class Real>
void pack_panels(const Real* features, std::size_t count, std::size_t width, std::vector<Real>& out) {
  const std::size_t panels = (count + Panel - 1) / Panel;
  out.resize(panels * Panel * width);
  for (std::size_t p = 0; p < panels; ++p) {
    Real* panel = out.data() + p * Panel * width;
    for (std::size_t r = 0; r < Panel; ++r) {
      const std::size_t row = p * Panel + r;
      for (std::size_t k = 0; k < width; ++k) panel[k * Panel + r] = row < count ? features[row * width + k] : Real(0);
    }
  }
}

}  // namespace detail

/// @brief Calls `visit(ScoreTile)` for tiles that together cover left * right^T once.
///
/// For each row, columns come in rising order. Which value a score has does not depend on its tile or on how many rows
/// and columns there are. Beside the features, memory for one packed copy of `left` and a small part of `right` is
/// used.
/// **Shapes.** left: [rows, width], right: [columns, width], row-major.
/// **Errors.** ShapeError if a list does not consist of whole rows.
template <class Real, class Visit, class Kernel = detail::ScoreKernel<Real>>
void for_each_score_tile(std::span<const Real> left, std::span<const Real> right, std::size_t width, Visit&& visit) {
  if (width == 0 || left.size() % width != 0 || right.size() % width != 0) {
    throw ShapeError("for_each_score_tile: left holds " + std::to_string(left.size()) + " and right " +
                     std::to_string(right.size()) + " numbers, but rows are " + std::to_string(width) +
                     " wide; both must be whole rows");
  }
  const std::size_t rows = left.size() / width, columns = right.size() / width;
  constexpr std::size_t cache_bytes = 256U << 10U;  // of packed columns, so that they stay close to the core
  const std::size_t panel = Kernel::columns * width;
  const std::size_t block = std::max<std::size_t>(1, cache_bytes / (panel * sizeof(Real))) * Kernel::columns;
  std::vector<Real> packed_left, packed_right;
  detail::pack_panels<Kernel::rows>(left.data(), rows, width, packed_left);
  alignas(64) Real values[Kernel::rows * Kernel::columns];

  for (std::size_t first = 0; first < columns; first += block) {
    const std::size_t count = std::min(block, columns - first);
    detail::pack_panels<Kernel::columns>(right.data() + first * width, count, width, packed_right);
    for (std::size_t row = 0; row < rows; row += Kernel::rows) {
      for (std::size_t c = 0; c < count; c += Kernel::columns) {
        Kernel::run(packed_left.data() + row * width, packed_right.data() + c * width, width, values);
        visit(ScoreTile<Real>{row, first + c, std::min(Kernel::rows, rows - row), std::min(Kernel::columns, count - c),
                              Kernel::columns, values});
      }
    }
  }
}

}  // namespace ctp::eval
