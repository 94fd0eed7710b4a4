#include <ctp/backend/generic/elementwise.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using reference::off;
using reference::put;
using reference::rounding;
using reference::Values;

namespace {
constexpr ctp::Index n = 131'101;  // more than two blocks of a parallel map
}

TEST_CASE_TEMPLATE("elementwise: fill and ramp write every element and nothing beyond", B, CTP_TEST_BACKENDS) {
  auto x = put<B>(Values(38, 9));
  B::fill(37, typename B::Real(-2.5), x.data());
  Values expected(38, -2.5);
  expected[37] = 9;
  CHECK(off<B>(x, expected) == 0);
  ctp::Buffer<std::int32_t, B> ids(6);
  B::ramp(5, 7, ids.data());
  CHECK(ids.to_host() == std::vector<std::int32_t>{7, 8, 9, 10, 11, 0});
}

TEST_CASE_TEMPLATE("elementwise: add_scaled and add_scaled_by add a multiple", B, CTP_TEST_BACKENDS) {
  const Values x = reference::random(n, 1), y = reference::random(n, 2), expected = reference::sum(y, x, -0.75);
  auto dx = put<B>(x), dy = put<B>(y), factor = put<B>({-0.75});
  B::add_scaled(n, typename B::Real(-0.75), dx.data(), dy.data());
  CHECK(off<B>(dy, expected) < rounding<B>);
  dy.assign(y);
  B::add_scaled_by(n, factor.data(), dx.data(), dy.data());
  CHECK(off<B>(dy, expected) < rounding<B>);
}

TEST_CASE_TEMPLATE("elementwise: multiply replaces or adds", B, CTP_TEST_BACKENDS) {
  const Values a = reference::random(131, 1), x = reference::random(131, 2), y = reference::random(131, 3);
  auto da = put<B>(a), dx = put<B>(x), dy = put<B>(y);
  B::multiply(131, da.data(), dx.data(), false, dy.data());
  CHECK(off<B>(dy, reference::times(a, x)) < rounding<B>);
  dy.assign(y);
  B::multiply(131, da.data(), dx.data(), true, dy.data());
  CHECK(off<B>(dy, reference::sum(y, reference::times(a, x))) < rounding<B>);
}

TEST_CASE_TEMPLATE("elementwise: set_diagonal changes the diagonal only", B, CTP_TEST_BACKENDS) {
  Values x = reference::random(25, 1);
  auto dx = put<B>(x);
  B::set_diagonal(5, typename B::Real(-1e4), dx.data());
  for (std::size_t i = 0; i < 5; ++i) x[6 * i] = -1e4;
  CHECK(off<B>(dx, x) == 0);
}

TEST_CASE_TEMPLATE("elementwise: padding_bias is zero for attended positions", B, CTP_TEST_BACKENDS) {
  auto attend = reference::put_as_is<B>(std::vector<std::int32_t>{1, 0, 1, 1, 0});
  auto bias = put<B>(Values(5, 3));
  B::padding_bias(5, attend.data(), typename B::Real(-1e4), bias.data());
  CHECK(off<B>(bias, {0, -1e4, 0, 0, -1e4}) == 0);
}

TEST_CASE_TEMPLATE("elementwise: sums have the same bits for any number of threads", B, CTP_TEST_BACKENDS) {
  const Values x = reference::random(n, 1), y = reference::random(n, 2);
  CHECK(reference::same_bits_for_any_thread_count([&] {
    auto dx = put<B>(x), dy = put<B>(y);
    B::add_scaled(n, typename B::Real(0.3), dx.data(), dy.data());
    return dy.to_host();
  }));
}
