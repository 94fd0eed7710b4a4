#include <ctp/backend/generic/linear.hpp>

#include <limits>

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
constexpr Index n = 131, k = 37, m = 261;
}

TEST_CASE_TEMPLATE("linear: products of all four transpositions write or add", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const Values a = random(n * k, 1), b = random(k * m, 2), c = random(n * m, 3);
  auto ba = put<B>(a), bb = put<B>(b);
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      const Index lda = ta ? n : k, ldb = tb ? k : m;
      const Values expected = reference::product(ta, tb, n, m, k, -0.75, a, lda, b, ldb);
      auto bc = put<B>(c);
      B::product(ta, tb, n, m, k, Real(-0.75), ba.data(), lda, bb.data(), ldb, false, bc.data());
      CHECK(off<B>(bc, expected) < rounding<B>);
      bc.assign(c);
      B::product(ta, tb, n, m, k, Real(-0.75), ba.data(), lda, bb.data(), ldb, true, bc.data());
      CHECK(off<B>(bc, reference::sum(c, expected)) < rounding<B>);
    }
}

TEST_CASE_TEMPLATE("linear: bias, residual and GELU are applied in one pass", B, CTP_TEST_BACKENDS) {
  const Values x = random(n * k, 1), w = random(m * k, 2), bias = random(m, 3), residual = random(n * m, 4);
  Values plain = reference::product(false, true, n, m, k, 1, x, k, w, k);
  for (Index i = 0; i < n * m; ++i) plain[at(i)] += bias[at(i % m)];
  const Values with_residual = reference::sum(plain, residual);
  auto bx = put<B>(x), bw = put<B>(w), bb = put<B>(bias), br = put<B>(residual);
  auto y = put<B>(Values(at(n * m), 9)), activated = put<B>(Values(at(n * m), 9));
  B::linear(n, k, m, bx.data(), bw.data(), bb.data(), nullptr, y.data(), nullptr);
  CHECK(off<B>(y, plain) < rounding<B>);
  B::linear(n, k, m, bx.data(), bw.data(), bb.data(), br.data(), y.data(), nullptr);
  CHECK(off<B>(y, with_residual) < rounding<B>);
  B::linear(n, k, m, bx.data(), bw.data(), bb.data(), nullptr, y.data(), activated.data());
  CHECK(off<B>(y, plain) < rounding<B>);
  Values gelu;
  for (const double v : plain) gelu.push_back(reference::gelu(v));
  CHECK(off<B>(activated, gelu) < rounding<B>);
  B::linear(n, k, m, bx.data(), bw.data(), bb.data(), br.data(), y.data(), activated.data());
  for (std::size_t i = 0; i < gelu.size(); ++i) gelu[i] = reference::gelu(with_residual[i]);
  CHECK(off<B>(activated, gelu) < rounding<B>);
}

TEST_CASE_TEMPLATE("linear: gradients are added, and only the requested ones", B, CTP_TEST_BACKENDS) {
  const Values x = random(n * k, 1), w = random(m * k, 2), dy = random(n * m, 3);
  const Values dx = random(n * k, 4), dw = random(m * k, 5), dbias = random(m, 6);
  auto bx = put<B>(x), bw = put<B>(w), bdy = put<B>(dy), bdx = put<B>(dx), bdw = put<B>(dw), bdbias = put<B>(dbias);
  B::linear_backward(n, k, m, bx.data(), bw.data(), nullptr, bdy.data(), bdx.data(), false, nullptr, nullptr);
  CHECK(off<B>(bdx, reference::sum(dx, reference::product(false, false, n, k, m, 1, dy, m, w, k))) < rounding<B>);
  B::linear_backward(n, k, m, bx.data(), bw.data(), nullptr, bdy.data(), nullptr, false, bdw.data(), bdbias.data());
  CHECK(off<B>(bdw, reference::sum(dw, reference::product(true, false, m, k, n, 1, dy, m, x, k))) < rounding<B>);
  const Values ones(at(n), 1);
  CHECK(off<B>(bdbias, reference::sum(dbias, reference::product(false, false, 1, m, n, 1, ones, n, dy, m))) <
        rounding<B>);
}

TEST_CASE_TEMPLATE("linear: overwrite_grad replaces the gradient of x", B, CTP_TEST_BACKENDS) {
  const Values w = random(m * k, 2), dy = random(n * m, 3);
  auto bw = put<B>(w), bdy = put<B>(dy), bx = put<B>(random(n * k, 1));
  auto bdx = put<B>(Values(at(n * k), std::numeric_limits<double>::quiet_NaN()));
  B::linear_backward(n, k, m, bx.data(), bw.data(), nullptr, bdy.data(), bdx.data(), true, nullptr, nullptr);
  CHECK(off<B>(bdx, reference::product(false, false, n, k, m, 1, dy, m, w, k)) < rounding<B>);
}

TEST_CASE_TEMPLATE("linear: with the input of GELU, gradients pass through GELU", B, CTP_TEST_BACKENDS) {
  const Values x = random(n * k, 1), w = random(m * k, 2), dy = random(n * m, 3), before = random(n * m, 4);
  Values through;
  for (std::size_t i = 0; i < dy.size(); ++i) through.push_back(dy[i] * reference::gelu_slope(before[i]));
  auto bx = put<B>(x), bw = put<B>(w), bdy = put<B>(dy), bbefore = put<B>(before);
  auto dx = reference::room<B>(n * k), dw = reference::room<B>(m * k), dbias = reference::room<B>(m);
  SUBCASE("all") {
    B::linear_backward(n, k, m, bx.data(), bw.data(), bbefore.data(), bdy.data(), dx.data(), true, dw.data(),
                       dbias.data());
    const Values ones(at(n), 1);
    CHECK(off<B>(dbias, reference::product(false, false, 1, m, n, 1, ones, n, through, m)) < rounding<B>);
    CHECK(off<B>(dw, reference::product(true, false, m, k, n, 1, through, m, x, k)) < rounding<B>);
  }
  SUBCASE("without bias") {
    B::linear_backward(n, k, m, bx.data(), bw.data(), bbefore.data(), bdy.data(), dx.data(), true, nullptr, nullptr);
  }
  CHECK(off<B>(dx, reference::product(false, false, n, k, m, 1, through, m, w, k)) < rounding<B>);
}

TEST_CASE_TEMPLATE("linear: sizes below, at and above a group of rows or a warp, with and without GELU", B,
                   CTP_TEST_BACKENDS) {
  constexpr Index in = 3;
  for (const Index rows : {1, 7, 8, 9, 17})
    for (const Index out : {1, 31, 128, 129, 200}) {
      CAPTURE(rows);
      CAPTURE(out);
      const Values x = random(rows * in, 1), w = random(out * in, 2), bias = random(out, 3), dy = random(rows * out, 4);
      Values before = reference::product(false, true, rows, out, in, 1, x, in, w, in), gelu, through;
      for (Index i = 0; i < rows * out; ++i) {
        before[at(i)] += bias[at(i % out)];
        gelu.push_back(reference::gelu(before[at(i)]));
        through.push_back(dy[at(i)] * reference::gelu_slope(before[at(i)]));
      }
      auto bx = put<B>(x), bw = put<B>(w), bb = put<B>(bias), y = reference::room<B>(rows * out);
      auto activated = reference::room<B>(rows * out), dx = reference::room<B>(rows * in);
      B::linear(rows, in, out, bx.data(), bw.data(), bb.data(), nullptr, y.data(), activated.data());
      CHECK(off<B>(y, before) < rounding<B>);
      CHECK(off<B>(activated, gelu) < rounding<B>);
      const Values ones(at(rows), 1);
      for (const bool with_bias : {true, false})
        for (const bool with_gelu : {true, false}) {
          auto bdy = put<B>(dy), dbias = reference::room<B>(out);
          const Values& g = with_gelu ? through : dy;
          B::linear_backward(rows, in, out, bx.data(), bw.data(), with_gelu ? y.data() : nullptr, bdy.data(), dx.data(),
                             true, nullptr, with_bias ? dbias.data() : nullptr);
          CHECK(off<B>(dx, reference::product(false, false, rows, in, out, 1, g, out, w, in)) < rounding<B>);
          if (with_bias)
            CHECK(off<B>(dbias, reference::product(false, false, 1, out, rows, 1, ones, rows, g, out)) < rounding<B>);
        }
    }
}

TEST_CASE_TEMPLATE("linear: forward and backward have the same bits for any number of threads", B, CTP_TEST_BACKENDS) {
  constexpr Index rows = 1030, out = 1540, in = 19;  // several tiles in all three products
  auto x = put<B>(random(rows * in, 1)), w = put<B>(random(out * in, 2)), bias = put<B>(random(out, 3));
  auto dy = put<B>(random(rows * out, 4));
  CHECK(reference::same_bits_for_any_thread_count([&] {
    auto y = reference::room<B>(rows * out), activated = reference::room<B>(rows * out);
    B::linear(rows, in, out, x.data(), w.data(), bias.data(), nullptr, y.data(), activated.data());
    return activated.to_host();
  }));
  CHECK(reference::same_bits_for_any_thread_count([&] {
    auto dx = reference::room<B>(rows * in), dw = reference::room<B>(out * in), dbias = reference::room<B>(out);
    B::linear_backward(rows, in, out, x.data(), w.data(), nullptr, dy.data(), dx.data(), false, dw.data(),
                       dbias.data());
    auto all = dx.to_host();
    for (const auto v : dw.to_host()) all.push_back(v);
    for (const auto v : dbias.to_host()) all.push_back(v);
    return all;
  }));
}
