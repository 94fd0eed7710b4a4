#include <ctp/backend/generic/losses.hpp>

#include <limits>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::Index;
using reference::at;
using reference::Ids;
using reference::off;
using reference::put;
using reference::rounding;
using reference::row;
using reference::Values;

namespace {
constexpr Index n = 37, m = 131;

Values spread(Index count, std::uint32_t substream) {
  Values x = reference::random(count, substream);
  for (double& v : x) v *= 4;
  return x;
}
/// The largest error of exponentials and logarithms in a row of m.
template <class B>
constexpr double near = 4 * rounding<B>;
}  // namespace

TEST_CASE_TEMPLATE("losses: cross entropy is minus the log of the target's probability", B, CTP_TEST_BACKENDS) {
  const Values x = spread(n * m, 1);
  Values weight = reference::random(n, 2), dx = reference::random(n * m, 3);
  weight[4] = 0;
  const Ids target = reference::random_ids(n, m, 4);
  auto bx = put<B>(x), blog = reference::room<B>(n), bloss = reference::room<B>(n), bweight = put<B>(weight);
  auto bdloss = put<B>({-1.5}), bdx = put<B>(dx);
  auto ids = reference::put_as_is<B>(target);
  B::cross_entropy(n, m, bx.data(), ids.data(), blog.data(), bloss.data());
  B::cross_entropy_backward(n, m, bx.data(), ids.data(), blog.data(), bweight.data(), bdloss.data(), bdx.data());
  Values loss;
  for (Index i = 0; i < n; ++i) {
    const Values p = reference::softmax(row(x, i, m));
    loss.push_back(-std::log(p[at(target[at(i)])]));
    for (Index j = 0; j < m; ++j) dx[at(i * m + j)] -= 1.5 * weight[at(i)] * (p[at(j)] - (j == target[at(i)] ? 1 : 0));
  }
  CHECK(off<B>(bloss, loss) < near<B>);
  CHECK(off<B>(bdx, dx) < near<B>);
}

TEST_CASE_TEMPLATE("losses: scores of a thousand do not overflow", B, CTP_TEST_BACKENDS) {
  auto x = put<B>({1000, 999, -1000}), log_sum = reference::room<B>(1), loss = reference::room<B>(1);
  auto target = reference::put_as_is<B>(Ids{1});
  B::cross_entropy(1, 3, x.data(), target.data(), log_sum.data(), loss.data());
  CHECK(std::abs(loss.template to_host<double>()[0] - 1.3132616875182228) < 1000 * rounding<B>);
}

TEST_CASE_TEMPLATE("losses: cross entropy and divergence against a teacher's distribution, at a temperature", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const Values x = spread(n * m, 1), t = spread(n * m, 2), weight = reference::random(n, 3);
  for (const double inverse : {1.0, 0.5}) {
    Values kept, divergence, dx = reference::random(n * m, 4);
    auto bx = put<B>(x), bt = put<B>(t), lx = reference::room<B>(n), lt = reference::room<B>(n),
         loss = reference::room<B>(n);
    auto bweight = put<B>(weight), bdloss = put<B>({0.75}), bdx = put<B>(dx);
    for (Index i = 0; i < n; ++i) {
      const Values p = reference::softmax(row(x, i, m), inverse), q = reference::softmax(row(t, i, m), inverse);
      double cross = 0, own = 0;
      for (Index j = 0; j < m; ++j) {
        cross -= q[at(j)] * std::log(p[at(j)]);
        own -= q[at(j)] * std::log(q[at(j)]);
        dx[at(i * m + j)] += 0.75 * weight[at(i)] * inverse * (p[at(j)] - q[at(j)]);
      }
      kept.push_back(cross);
      divergence.push_back(cross - own);
    }
    B::soft_cross_entropy(n, m, bx.data(), bt.data(), Real(inverse), false, lx.data(), lt.data(), loss.data());
    CHECK(off<B>(loss, kept) < near<B>);
    B::soft_cross_entropy(n, m, bx.data(), bt.data(), Real(inverse), true, lx.data(), lt.data(), loss.data());
    CHECK(off<B>(loss, divergence) < near<B>);
    B::soft_cross_entropy_backward(n, m, bx.data(), bt.data(), Real(inverse), lx.data(), lt.data(), bweight.data(),
                                   bdloss.data(), bdx.data());
    CHECK(off<B>(bdx, dx) < near<B>);
  }
}

TEST_CASE_TEMPLATE("losses: long rows of rising, falling and random scores, with scores of minus infinity", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index rows = 4;
  for (const Index columns : {1, 7, 40, 2048, 2049, 5003}) {
    CAPTURE(columns);
    Values x = spread(rows * columns, 1), t = spread(rows * columns, 2);
    for (Index j = 0; j < columns; ++j) {
      const double share = static_cast<double>(j) / static_cast<double>(columns);
      x[at(j)] = t[at(columns + j)] = 60 * share - 30;
      t[at(j)] = x[at(columns + j)] = 30 - 60 * share;
    }
    const Ids target = reference::random_ids(rows, static_cast<std::uint32_t>(columns), 4);
    Values cross, soft, divergence, masked;
    for (Index i = 0; i < rows; ++i) {
      const Values p = reference::softmax(row(x, i, columns), 0.5), q = reference::softmax(row(t, i, columns), 0.5);
      cross.push_back(-std::log(reference::softmax(row(x, i, columns))[at(target[at(i)])]));
      double kept = 0, own = 0;
      for (Index j = 0; j < columns; ++j) {
        kept -= q[at(j)] * std::log(p[at(j)]);
        own -= q[at(j)] * std::log(q[at(j)]);
      }
      soft.push_back(kept);
      divergence.push_back(kept - own);
    }
    auto bx = put<B>(x), bt = put<B>(t), lx = reference::room<B>(rows), lt = reference::room<B>(rows);
    auto loss = reference::room<B>(rows);
    auto ids = reference::put_as_is<B>(target);
    B::cross_entropy(rows, columns, bx.data(), ids.data(), lx.data(), loss.data());
    CHECK(off<B>(loss, cross) < near<B>);
    B::soft_cross_entropy(rows, columns, bx.data(), bt.data(), Real(0.5), false, lx.data(), lt.data(), loss.data());
    CHECK(off<B>(loss, soft) < near<B>);
    B::soft_cross_entropy(rows, columns, bx.data(), bt.data(), Real(0.5), true, lx.data(), lt.data(), loss.data());
    CHECK(off<B>(loss, divergence) < near<B>);
    if (columns < 3) continue;
    for (Index i = 0; i < rows; ++i) {
      x[at(i * columns)] = x[at(i * columns + columns - 1)] = -std::numeric_limits<double>::infinity();
      masked.push_back(-std::log(reference::softmax(row(x, i, columns))[1]));
    }
    bx.assign(x);
    ids.assign(Ids(at(rows), 1));
    B::cross_entropy(rows, columns, bx.data(), ids.data(), lx.data(), loss.data());
    CHECK(off<B>(loss, masked) < near<B>);
  }
}

TEST_CASE_TEMPLATE("losses: the divergence of a distribution from itself is zero", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  auto x = put<B>(spread(n * m, 1)), lx = reference::room<B>(n), lt = reference::room<B>(n),
       loss = put<B>(Values(at(n), 9));
  B::soft_cross_entropy(n, m, x.data(), x.data(), Real(1), true, lx.data(), lt.data(), loss.data());
  CHECK(off<B>(loss, Values(at(n), 0)) == 0);
}

TEST_CASE_TEMPLATE("losses: dot is the weighted sum", B, CTP_TEST_BACKENDS) {
  const Values x = reference::random(m, 1), w = reference::random(m, 2);
  double expected = 0;
  for (Index i = 0; i < m; ++i) expected += x[at(i)] * w[at(i)];
  auto bx = put<B>(x), bw = put<B>(w), result = put<B>({5});
  B::dot(m, bx.data(), bw.data(), result.data());
  CHECK(off<B>(result, {expected}) < rounding<B>);
}

TEST_CASE_TEMPLATE("losses: gradients have the same bits for any number of threads", B, CTP_TEST_BACKENDS) {
  const Ids target = reference::random_ids(n, m, 4);
  auto x = put<B>(spread(n * m, 1)), one = put<B>({1}), weight = put<B>(reference::random(n, 2));
  auto ids = reference::put_as_is<B>(target);
  CHECK(reference::same_bits_for_any_thread_count([&] {
    auto log_sum = reference::room<B>(n), loss = reference::room<B>(n), dx = reference::room<B>(n * m);
    B::cross_entropy(n, m, x.data(), ids.data(), log_sum.data(), loss.data());
    B::cross_entropy_backward(n, m, x.data(), ids.data(), log_sum.data(), weight.data(), one.data(), dx.data());
    return dx.to_host();
  }));
}
