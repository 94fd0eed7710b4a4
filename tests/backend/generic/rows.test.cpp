#include <ctp/backend/generic/rows.hpp>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::Index;
using reference::at;
using reference::Ids;
using reference::off;
using reference::put;
using reference::rounding;
using reference::Values;

namespace {
constexpr Index n = 131, d = 37;

double length_of(const Values& x, Index i, Index width) {
  double squares = 0;
  for (const double v : reference::row(x, i, width)) squares += v * v;
  return std::sqrt(squares);
}
}  // namespace

TEST_CASE_TEMPLATE("rows: gather reads rows by index; scatter adds rows with the same index", B, CTP_TEST_BACKENDS) {
  const Ids index = reference::random_ids(n, 5, 1);
  const Values x = reference::random(5 * d, 2), y = reference::random(n * d, 3);
  Values gathered, scattered = x;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < d; ++j) {
      gathered.push_back(x[at(index[at(i)] * d + j)]);
      scattered[at(index[at(i)] * d + j)] += y[at(i * d + j)];
    }
  auto ids = reference::put_as_is<B>(index);
  auto bx = put<B>(x), out = reference::room<B>(n * d), by = put<B>(y);
  B::gather_rows(n, d, bx.data(), ids.data(), out.data());
  CHECK(off<B>(out, gathered) == 0);
  B::scatter_add_rows(n, d, by.data(), ids.data(), bx.data());
  CHECK(off<B>(bx, scattered) < rounding<B>);
  CHECK(reference::same_bits_for_any_thread_count([&] {
    auto sum = put<B>(Values(at(5 * d * 16)));
    B::scatter_add_rows(n / 16, d * 16, by.data(), ids.data(), sum.data());  // wide rows: more than one block
    return sum.to_host();
  }));
}

TEST_CASE_TEMPLATE("rows: scatter adds in the order of the places, to the last bit, however often a row is named", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index to = 7;
  for (const Index places : {1, 7, 11, 12, 13, 40, 64, 65, 100, 200})
    for (const Index width : {1, 31, 128, 129, 200})
      for (const std::uint32_t named : {1U, 3U, 6U}) {  // all places name one row; row 6 is never named
        CAPTURE(places);
        CAPTURE(width);
        CAPTURE(named);
        const Ids index = reference::random_ids(places, named, 1);
        const Values x = reference::random(to * width, 2), y = reference::random(places * width, 3);
        std::vector<Real> expected(x.begin(), x.end());
        for (Index i = 0; i < places; ++i)
          for (Index j = 0; j < width; ++j)
            expected[at(index[at(i)] * width + j)] += static_cast<Real>(y[at(i * width + j)]);
        auto ids = reference::put_as_is<B>(index);
        auto bx = put<B>(x), by = put<B>(y);
        B::scatter_add_rows(places, width, by.data(), ids.data(), bx.data());
        CHECK(bx.to_host() == expected);
      }
}

TEST_CASE_TEMPLATE("rows: take_rows reads every step-th row; add_taken_rows adds to it", B, CTP_TEST_BACKENDS) {
  constexpr Index step = 5, taken = 7;
  const Values x = reference::random(taken * step * d, 1), y = reference::random(taken * d, 2);
  Values expected, added = x;
  for (Index i = 0; i < taken; ++i)
    for (Index j = 0; j < d; ++j) {
      expected.push_back(x[at(i * step * d + j)]);
      added[at(i * step * d + j)] += y[at(i * d + j)];
    }
  auto bx = put<B>(x), out = reference::room<B>(taken * d), by = put<B>(y);
  B::take_rows(taken, step, d, bx.data(), out.data());
  CHECK(off<B>(out, expected) == 0);
  B::add_taken_rows(taken, step, d, by.data(), bx.data());
  CHECK(off<B>(bx, added) < rounding<B>);
}

TEST_CASE_TEMPLATE("rows: normalised rows have length one, but rows shorter than eps are divided by eps", B,
                   CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  const double eps = 0.25;
  Values x = reference::random(n * d, 1);
  for (Index j = 0; j < d; ++j) {
    x[at(2 * d + j)] = 0;
    x[at(3 * d + j)] *= 0x1p-10;
  }
  const Values dy = reference::random(n * d, 2);
  Values y, length, dx = reference::random(n * d, 3);
  auto bx = put<B>(x), by = reference::room<B>(n * d), blength = reference::room<B>(n), bdy = put<B>(dy),
       bdx = put<B>(dx);
  B::normalize_rows(n, d, bx.data(), Real(eps), by.data(), blength.data());
  B::normalize_rows_backward(n, d, by.data(), blength.data(), Real(eps), bdy.data(), bdx.data());
  for (Index i = 0; i < n; ++i) {
    const double l = length_of(x, i, d), by_length = std::max(l, eps);
    length.push_back(by_length);
    for (Index j = 0; j < d; ++j) {
      y.push_back(x[at(i * d + j)] / by_length);
      // dx_j = sum_k dy_k d(x_k / l) / dx_j
      double g = dy[at(i * d + j)] / by_length;
      if (l > eps)
        for (Index k = 0; k < d; ++k) g -= dy[at(i * d + k)] * x[at(i * d + k)] * x[at(i * d + j)] / (l * l * l);
      dx[at(i * d + j)] += g;
    }
  }
  CHECK(off<B>(blength, length) < rounding<B>);
  CHECK(off<B>(by, y) < rounding<B>);
  CHECK(off<B>(bdx, dx) < rounding<B>);
}

TEST_CASE_TEMPLATE("rows: the gradient of a row's length is its direction, and zero for a row of zeros", B,
                   CTP_TEST_BACKENDS) {
  Values x = reference::random(n * d, 1);
  for (Index j = 0; j < d; ++j) x[at(2 * d + j)] = 0;
  const Values dlength = reference::random(n, 2);
  Values length, dx = reference::random(n * d, 3);
  auto bx = put<B>(x), blength = reference::room<B>(n), bdlength = put<B>(dlength), bdx = put<B>(dx);
  B::row_lengths(n, d, bx.data(), blength.data());
  B::row_lengths_backward(n, d, bx.data(), blength.data(), bdlength.data(), bdx.data());
  for (Index i = 0; i < n; ++i) {
    const double l = length_of(x, i, d);
    length.push_back(l);
    for (Index j = 0; j < d && l > 0; ++j) dx[at(i * d + j)] += dlength[at(i)] * x[at(i * d + j)] / l;
  }
  CHECK(off<B>(blength, length) < rounding<B>);
  CHECK(off<B>(bdx, dx) < rounding<B>);
}
