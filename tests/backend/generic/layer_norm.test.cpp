#include <ctp/backend/generic/layer_norm.hpp>

#include <utility>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::Index;
using reference::at;
using reference::off;
using reference::put;
using reference::random;
using reference::rounding;
using reference::Values;

namespace {
constexpr Index batch = 5, per_sample = 13, rows = batch * per_sample, d = 131;
constexpr double eps = 1e-5;
const std::vector<std::uint32_t> samples = {9, 4, 4000, 0, 77};

/// The dropout layer on B's memory; `ordinals` must outlive the result.
template <class B>
ctp::backend::Dropout layer_on(const ctp::Buffer<std::uint32_t, B>& ordinals, float probability) {
  return {probability, {11, 12}, 2, 3, ordinals.data(), 6};
}

struct Normed {
  Values y, dx, dgain, dbias;
};
/// Gradient by the definition: the derivative of each normalised number to each number of its row.
Normed normed(const Values& x, const Values& gain, const Values& bias, const Values& dy) {
  Normed r{{}, Values(x.size()), Values(at(d)), Values(at(d))};
  for (Index i = 0; i < rows; ++i) {
    const Values in = reference::row(x, i, d), g = reference::row(dy, i, d);
    double mean = 0, variance = 0;
    for (const double v : in) mean += v / double(d);
    for (const double v : in) variance += (v - mean) * (v - mean) / double(d);
    const double s = 1 / std::sqrt(variance + eps);
    for (Index j = 0; j < d; ++j) {
      const double unit = (in[at(j)] - mean) * s;
      r.y.push_back(gain[at(j)] * unit + bias[at(j)]);
      r.dgain[at(j)] += g[at(j)] * unit;
      r.dbias[at(j)] += g[at(j)];
      for (Index k = 0; k < d; ++k) {
        const double unit_k = (in[at(k)] - mean) * s;
        r.dx[at(i * d + j)] +=
            g[at(k)] * gain[at(k)] * s * ((j == k ? 1.0 : 0.0) - 1 / double(d) - unit_k * unit / double(d));
      }
    }
  }
  return r;
}
}  // namespace

TEST_CASE_TEMPLATE("layer norm: rows get mean 0 and variance 1, then gain and bias; gradients are added", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const Values x = random(rows * d, 1), gain = random(d, 2), bias = random(d, 3), dy = random(rows * d, 4);
  const Values dx = random(rows * d, 5), dgain = random(d, 6), dbias = random(d, 7);
  const Normed expected = normed(x, gain, bias, dy);
  auto bx = put<B>(x), bgain = put<B>(gain), bbias = put<B>(bias), bdy = put<B>(dy);
  auto bdx = put<B>(dx), bdgain = put<B>(dgain), bdbias = put<B>(dbias);
  auto y = reference::room<B>(rows * d), mean = reference::room<B>(rows), inverse = reference::room<B>(rows);
  const ctp::backend::Dropout none;
  B::layer_norm(rows, d, bx.data(), nullptr, none, 1, bgain.data(), bbias.data(), Real(eps), nullptr, y.data(),
                mean.data(), inverse.data());
  CHECK(off<B>(y, expected.y) < rounding<B>);
  B::layer_norm_backward(rows, d, bx.data(), none, 1, bgain.data(), mean.data(), inverse.data(), bdy.data(), bdx.data(),
                         nullptr, bdgain.data(), bdbias.data());
  CHECK(off<B>(bdx, reference::sum(dx, expected.dx)) < rounding<B>);
  CHECK(off<B>(bdgain, reference::sum(dgain, expected.dgain)) < rounding<B>);
  CHECK(off<B>(bdbias, reference::sum(dbias, expected.dbias)) < rounding<B>);
}

TEST_CASE_TEMPLATE("layer norm: a branch is dropped out and added first, and gets its gradient", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const Values x = random(rows * d, 1), h = random(rows * d, 2), gain = random(d, 3), bias = random(d, 4);
  const Values dy = random(rows * d, 5), dx = random(rows * d, 6), dh = random(rows * d, 7);
  auto ordinals = reference::put_as_is<B>(samples);
  for (const float probability : {0.F, 0.3F}) {
    const auto layer = layer_on<B>(ordinals, probability);
    const Values factors = reference::dropout_factors(layer, samples, per_sample, d);
    const Values sum = reference::sum(x, reference::times(factors, h));
    const Normed expected = normed(sum, gain, bias, dy);
    auto bx = put<B>(x), bh = put<B>(h), bgain = put<B>(gain), bbias = put<B>(bias), bdy = put<B>(dy);
    auto bdx = put<B>(dx), bdh = put<B>(dh), bdgain = reference::room<B>(d), bdbias = reference::room<B>(d);
    auto bsum = reference::room<B>(rows * d), y = reference::room<B>(rows * d);
    auto mean = reference::room<B>(rows), inverse = reference::room<B>(rows);
    B::layer_norm(rows, d, bx.data(), bh.data(), layer, per_sample, bgain.data(), bbias.data(), Real(eps), bsum.data(),
                  y.data(), mean.data(), inverse.data());
    CHECK(off<B>(bsum, sum) < rounding<B>);
    CHECK(off<B>(y, expected.y) < rounding<B>);
    B::layer_norm_backward(rows, d, bsum.data(), layer, per_sample, bgain.data(), mean.data(), inverse.data(),
                           bdy.data(), bdx.data(), bdh.data(), bdgain.data(), bdbias.data());
    CHECK(off<B>(bdx, reference::sum(dx, expected.dx)) < rounding<B>);
    CHECK(off<B>(bdh, reference::sum(dh, reference::times(factors, expected.dx))) < rounding<B>);
    CHECK(off<B>(bdgain, expected.dgain) < rounding<B>);
    CHECK(off<B>(bdbias, expected.dbias) < rounding<B>);
  }
}

// A backend may read aligned rows of a multiple of four numbers four by four, and keep rows in registers up to a width.
TEST_CASE_TEMPLATE("layer norm: rows of any width and alignment, with and without a branch and its dropout", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index n = 6, of_sample = 3;
  auto ordinals = reference::put_as_is<B>(std::vector<std::uint32_t>{9, 4000});
  for (const Index width : {4, 7, 32, 36, 132, 768, 1020, 1024, 1028, 2052})
    for (const Index offset : {0, 1})
      for (const int branch : {0, 1, 2}) {  // none, without dropout, with dropout
        CAPTURE(width);
        CAPTURE(offset);
        CAPTURE(branch);
        const auto layer = layer_on<B>(ordinals, branch == 2 ? 0.3F : 0.F);
        const Values x = random(n * width, 1), h = random(n * width, 2), gain = random(width, 3);
        const Values bias = random(width, 4), dy = random(n * width, 5), dx = random(n * width, 6);
        const Values dh = random(n * width, 7);
        const Values factors = reference::dropout_factors(layer, {9, 4000}, of_sample, width);
        const Values in = branch == 0 ? x : reference::sum(x, reference::times(factors, h));
        Values y, of_in;
        for (Index i = 0; i < n; ++i) {
          double mean = 0, variance = 0, a = 0, b = 0;
          const Values row = reference::row(in, i, width), g = reference::times(reference::row(dy, i, width), gain);
          for (const double v : row) mean += v / double(width);
          for (const double v : row) variance += (v - mean) * (v - mean) / double(width);
          const double s = 1 / std::sqrt(variance + eps);
          for (Index j = 0; j < width; ++j) {
            a += g[at(j)] / double(width);
            b += g[at(j)] * (row[at(j)] - mean) * s / double(width);
          }
          for (Index j = 0; j < width; ++j) {
            const double unit = (row[at(j)] - mean) * s;
            y.push_back(gain[at(j)] * unit + bias[at(j)]);
            of_in.push_back(s * (g[at(j)] - a - unit * b));
          }
        }
        const auto shifted = [&](const Values& v) {
          Values all(at(offset), 77.0);
          all.insert(all.end(), v.begin(), v.end());
          return all;
        };
        auto bx = put<B>(shifted(x)), bh = put<B>(shifted(h)), bgain = put<B>(gain), bbias = put<B>(bias);
        auto bdy = put<B>(dy), bdx = put<B>(shifted(dx)), bdh = put<B>(dh);
        auto bsum = put<B>(x), by = put<B>(shifted(x)), bmean = reference::room<B>(n), binverse = reference::room<B>(n);
        auto bdgain = reference::room<B>(width), bdbias = reference::room<B>(width);
        B::layer_norm(n, width, bx.data() + offset, branch == 0 ? nullptr : bh.data() + offset, layer, of_sample,
                      bgain.data(), bbias.data(), Real(eps), branch == 0 ? nullptr : bsum.data(), by.data() + offset,
                      bmean.data(), binverse.data());
        CHECK(off<B>(bsum, in) < rounding<B>);
        CHECK(off<B>(by, shifted(y)) < rounding<B>);
        B::layer_norm_backward(n, width, bsum.data(), layer, of_sample, bgain.data(), bmean.data(), binverse.data(),
                               bdy.data(), bdx.data() + offset, branch == 0 ? nullptr : bdh.data(), bdgain.data(),
                               bdbias.data());
        CHECK(off<B>(bdx, shifted(reference::sum(dx, of_in))) < rounding<B>);
        const Values of_h = reference::times(factors, of_in);
        CHECK(off<B>(bdh, branch == 0 ? dh : reference::sum(dh, of_h)) < rounding<B>);
      }
}

/// Gradients of gain and bias of n rows, alone or beside that of the input, as the backend adds them to others.
template <class B>
void check_gain_and_bias(Index n, Index width, bool beside_input) {
  CAPTURE(n);
  CAPTURE(width);
  const Values x = random(n * width, 1), dy = random(n * width, 2), mean = random(n, 3), inverse = random(n, 4);
  Values dgain = random(width, 5), dbias = random(width, 6);
  auto bx = put<B>(x), bdy = put<B>(dy), bmean = put<B>(mean), binverse = put<B>(inverse);
  auto gain = put<B>(random(width, 7)), bdgain = put<B>(dgain), bdbias = put<B>(dbias);
  auto bdx = reference::room<B>(n * width);
  B::layer_norm_backward(n, width, bx.data(), {}, 1, gain.data(), bmean.data(), binverse.data(), bdy.data(),
                         beside_input ? bdx.data() : nullptr, nullptr, bdgain.data(), bdbias.data());
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < width; ++j) {
      const double g = dy[at(i * width + j)];
      dgain[at(j)] += g * (x[at(i * width + j)] - mean[at(i)]) * inverse[at(i)];
      dbias[at(j)] += g;
    }
  CHECK(off<B>(bdgain, dgain) < rounding<B>);
  CHECK(off<B>(bdbias, dbias) < rounding<B>);
}

TEST_CASE_TEMPLATE("layer norm: gradients of gain and bias, for sizes below, at and above a group of rows or a warp", B,
                   CTP_TEST_BACKENDS) {
  for (const Index n : {1, 7, 8, 9, 17, 100})
    for (const Index width : {1, 31, 128, 129, 200}) check_gain_and_bias<B>(n, width, false);
}

// A backend may add up the terms of gain and bias in the pass that computes the other gradients, by teams that take
// several rows each.
TEST_CASE_TEMPLATE("layer norm: gradients of gain and bias beside that of the input, for few and many rows", B,
                   CTP_TEST_BACKENDS) {
  using Size = std::pair<Index, Index>;
  for (const auto& [n, width] : {Size{1, 4}, {8, 132}, {9, 1024}, {16, 768}, {17, 4}, {17, 7}, {130, 132}, {4500, 4}})
    check_gain_and_bias<B>(n, width, true);
}

TEST_CASE_TEMPLATE("layer norm: dropout() scales or drops, writes or adds, also in place", B, CTP_TEST_BACKENDS) {
  const Values x = random(rows * d, 1), y = random(rows * d, 2);
  auto ordinals = reference::put_as_is<B>(samples);
  const auto layer = layer_on<B>(ordinals, 0.3F);
  const Values expected = reference::times(reference::dropout_factors(layer, samples, per_sample, d), x);
  auto bx = put<B>(x), by = put<B>(y);
  B::dropout(rows, d, bx.data(), layer, per_sample, false, by.data());
  CHECK(off<B>(by, expected) < rounding<B>);
  by.assign(y);
  B::dropout(rows, d, bx.data(), layer, per_sample, true, by.data());
  CHECK(off<B>(by, reference::sum(y, expected)) < rounding<B>);
  B::dropout(rows, d, bx.data(), layer, per_sample, false, bx.data());
  CHECK(off<B>(bx, expected) < rounding<B>);
}

TEST_CASE_TEMPLATE("layer norm: the backward pass has the same bits for any number of threads", B, CTP_TEST_BACKENDS) {
  auto ordinals = reference::put_as_is<B>(samples);
  const auto layer = layer_on<B>(ordinals, 0.3F);
  for (const Index width : {d, d + 1}) {  // odd, and a multiple of four
    CAPTURE(width);
    auto sum = put<B>(random(rows * width, 1)), gain = put<B>(random(width, 2)), dy = put<B>(random(rows * width, 3));
    auto mean = put<B>(random(rows, 4)), inverse = put<B>(random(rows, 5));
    CHECK(reference::same_bits_for_any_thread_count([&] {
      auto dx = reference::room<B>(rows * width), dh = reference::room<B>(rows * width);
      auto dgain = reference::room<B>(width), dbias = reference::room<B>(width);
      B::layer_norm_backward(rows, width, sum.data(), layer, per_sample, gain.data(), mean.data(), inverse.data(),
                             dy.data(), dx.data(), dh.data(), dgain.data(), dbias.data());
      auto all = dgain.to_host();
      for (const auto v : dbias.to_host()) all.push_back(v);
      for (const auto v : dh.to_host()) all.push_back(v);
      return all;
    }));
  }
}
