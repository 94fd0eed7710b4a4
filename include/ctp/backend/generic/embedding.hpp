/// @file   ctp/backend/generic/embedding.hpp
/// @brief  Embeddings of tokens and image patches, on host memory.
/// @layer  backend
#pragma once

#include <algorithm>
#include <cstdint>

#include <ctp/backend/normalization.hpp>
#include <ctp/config.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/shape.hpp>

namespace ctp::backend::generic {

/// @brief Embedding of tokens and image patches, for a host backend.
template <class Real>
struct EmbeddingOps {
  /// @brief Token embedding: y[b,l] = words[ids[b,l]] + positions[l] + types[0].
  ///
  /// **Shapes.** ids [batch,length], words [vocabulary,d], positions [>= length,d], types [>= 1,d], y [batch*length,d].
  static void embed(Index batch, Index length, Index d, const std::int32_t* ids, const Real* words,
                    const Real* positions, const Real* types, Real* y) {
    parallel_for(batch, [&](Index b) {
      for (Index l = 0; l < length; ++l) {
        const Real *word = words + ids[b * length + l] * d, *position = positions + l * d;
        Real* out = y + (b * length + l) * d;
        CTP_SIMD
        for (Index j = 0; j < d; ++j) out[j] = word[j] + types[j] + position[j];
      }
    });
  }

  /// @brief Adds the gradients of embed(), in the order of the batch; the padding row of `words` gets no gradient.
  static void embed_backward(Index batch, Index length, Index d, const std::int32_t* ids, std::int32_t padding,
                             const Real* dy, Real* dwords, Real* dpositions, Real* dtypes) {
    parallel_blocks(d, 64, [&](Index begin, Index end) {
      for (Index b = 0; b < batch; ++b)
        for (Index l = 0; l < length; ++l) {
          const std::int32_t id = ids[b * length + l];
          const Real* g = dy + (b * length + l) * d;
          Real *word = dwords + id * d, *position = dpositions + l * d;
          CTP_SIMD
          for (Index j = begin; j < end; ++j) {
            position[j] += g[j];
            dtypes[j] += g[j];
          }
          if (id == padding) continue;
          CTP_SIMD
          for (Index j = begin; j < end; ++j) word[j] += g[j];
        }
    });
  }

  /// @brief Pixel normalisation in single precision: images[b,c,i] = normalized(pixels[b,i,c], c).
  ///
  /// **Shapes.** pixels [batch,area,3], red, green and blue interleaved; images [batch,3,area].
  static void normalize_pixels(Index batch, Index area, const std::uint8_t* pixels, Real* images) {
    parallel_for(batch, [&](Index b) {
      const std::uint8_t* in = pixels + b * area * 3;
      Real* out = images + b * area * 3;
      for (int c = 0; c < 3; ++c) {
        CTP_SIMD
        for (Index i = 0; i < area; ++i) out[c * area + i] = static_cast<Real>(normalized(in[3 * i + c], c));
      }
    });
  }

  /// @brief Cuts images into square patches; each patch becomes one row, ordered by channel, row, column.
  ///
  /// **Shapes.** images [batch,channels,size,size], y [batch*(size/patch)^2, channels*patch*patch].
  static void patches(Index batch, Index channels, Index size, Index patch, const Real* images, Real* y) {
    const Index side = size / patch, area = channels * patch * patch;
    parallel_for(batch * side, [&](Index turn) {
      const Index b = turn / side, py = turn % side;
      for (Index px = 0; px < side; ++px) {
        Real* out = y + ((b * side + py) * side + px) * area;
        for (Index c = 0; c < channels; ++c)
          for (Index row = 0; row < patch; ++row)
            std::copy_n(images + ((b * channels + c) * size + py * patch + row) * size + px * patch, patch,
                        out + (c * patch + row) * patch);
      }
    });
  }

  /// @brief Class token and position embeddings: y[b,0] = class_token + positions[0]; y[b,1+i] = x[b,i] +
  /// positions[1+i].
  ///
  /// **Shapes.** x [batch*n,d], class_token [d], positions [n+1,d], y [batch*(n+1),d].
  static void prepend_class_token(Index batch, Index n, Index d, const Real* x, const Real* class_token,
                                  const Real* positions, Real* y) {
    parallel_for(batch, [&](Index b) {
      for (Index i = 0; i <= n; ++i) {
        const Real *in = i == 0 ? class_token : x + (b * n + i - 1) * d, *position = positions + i * d;
        Real* out = y + (b * (n + 1) + i) * d;
        CTP_SIMD
        for (Index j = 0; j < d; ++j) out[j] = in[j] + position[j];
      }
    });
  }

  /// @brief Adds the gradients of prepend_class_token(), in the order of the batch.
  static void prepend_class_token_backward(Index batch, Index n, Index d, const Real* dy, Real* dx, Real* dclass_token,
                                           Real* dpositions) {
    parallel_for(n + 1, [&](Index i) {
      for (Index b = 0; b < batch; ++b) {
        const Real* g = dy + (b * (n + 1) + i) * d;
        Real *in = i == 0 ? dclass_token : dx + (b * n + i - 1) * d, *position = dpositions + i * d;
        CTP_SIMD
        for (Index j = 0; j < d; ++j) {
          in[j] += g[j];
          position[j] += g[j];
        }
      }
    });
  }
};

}  // namespace ctp::backend::generic
