/// @file   ctp/nn/convolution.hpp
/// @brief  3x3 convolution over a square grid, stored as one row per cell.
/// @layer  nn
#pragma once

#include <cstdint>
#include <string>

#include <ctp/autograd/linear.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/config.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp::nn {

namespace detail {
/// row[9 c + k] = row of x of the k-th of the 3x3 cells around output cell c. At the border: of the nearest cell.
struct NeighbourRows {
  Index side, out, stride;
  std::int32_t* row;

  CTP_HD void operator()(Index i) const {
    const Index k = i % 9, column = i / 9 % out, line = i / 9 / out % out, image = i / 9 / (out * out);
    const Index y = inside(line * stride + k / 3 - 1), x = inside(column * stride + k % 3 - 1);
    row[i] = static_cast<std::int32_t>((image * side + y) * side + x);
  }
  [[nodiscard]] CTP_HD Index inside(Index at) const { return at < 0 ? 0 : at < side ? at : side - 1; }
};
}  // namespace detail

/// @brief im2col: each row of the result is a 3x3 window of the grid, nine cells concatenated line by line.
///
/// `stride` is the distance of the windows' centres. Padding repeats the border: the nearest cell replaces a missing
/// one.
/// **Shapes.** x [batch*side*side,d] -> [batch*out*out,9*d], out = side / stride rounded up.  **Errors.** ShapeError.
/// **Gradient.** to x.
template <class B>
Variable<2, B> neighbourhoods(const Pass<B>& pass, Variable<2, B> x, Index batch, Index side, Index stride) {
  require_shape(batch > 0 && side > 0 && x.value.shape[0] == batch * side * side, "neighbourhoods", "x", x.value.shape,
                "grid", Shape<3>{batch, side, side}, "each cell of each grid is one row");
  require_shape(stride > 0, "neighbourhoods", "stride", Shape<1>{stride}, "at least", Shape<1>{1},
                "windows advance by a positive stride");
  const Index out = (side + stride - 1) / stride, d = x.value.shape[1], cells = batch * out * out;
  const auto row = pass.tape->template make<std::int32_t>(Shape<1>{9 * cells});
  B::for_each(9 * cells, detail::NeighbourRows{side, out, stride, row.data});
  const auto y = gather_rows(pass, x, row);
  const Shape<2> wide{cells, 9 * d};
  return {y.value.reshaped(wide), y.grad ? y.grad.reshaped(wide) : y.grad};
}

/// @brief 3x3 convolution with replicate padding: neighbourhoods() times weights, plus a bias.
///
/// **Shapes.** x [batch*side*side,in] -> [batch*out*out,out channels]; weight [out channels,9*in], the nine cells line
/// by line.  **Gradient.** to x, weight and bias.  **Source.** LeCun et al. 1989, Neural Computation 1(4), section 3.
struct Convolution {
  Parameter<2> weight;
  Parameter<1> bias;
  Index stride;

  Convolution(Layout& layout, const std::string& name, Index out, Index in, Index step = 1)
      : weight(layout.add<2>(name + ".weight", {out, 9 * in}, Start::Weight)),
        bias(layout.add<1>(name + ".bias", {out}, Start::Zeros)),
        stride(step) {}

  template <class B>
  Variable<2, B> operator()(const Pass<B>& pass, Variable<2, B> x, Index batch, Index side) const {
    return linear(pass, neighbourhoods(pass, x, batch, side, stride), pass[weight], pass[bias]);
  }
  template <class B>
  Variable<2, B> with_gelu(const Pass<B>& pass, Variable<2, B> x, Index batch, Index side) const {
    return linear_gelu(pass, neighbourhoods(pass, x, batch, side, stride), pass[weight], pass[bias]);
  }
};

}  // namespace ctp::nn
