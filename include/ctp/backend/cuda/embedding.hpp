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

/// Rows of a multiple of four columns: the four neighbours from 4 i on.
template <class Real>
struct PrependClassTokenOfFour {
  Divisor quads, tokens;  ///< of a row: its quads; of an image: its tokens
  const Real *x, *class_token, *positions;
  Real* y;

  struct Loaded {
    Quad<Real> token, position;
  };
  [[nodiscard]] CTP_HD Loaded read(Index i) const {
    const auto row = quads(static_cast<std::uint32_t>(i)), image = tokens(row.quotient);
    const std::uint32_t d = 4 * quads.divisor(), column = 4 * row.remainder, token = image.remainder;
    const Real* from = token == 0 ? class_token : x + (row.quotient - image.quotient - 1) * d;
    return {read_wide<Quad<Real>>(from + column), read_wide<Quad<Real>>(positions + (token * d + column))};
  }
  CTP_HD void use(const Loaded& loaded, Index i) const {
    Quad<Real> sum;
    CTP_UNROLL
    for (int k = 0; k < 4; ++k) sum.x[k] = loaded.token.x[k] + loaded.position.x[k];
    write_wide(y + 4 * i, sum);
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

/// Rows of a multiple of four columns: the four neighbours from 4 i on.
template <class Real>
struct PrependClassTokenBackwardOfFour {
  Divisor quads;  ///< of the patches of an image
  Index d;
  const Real* dy;
  Real* dx;

  struct Loaded {
    Quad<Real> dy, dx;
  };
  [[nodiscard]] CTP_HD Loaded read(Index i) const {
    const Index b = quads(static_cast<std::uint32_t>(i)).quotient;
    return {read_wide<Quad<Real>>(dy + (4 * i + (b + 1) * d)), read_wide<Quad<Real>>(dx + 4 * i)};
  }
  CTP_HD void use(Loaded loaded, Index i) const {
    CTP_UNROLL
    for (int k = 0; k < 4; ++k) loaded.dx.x[k] += loaded.dy.x[k];
    write_wide(dx + 4 * i, loaded.dx);
  }
};

/// True if rows of d of `size` numbers at these addresses have aligned fours, with indices that a Divisor takes.
template <class Real, class... Pointer>
bool has_fours(Index size, Index d, const Pointer*... p) {
  return d % 4 == 0 && size <= Divisor::limit && (is_aligned<Quad<Real>>(p) && ...);
}

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
    launch_scatter<Runtime>(batch * length, d, dy, ids, padding, dwords);
    add_column_sums<Runtime>(batch, length * d, kernel::PositionTerm<Real>{length * d, dy}, dpositions);
    add_column_sums<Runtime>(batch * length, d, kernel::Element<Real>{d, dy}, dtypes);
  }
  static void normalize_pixels(Index batch, Index area, const std::uint8_t* pixels, Real* images) {
    launch_each<Runtime>(batch * area, kernel::NormalizePixels<Real>{area, pixels, images});
  }
  static void patches(Index batch, Index channels, Index size, Index patch, const Real* images,
                      Numbers<Runtime, Real> y) {
    const Index side = size / patch, n = batch * side * side * channels * patch * patch;
    using kernel::Divisor;
    if (n > 0 && patch % 4 == 0 && y.has_fours() &&
        kernel::has_fours<Real>(batch * channels * size * size, size, images))
      launch_each<Runtime>(
          n / 4, kernel::PatchesOfFour<Real>{Divisor(patch / 4), Divisor(patch), Divisor(channels), Divisor(side),
                                             static_cast<std::uint32_t>(size), images, y});
    else
      launch_each<Runtime>(n, kernel::Patches<Real>{channels, size, patch, images, y});
  }
  static void prepend_class_token(Index batch, Index n, Index d, const Real* x, const Real* class_token,
                                  const Real* positions, Real* y) {
    const Index size = batch * (n + 1) * d;
    using kernel::Divisor;
    if (size > 0 && kernel::has_fours<Real>(size, d, x, class_token, positions, y))
      launch_each<Runtime>(size / 4, kernel::PrependClassTokenOfFour<Real>{Divisor(d / 4), Divisor(n + 1), x,
                                                                           class_token, positions, y});
    else
      launch_each<Runtime>(size, kernel::PrependClassToken<Real>{n, d, x, class_token, positions, y});
  }
  static void prepend_class_token_backward(Index batch, Index n, Index d, const Real* dy, Real* dx, Real* dclass_token,
                                           Real* dpositions) {
    const Index of_patches = batch * n * d, size = (n + 1) * d;
    if (of_patches > 0 && kernel::has_fours<Real>(of_patches, d, dy, dx))
      launch_each<Runtime>(of_patches / 4,
                           kernel::PrependClassTokenBackwardOfFour<Real>{kernel::Divisor(n * d / 4), d, dy, dx});
    else
      launch_each<Runtime>(of_patches, kernel::PrependClassTokenBackward<Real>{n, d, dy, dx});
    add_column_sums<Runtime>(batch, d, kernel::PositionTerm<Real>{size, dy}, dclass_token);
    add_column_sums<Runtime>(batch, size, kernel::PositionTerm<Real>{size, dy}, dpositions);
  }
};

}  // namespace ctp::backend::cuda
