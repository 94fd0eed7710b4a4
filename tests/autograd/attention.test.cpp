#include <ctp/autograd/attention.hpp>

#include <vector>

#include <doctest/doctest.h>

#include <ctp/nn/layout.hpp>
#include <ctp/testing/gradient.hpp>
#include <support/reference.hpp>

using B = ctp::BasicCpu<double>;
using ctp::Columns;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::check_gradient;
using ctp::testing::weighted_sum;
using KeyBias = ctp::Tensor<const double, 2, B>;

namespace {
constexpr ctp::Index batch = 2, heads = 3, d = 6, queries = 3, keys = 5;
struct Slots {
  ctp::Layout layout;
  ctp::Parameter<2> q = layout.add("q", Shape<2>{batch * queries, d}, ctp::Start::Weight);
  ctp::Parameter<2> k = layout.add("k", Shape<2>{batch * keys, d}, ctp::Start::Weight);
  ctp::Parameter<2> v = layout.add("v", Shape<2>{batch * keys, d}, ctp::Start::Weight);
  ctp::Parameter<2> packed = layout.add("packed", Shape<2>{batch * keys, 3 * d}, ctp::Start::Weight);
  reference::Values theta = reference::random(layout.size(), 1);
};
const std::vector<std::uint32_t> samples = {3, 8};
const ctp::backend::Dropout no_dropout, active_dropout{0.4F, {1, 2}, 3, 4, samples.data(), 5};
const std::vector<double> masked = {0, 0, 0, 0, -1e4, 0, 0, -1e4, -1e4, -1e4};
const KeyBias bias{masked.data(), {batch, keys}};
}  // namespace

TEST_CASE("attention: the gradients of cross attention equal central differences, masked and dropped out or not") {
  const Slots s;
  for (const auto& key_bias : {KeyBias{}, bias})
    for (const auto& dropout : {no_dropout, active_dropout}) {
      const auto report = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
        return weighted_sum(pass, attention<B>(pass, pass[s.q], pass[s.k], pass[s.v], batch, heads, key_bias, dropout));
      });
      CHECK_MESSAGE(report.ok, report.log);
    }
}

TEST_CASE("attention: self-attention on the columns of one fused product differentiates") {
  const Slots s;
  const auto report = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    const auto all = pass[s.packed];
    return weighted_sum(
        pass, attention<B>(pass, {all, 0, d}, {all, d, d}, {all, 2 * d, d}, batch, heads, bias, active_dropout));
  });
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("attention: one matrix as queries, keys and values gets the sum of all three gradients") {
  const Slots s;
  const auto report = check_gradient<B>(s.theta, [&](const Pass<B>& pass) {
    return weighted_sum(pass, attention<B>(pass, pass[s.k], pass[s.k], pass[s.k], batch, heads, {}, no_dropout));
  });
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("attention: sizes that do not agree are refused by name") {
  const Slots s;
  ctp::Tape<B> tape;
  const Pass<B> pass{s.theta.data(), &tape, nullptr, {}};
  const auto q = pass[s.q], k = pass[s.k], v = pass[s.v];
  CHECK_THROWS_WITH_AS((void)attention<B>(pass, q, k, v, 4, heads, {}, no_dropout),
                       "attention: queries is [6,6] but keys is [10,6]; rows are batch times sequence length",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS(
      (void)attention<B>(pass, q, k, v, batch, 4, {}, no_dropout),
      "attention: columns of q, k is [6,6] but columns of v, heads is [6,4]; q, k and v are equally wide, a "
      "multiple of the heads",
      ctp::ShapeError);
  CHECK_THROWS_AS((void)attention<B>(pass, q, {k, 0, 3}, v, batch, heads, {}, no_dropout), ctp::ShapeError);
  CHECK_THROWS_AS((void)attention<B>(pass, q, k, v, 0, heads, {}, no_dropout), ctp::ShapeError);
  auto none = k;
  none.value.shape = {0, 6};
  CHECK_THROWS_WITH_AS((void)attention<B>(pass, q, none, none, batch, heads, {}, no_dropout),
                       "attention: queries is [6,6] but keys is [0,6]; a sequence has at least one row",
                       ctp::ShapeError);
  const KeyBias short_bias{masked.data(), {batch, keys - 1}};
  CHECK_THROWS_WITH_AS((void)attention<B>(pass, q, k, v, batch, heads, short_bias, no_dropout),
                       "attention: key_bias is [2,4] but keys is [2,5]; each key has one bias", ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)Columns<B>(q, 4, 3),
                       "Columns: matrix is [6,6] but columns is [4,3]; first and width must lie within the matrix",
                       ctp::ShapeError);
}
