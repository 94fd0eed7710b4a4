/// @file   ctp/io/weights/interpolated_positions.hpp
/// @brief  Position embeddings of an image encoder, resampled to another grid of patches.
/// @layer  io
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/bicubic.hpp>
#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp::io {

/// The side g of a table with 1 + g * g positions, those of a class token and of g x g patches; nothing for any other
/// number of positions.
inline std::optional<int> side_of_grid(std::int64_t positions) {
  constexpr std::int64_t most = std::int64_t{1} << 31U;
  if (positions < 2 || positions > most) return std::nullopt;
  const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(positions - 1))));
  if (side * side != positions - 1) return std::nullopt;
  return static_cast<int>(side);
}

namespace detail {

/// @brief Resamples the middle axis. **Shapes.** `in` [outer, weights' inputs, inner], returns [outer, outputs, inner].
inline std::vector<double> resampled(const std::vector<double>& in, std::size_t outer, std::size_t inner,
                                     const BicubicWeights& weights) {
  const std::size_t outputs = weights.spans.size(), inputs = in.size() / (outer * inner);
  std::vector<double> out(outer * outputs * inner, 0.0);
  for (std::size_t row = 0; row < outer; ++row)
    for (std::size_t o = 0; o < outputs; ++o) {
      const auto [first, count] = weights.spans[o];
      double* const to = out.data() + (row * outputs + o) * inner;
      for (int t = 0; t < count; ++t) {
        const double weight = weights.of(o)[t];
        const double* const from = in.data() + (row * inputs + static_cast<std::size_t>(first + t)) * inner;
        for (std::size_t i = 0; i < inner; ++i) to[i] += weight * from[i];
      }
    }
  return out;
}

}  // namespace detail

/// @brief The table of positions of an image encoder for a grid of `side` x `side` patches: antialiased bicubic
/// resampling of the grid, in double. The class token keeps its numbers. A table of that grid is returned as it is.
///
/// **Shapes.** table [1, 1 + g * g, width]: class token, then patches row by row; returns [1, 1 + side * side, width]
/// in float32.  `origin`: the file, for messages.
/// **Errors.** DataError naming file and tensor for any other shape, for a type that has no numbers, and for a finite
/// value that no float holds; UsageError for a side that no model has.
/// **Source.** `timm.layers.resample_abs_pos_embed` of timm 1.0.31 with its defaults, to 1e-5: that is
/// `torch.nn.functional.interpolate(mode="bicubic", antialias=True)`. timm then rounds to the type of the table.
inline NamedTensor interpolated_positions(const NamedTensor& table, int side, const std::string& origin = "") {
  const auto refuse = [&](std::string expected, std::string found, std::string remedy) {
    throw DataError(Complaint{origin.empty() ? "positions" : origin, "tensor " + ctp::quoted(table.name),
                              std::move(expected), std::move(found), std::move(remedy)}
                        .text());
  };
  if (const SizeRange range = size_range("image"); side < range.least || side > range.most)
    throw UsageError(Complaint{"interpolated_positions", "side",
                               "from " + std::to_string(range.least) + " to " + std::to_string(range.most) + " patches",
                               std::to_string(side), ""}
                         .text());
  const bool is_table = table.shape.size() == 3 && table.shape[0] == 1 && table.shape[2] > 0;
  const std::optional<int> own = is_table ? side_of_grid(table.shape[1]) : std::nullopt;
  if (!own)
    refuse("shape [1, 1 + g * g, width]: a class token and the patches of a square picture", table.shape_text(),
           "positions of other grids are not interpolated: keep the image size of the file");
  if (!dtype_is_floating(table.dtype))
    refuse("one of the types F64 F32 F16 BF16", std::string(dtype_name(table.dtype)),
           "store these weights in one of those types");
  if (*own == side) return table;
  const std::vector<double> values = table.as_doubles();
  const auto width = static_cast<std::size_t>(table.shape[2]), g = static_cast<std::size_t>(*own);
  const auto token_end = values.begin() + static_cast<std::ptrdiff_t>(width);
  const BicubicWeights weights = bicubic_weights(*own, side);
  const std::vector<double> narrow = detail::resampled({token_end, values.end()}, g, width, weights);
  const std::vector<double> grid = detail::resampled(narrow, 1, static_cast<std::size_t>(side) * width, weights);
  std::vector<float> out(width + grid.size());
  const auto to_float = [&](double value) {
    const auto rounded = static_cast<float>(value);
    if (std::isfinite(value) && !std::isfinite(rounded))
      refuse("values that a float can hold", std::to_string(value), "these weights are damaged");
    return rounded;
  };
  std::transform(values.begin(), token_end, out.begin(), to_float);
  std::transform(grid.begin(), grid.end(), out.begin() + static_cast<std::ptrdiff_t>(width), to_float);
  return make_named(table.name, {1, 1 + std::int64_t{side} * side, table.shape[2]}, std::span<const float>(out));
}

}  // namespace ctp::io
