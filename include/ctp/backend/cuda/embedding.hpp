/// @file   ctp/backend/cuda/embedding.hpp
/// @brief  Embeddings of tokens and image patches, as kernels.
/// @layer  backend
#pragma once

#include <cstdint>

#include <ctp/backend/cuda/kernel/column_sums.hpp>
#include <ctp/backend/cuda/kernel/divisor.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/rows.hpp>
#include <ctp/backend/normalization.hpp>

namespace ctp::backend::cuda {

namespace kernel {

template <class Real>
struct Embed {
  Index length, d;
  const std::int32_t* ids;
  const Real *words, *positions, *types;
  Real* y;
  CTP_HD void operator()(Index i) const {
    const Index token = i / d, j = i % d;
    y[i] = words[ids[token] * d + j] + types[j] + positions[token % length * d + j];
  }
};

/// Contribution of batch entry `b` to the gradient of element `column` of the table of positions.
template <class Real>
struct PositionTerm {
  Index size;  ///< elements of one batch entry
  const Real* dy;
  CTP_HD Real operator()(Index b, Index column) const { return dy[b * size + column]; }
};

template <class Real>
struct NormalizePixels {
  Index area;
  const std::uint8_t* pixels;
  Real* images;
  CTP_HD void operator()(Index i) const {  // i: pixel of the batch
    const std::uint8_t* in = pixels + 3 * i;
    Real* out = images + i / area * 3 * area + i % area;
    for (int c = 0; c < 3; ++c) out[c * area] = static_cast<Real>(normalized(in[c], c));
  }
};

template <class Real>
struct Patches {
  Index channels, size, patch;
  const Real* images;
  Stored<Real> y;
  CTP_HD void operator()(Index i) const {  // i: element of y [batch, side, side, channels, patch, patch]
    const Index side = size / patch;
    const Index column = i % patch, row = i / patch % patch, c = i / (patch * patch) % channels;
    const Index at = i / (patch * patch * channels), px = at % side, py = at / side % side, b = at / (side * side);
    y.set(i, images[((b * channels + c) * size + py * patch + row) * size + px * patch + column]);
  }
};

/// Patches of a multiple of four columns: the four neighbours from 4 i on.
template <class Real>
struct PatchesOfFour {
  Divisor quads, patch, channels, side;  ///< of the row of a patch: its quads
  std::uint32_t size;
  const Real* images;
  Stored<Real> y;
  [[nodiscard]] CTP_HD Quad<Real> read(Index i) const {
    const auto in_row = quads(static_cast<std::uint32_t>(i));
    const auto row = patch(in_row.quotient), c = channels(row.quotient), px = side(c.quotient), py = side(px.quotient);
    const std::uint32_t plane = py.quotient * channels.divisor() + c.remainder;
    const std::uint32_t y_of_image = py.remainder * patch.divisor() + row.remainder;
    const std::uint32_t x_of_image = px.remainder * patch.divisor() + 4 * in_row.remainder;
    return read_wide<Quad<Real>>(images + ((plane * size + y_of_image) * size + x_of_image));
  }
  CTP_HD void use(const Quad<Real>& four, Index i) const { y.set_four(4 * i, four); }

  /// True if patches and images are such.
  static bool fits(Index pixels, Index size, Index patch, const Real* images, const Stored<Real>& y) {
    return patch % 4 == 0 && size % 4 == 0 && pixels <= Divisor::limit && is_aligned<Quad<Real>>(images) &&
           y.has_fours();
  }
};

template <class Real>
struct PrependClassToken {
  Index n, d;
  const Real *x, *class_token, *positions;
  Real* y;
  CTP_HD void operator()(Index i) const {  // i: element of y [batch, n + 1, d]
    const Index j = i % d, token = i / d % (n + 1), b = i / (d * (n + 1));
    y[i] = (token == 0 ? class_token[j] : x[(b * n + token - 1) * d + j]) + positions[token * d + j];
  }
};

template <class Real>
struct PrependClassTokenBackward {
  Index n, d;
  const Real* dy;
  Real* dx;
  CTP_HD void operator()(Index i) const {  // i: element of dx [batch, n, d]
    const Index b = i / (n * d);
    dx[i] += dy[i + (b + 1) * d];
  }
};

}  // namespace kernel

/// The operations of generic::EmbeddingOps, which documents each of them.
template <class Runtime, class Real>
struct EmbeddingOps {
  static void embed(Index batch, Index length, Index d, const std::int32_t* ids, const Real* words,
                    const Real* positions, const Real* types, Real* y) {
    launch_each<Runtime>(batch * length * d, kernel::Embed<Real>{length, d, ids, words, positions, types, y});
  }
  static void embed_backward(Index batch, Index length, Index d, const std::int32_t* ids, std::int32_t padding,
                             const Real* dy, Real* dwords, Real* dpositions, Real* dtypes) {
    const kernel::ScatterAddRows<Real> words{batch * length, d, dy, ids, padding, dwords};
    launch_rows_by_warp<Runtime>(words.tasks(), words);
    add_column_sums<Runtime>(batch, length * d, kernel::PositionTerm<Real>{length * d, dy}, dpositions);
    add_column_sums<Runtime>(batch * length, d, kernel::Element<Real>{d, dy}, dtypes);
  }
  static void normalize_pixels(Index batch, Index area, const std::uint8_t* pixels, Real* images) {
    launch_each<Runtime>(batch * area, kernel::NormalizePixels<Real>{area, pixels, images});
  }
  static void patches(Index batch, Index channels, Index size, Index patch, const Real* images,
                      Numbers<Runtime, Real> y) {
    const Index side = size / patch, n = batch * side * side * channels * patch * patch;
    using OfFour = kernel::PatchesOfFour<Real>;
    using kernel::Divisor;
    if (n > 0 && OfFour::fits(batch * channels * size * size, size, patch, images, y))
      launch_each<Runtime>(n / 4, OfFour{Divisor(patch / 4), Divisor(patch), Divisor(channels), Divisor(side),
                                         static_cast<std::uint32_t>(size), images, y});
    else
      launch_each<Runtime>(n, kernel::Patches<Real>{channels, size, patch, images, y});
  }
  static void prepend_class_token(Index batch, Index n, Index d, const Real* x, const Real* class_token,
                                  const Real* positions, Real* y) {
    launch_each<Runtime>(batch * (n + 1) * d, kernel::PrependClassToken<Real>{n, d, x, class_token, positions, y});
  }
  static void prepend_class_token_backward(Index batch, Index n, Index d, const Real* dy, Real* dx, Real* dclass_token,
                                           Real* dpositions) {
    if (n > 0) launch_each<Runtime>(batch * n * d, kernel::PrependClassTokenBackward<Real>{n, d, dy, dx});
    const Index size = (n + 1) * d;
    add_column_sums<Runtime>(batch, d, kernel::PositionTerm<Real>{size, dy}, dclass_token);
    add_column_sums<Runtime>(batch, size, kernel::PositionTerm<Real>{size, dy}, dpositions);
  }
};

}  // namespace ctp::backend::cuda
