/// @file   ctp/backend/cuda/layer_norm.hpp
/// @brief  Layer normalisation with residual and dropout, as kernels.
/// @layer  backend
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <ctp/backend/cuda/kernel/column_sums.hpp>
#include <ctp/backend/cuda/kernel/dropout.hpp>
#include <ctp/backend/cuda/kernel/packed.hpp>
#include <ctp/backend/cuda/kernel/wide_row.hpp>

namespace ctp::backend::cuda {

namespace kernel {

template <class Real>
struct LayerNorm {
  Index d;
  const Real *x, *h;
  Dropout dropout;
  Index rows_per_sample;
  const Real *gain, *bias;
  Real eps;
  Real* sum;
  Stored<Real> y;
  Real *mean, *inverse;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real* in = x + i * d;
    if (h != nullptr) {
      Real* out = sum + i * d;
      for (Index j = team.lane(); j < d; j += team.size())
        out[j] = in[j] + factor_or_one<Real>(dropout, i / rows_per_sample, i % rows_per_sample, d, j) * h[i * d + j];
      in = out;  // each lane reads only the elements that it wrote itself
    }
    Real total = 0;
    for (Index j = team.lane(); j < d; j += team.size()) total += in[j];
    const Real m = team.sum(total) / static_cast<Real>(d);
    Real squares = 0;
    for (Index j = team.lane(); j < d; j += team.size()) squares += (in[j] - m) * (in[j] - m);
    const Real s = Real(1) / std::sqrt(team.sum(squares) / static_cast<Real>(d) + eps);
    for (Index j = team.lane(); j < d; j += team.size()) y.set(i * d + j, (in[j] - m) * s * gain[j] + bias[j]);
    if (team.lane() == 0) {
      mean[i] = m;
      inverse[i] = s;
    }
  }
};

/// `Gradient`: Real or Bfloat16.
template <class Real, class Gradient>
struct LayerNormBackward {
  Index d;
  const Real* sum;
  Dropout dropout;
  Index rows_per_sample;
  const Real *gain, *mean, *inverse;
  const Gradient* dy;
  Real *dx, *dh;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const Real* in = sum + i * d;
    const auto g = [&](Index j) { return static_cast<Real>(dy[i * d + j]); };
    const Real m = mean[i], s = inverse[i];
    Real a = 0, b = 0;
    for (Index j = team.lane(); j < d; j += team.size()) {
      a += g(j) * gain[j];
      b += g(j) * gain[j] * (in[j] - m);
    }
    a = team.sum(a) / static_cast<Real>(d);
    b = team.sum(b) * s * s / static_cast<Real>(d);
    for (Index j = team.lane(); j < d; j += team.size()) {
      const Real ds = s * (g(j) * gain[j] - a - (in[j] - m) * b);
      if (dx != nullptr) dx[i * d + j] += ds;
      if (dh != nullptr)
        dh[i * d + j] += factor_or_one<Real>(dropout, i / rows_per_sample, i % rows_per_sample, d, j) * ds;
    }
  }
};

/// LayerNorm on WideRow, by warps: each row is read once.
template <class Real>
struct LayerNormWide : LayerNorm<Real> {
  static constexpr int least_blocks = 4;
  using LayerNorm<Real>::d;
  using LayerNorm<Real>::x;
  using LayerNorm<Real>::h;
  using LayerNorm<Real>::dropout;
  using LayerNorm<Real>::rows_per_sample;
  using LayerNorm<Real>::gain;
  using LayerNorm<Real>::bias;
  using LayerNorm<Real>::eps;
  using LayerNorm<Real>::sum;
  using LayerNorm<Real>::y;
  using LayerNorm<Real>::mean;
  using LayerNorm<Real>::inverse;

  template <class Team>
  CTP_HD void operator()(const Team& team, Index i) const {
    const WideRow<Real> row{team.lane(), d};
    typename WideRow<Real>::Numbers in = {};
    row.read(x + i * d, in);
    if (h != nullptr) {
      const WideFactors<Real> factor(team, dropout, i / rows_per_sample, i % rows_per_sample, d);
      constexpr int at_once = WideRow<Real>::quads / 2;  // half of the lane's numbers, for few registers
      CTP_UNROLL
      for (int first = 0; first < WideRow<Real>::quads; first += at_once) {
        Quad<Real> branch[at_once] = {};
        row.each(first, first + at_once,
                 [&](int q, int column) { branch[q - first] = read_wide<Quad<Real>>(h + i * d + column); });
        row.each(first, first + at_once, [&](int q, int) {
          CTP_UNROLL
          for (int k = 0; k < 4; ++k) in[q].x[k] += factor(q, k) * branch[q - first].x[k];
        });
      }
      row.write(in, sum + i * d);
    }
    Real total = 0;
    row.each_number([&](int q, int k) { total += in[q].x[k]; });
    const Real m = team.sum(total) / static_cast<Real>(d);
    Real squares = 0;
    row.each_number([&](int q, int k) { squares += (in[q].x[k] - m) * (in[q].x[k] - m); });
    const Real s = Real(1) / std::sqrt(team.sum(squares) / static_cast<Real>(d) + eps);
    row.each([&](int q, int column) {
      const auto gains = read_wide<Quad<Real>>(gain + column), biases = read_wide<Quad<Real>>(bias + column);
      CTP_UNROLL
      for (int k = 0; k < 4; ++k) in[q].x[k] = (in[q].x[k] - m) * s * gains.x[k] + biases.x[k];
    });
    row.each([&](int q, int column) { y.set_four(i * d + column, in[q]); });
    if (team.lane() == 0) {
      mean[i] = m;
      inverse[i] = s;
    }
  }
};

/// @brief LayerNormBackward on WideRow, and the sums of GainAndBiasTerm over the block's rows, in one pass: each row is
/// read once. `dx` and `dh` differ.
///
/// Warp w of block b has the rows b * warps + w + k * blocks * warps, in the order of k, and adds up their terms in
/// shared memory of its own. partial[b, column] is the sum of the block's warps, in their order.
template <class Real, class Gradient>
struct LayerNormBackwardWide : LayerNormBackward<Real, Gradient> {
  static constexpr bool cooperative = true;
  static constexpr int warps = 8, threads = warps * warp_size, least_blocks = 2;
  static constexpr Index most_blocks = 132 * least_blocks;  // of large devices, all at a time
  static constexpr Index least_rows = 2;                    // of a warp, for few parts
  using LayerNormBackward<Real, Gradient>::d;
  using LayerNormBackward<Real, Gradient>::sum;
  using LayerNormBackward<Real, Gradient>::dropout;
  using LayerNormBackward<Real, Gradient>::rows_per_sample;
  using LayerNormBackward<Real, Gradient>::gain;
  using LayerNormBackward<Real, Gradient>::mean;
  using LayerNormBackward<Real, Gradient>::inverse;
  using LayerNormBackward<Real, Gradient>::dy;
  using LayerNormBackward<Real, Gradient>::dx;
  using LayerNormBackward<Real, Gradient>::dh;
  Index rows;
  Two<Real>* partial;

  static Index blocks_of(Index rows) {
    constexpr Index of_block = warps * least_rows;
    return std::min((rows + of_block - 1) / of_block, most_blocks);
  }
  /// At most 64 KB, which every device has.
  static std::size_t shared_bytes(Index d) { return static_cast<std::size_t>(2 * warps * d) * sizeof(Real); }

  template <class Thread>
  CTP_HD void operator()(const Thread& t) const {
    const int warp = t.id() / warp_size;
    Real* const of_block = t.template shared<Real>();
    Real* const of_warp = of_block + warp * 2 * d;
    const WideRow<Real> row{t.id() % warp_size, d};
    row.each([&](int, int column) {
      write_wide(of_warp + column, Quad<Real>{});
      write_wide(of_warp + d + column, Quad<Real>{});
    });
    CTP_KEEP_LOOP
    for (Index i = t.block() * warps + warp; i < rows; i += t.blocks() * warps)
      add_row(Warp<Thread>(t), row, i, of_warp);
    t.sync();
    for (Index column = t.id(); column < d; column += t.threads()) {
      Two<Real> total{};
      CTP_UNROLL
      for (int w = 0; w < warps; ++w) {
        const Real* const sums = of_block + w * 2 * d + column;
        total += Two<Real>{sums[0], sums[d]};
      }
      partial[t.block() * d + column] = total;
    }
  }

 private:
  /// Adds the gradients of row i to dx and dh, and its terms to the sums for gain [d] and then bias [d] at `sums`.
  template <class Team>
  CTP_HD void add_row(const Team& team, const WideRow<Real>& row, Index i, Real* sums) const {
    using Numbers = typename WideRow<Real>::Numbers;
    const Real m = mean[i], s = inverse[i];
    Numbers in = {}, g = {};
    row.read(sum + i * d, in);
    row.read(dy + i * d, g);
    row.each([&](int q, int column) {
      auto of_gain = read_wide<Quad<Real>>(sums + column), of_bias = read_wide<Quad<Real>>(sums + d + column);
      CTP_UNROLL
      for (int k = 0; k < 4; ++k) {
        in[q].x[k] -= m;
        of_gain.x[k] += g[q].x[k] * in[q].x[k] * s;
        of_bias.x[k] += g[q].x[k];
      }
      write_wide(sums + column, of_gain);
      write_wide(sums + d + column, of_bias);
    });
    Real a = 0, b = 0;
    row.each([&](int q, int column) {  // a loop of its own, whose reads do not wait for the writes above
      const auto gains = read_wide<Quad<Real>>(gain + column);
      CTP_UNROLL
      for (int k = 0; k < 4; ++k) {
        g[q].x[k] *= gains.x[k];
        a += g[q].x[k];
        b += g[q].x[k] * in[q].x[k];
      }
    });
    a = team.sum(a) / static_cast<Real>(d);
    b = team.sum(b) * s * s / static_cast<Real>(d);
    row.each_number([&](int q, int k) { g[q].x[k] = s * (g[q].x[k] - a - in[q].x[k] * b); });
    const WideFactors<Real> factor(team, dh == nullptr ? Dropout{} : dropout, i / rows_per_sample, i % rows_per_sample,
                                   d);
    // Half of the lane's numbers at a time: few registers, and still several reads before a write, which could change
    // what is read later.
    constexpr int at_once = WideRow<Real>::quads / 2;
    CTP_UNROLL
    for (int first = 0; first < WideRow<Real>::quads; first += at_once) {
      Quad<Real> of_x[at_once] = {}, of_h[at_once] = {};
      if (dx != nullptr)
        row.each(first, first + at_once,
                 [&](int q, int column) { of_x[q - first] = read_wide<Quad<Real>>(dx + i * d + column); });
      if (dh != nullptr)
        row.each(first, first + at_once,
                 [&](int q, int column) { of_h[q - first] = read_wide<Quad<Real>>(dh + i * d + column); });
      row.each(first, first + at_once, [&](int q, int column) {
        CTP_UNROLL
        for (int k = 0; k < 4; ++k) {
          of_x[q - first].x[k] += g[q].x[k];
          of_h[q - first].x[k] += factor(q, k) * g[q].x[k];
        }
        if (dx != nullptr) write_wide(dx + i * d + column, of_x[q - first]);
        if (dh != nullptr) write_wide(dh + i * d + column, of_h[q - first]);
      });
    }
  }
};

/// Contributions of row `row` to the gradients of gain[column] and bias[column]. `Gradient`: Real or Bfloat16.
template <class Real, class Gradient>
struct GainAndBiasTerm {
  Index d;
  const Real *sum, *mean, *inverse;
  const Gradient* dy;
  struct Loaded {
    Gradient dy;
    Real sum, mean, inverse;
  };
  CTP_HD Loaded read(Index row, Index column) const {
    const Index i = row * d + column;
    return {dy[i], sum[i], mean[row], inverse[row]};
  }
  CTP_HD Two<Real> use(const Loaded& of, Index, Index) const {
    const auto g = static_cast<Real>(of.dy);
    return {g * (of.sum - of.mean) * of.inverse, g};
  }
};

template <class Real>
struct DropElements {
  Index d;
  const Real* x;
  Dropout dropout;
  Index rows_per_sample;
  bool accumulate;
  Real* y;
  CTP_HD void operator()(Index i) const {
    const Index row = i / d;
    const Real f = factor_or_one<Real>(dropout, row / rows_per_sample, row % rows_per_sample, d, i % d);
    y[i] = f * x[i] + (accumulate ? y[i] : Real(0));
  }
};

}  // namespace kernel

/// The operations of generic::LayerNormOps, which documents each of them.
template <class Runtime, class Real>
struct LayerNormOps {
  using Argument = Numbers<Runtime, Real>;

  static void layer_norm(Index rows, Index d, const Real* x, const Real* h, const Dropout& dropout,
                         Index rows_per_sample, const Real* gain, const Real* bias, Real eps, Real* sum, Argument y,
                         Real* mean, Real* inverse) {
    const kernel::LayerNorm<Real> body{d, x, h, dropout, rows_per_sample, gain, bias, eps, sum, y, mean, inverse};
    if (kernel::WideRow<Real>::fits(d, x, h, gain, bias, sum) && body.y.has_fours())
      launch_rows_by_warp<Runtime>(rows, kernel::LayerNormWide<Real>{body});
    else
      launch_rows<Runtime>(rows, d, body);
  }
  static void layer_norm_backward(Index rows, Index d, const Real* sum, const Dropout& dropout, Index rows_per_sample,
                                  const Real* gain, const Real* mean, const Real* inverse, Argument dy, Real* dx,
                                  Real* dh, Real* dgain, Real* dbias) {
    const kernel::Two<Real*> sums{dgain, dbias};
    dy.visit([&]<class Gradient>(const Gradient* g) {
      if (dx != nullptr || dh != nullptr) {
        const kernel::LayerNormBackward<Real, Gradient> body{d, sum, dropout, rows_per_sample, gain, mean, inverse,
                                                             g, dx,  dh};
        if (kernel::WideRow<Real>::fits(d, sum, gain, dx, dh) && dy.has_fours() && dx != dh)
          return backward_wide(rows, body, sums);
        launch_rows<Runtime>(rows, d, body);
      }
      add_column_sums<Runtime>(rows, d, kernel::GainAndBiasTerm<Real, Gradient>{d, sum, mean, inverse, g}, sums);
    });
  }
  static void dropout(Index rows, Index d, const Real* x, const Dropout& dropout, Index rows_per_sample,
                      bool accumulate, Real* y) {
    launch_each<Runtime>(rows * d, kernel::DropElements<Real>{d, x, dropout, rows_per_sample, accumulate, y});
  }

 private:
  template <class Gradient>
  static void backward_wide(Index rows, const kernel::LayerNormBackward<Real, Gradient>& body,
                            const kernel::Two<Real*>& sums) {
    using Body = kernel::LayerNormBackwardWide<Real, Gradient>;
    if (rows <= 0) return;
    const Index parts = Body::blocks_of(rows), d = body.d;
    auto* partial = static_cast<kernel::Two<Real>*>(
        Runtime::scratch(static_cast<std::size_t>(parts * d) * sizeof(kernel::Two<Real>)));
    Runtime::launch(parts, Body::threads, Body::shared_bytes(d), Body{body, rows, partial});
    add_parts<Runtime>(parts, d, partial, sums);
  }
};

}  // namespace ctp::backend::cuda
