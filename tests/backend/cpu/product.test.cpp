#include <ctp/backend/cpu/product.hpp>

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::Index;
using ctp::backend::cpu::Product;
using reference::at;
using reference::Values;

namespace {
template <class Real>
std::vector<Real> as(const Values& x) {
  return {x.begin(), x.end()};
}
template <class Real>
double off(const std::vector<Real>& found, const Values& expected) {
  return reference::off(Values(found.begin(), found.end()), expected);
}
template <class Real>
constexpr double rounding = std::is_same_v<Real, float> ? 1e-5 : 1e-13;
}  // namespace

TEST_CASE_TEMPLATE("product: blocks of all four transpositions are added, with gaps between rows", Real, float,
                   double) {
  struct Size {
    Index m, n, k;
  };
  for (const Size s :
       {Size{1, 1, 1}, Size{5, 37, 131}, Size{131, 5, 37}, Size{37, 131, 5}, Size{1, 131, 300}, Size{131, 1, 2}})
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        const Index lda = (ta ? s.m : s.k) + 3, ldb = (tb ? s.k : s.n) + 5, ldc = s.n + 2;
        const Values a = reference::random((ta ? s.k : s.m) * lda, 1), b = reference::random((tb ? s.n : s.k) * ldb, 2);
        const Values expected = reference::product(ta, tb, s.m, s.n, s.k, 0.5, a, lda, b, ldb);
        Values c = reference::random(s.m * ldc, 3);
        auto found = as<Real>(c);
        Product<Real>::block_product(ta, tb, s.m, s.n, s.k, Real(0.5), as<Real>(a).data(), lda, as<Real>(b).data(), ldb,
                                     found.data(), ldc);
        for (Index i = 0; i < s.m; ++i)
          for (Index j = 0; j < s.n; ++j) c[at(i * ldc + j)] += expected[at(i * s.n + j)];
        CHECK(off(found, c) < rounding<Real>);
      }
}

TEST_CASE_TEMPLATE("product: an empty sum leaves the result unchanged", Real, float, double) {
  std::vector<Real> c = {1, 2, 3, 4};
  Product<Real>::block_product(false, false, 2, 2, 0, Real(1), nullptr, 1, nullptr, 2, c.data(), 2);
  Product<Real>::block_product(false, false, 0, 2, 2, Real(1), nullptr, 1, nullptr, 2, c.data(), 2);
  CHECK(c == std::vector<Real>{1, 2, 3, 4});
}

TEST_CASE_TEMPLATE("product: tiles join without seam, each prepared once before and finished once after", Real, float,
                   double) {
  struct Size {
    Index m, n, k;
  };
  const reference::Threads two(2);
  for (const Size s : {Size{513, 37, 37}, Size{1030, 769, 5}, Size{1024, 768, 5}, Size{5, 1537, 37}})
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        const Index lda = ta ? s.m : s.k, ldb = tb ? s.k : s.n;
        const Values a = reference::random(s.m * s.k, 1), b = reference::random(s.k * s.n, 2);
        const auto left = as<Real>(a), right = as<Real>(b);
        std::vector<Real> c(at(s.m * s.n));
        std::vector<char> before(c.size()), after(c.size());
        const auto mark = [&](std::vector<char>& marks) {
          return [&](Index row, Index rows, Index column, Index columns) {
            for (Index i = row; i < row + rows; ++i)
              for (Index j = column; j < column + columns; ++j) ++marks.at(at(i * s.n + j));
          };
        };
        Product<Real>::tiled_product(ta, tb, s.m, s.n, s.k, Real(-2), left.data(), lda, right.data(), ldb, c.data(),
                                     s.n, mark(before), mark(after));
        CHECK(off(c, reference::product(ta, tb, s.m, s.n, s.k, -2, a, lda, b, ldb)) < rounding<Real>);
        CHECK(std::all_of(before.begin(), before.end(), [](char x) { return x == 1; }));
        CHECK(std::all_of(after.begin(), after.end(), [](char x) { return x == 1; }));
      }
}

TEST_CASE_TEMPLATE("product: any number of threads gives the same bits", Real, float, double) {
  constexpr Index m = 1030, n = 769, k = 37;
  const auto a = as<Real>(reference::random(m * k, 1)), b = as<Real>(reference::random(k * n, 2));
  CHECK(reference::same_bits_for_any_thread_count([&] {
    std::vector<Real> c(at(m * n));
    const auto nothing = [](Index, Index, Index, Index) {};
    Product<Real>::tiled_product(false, false, m, n, k, Real(1), a.data(), k, b.data(), n, c.data(), n, nothing,
                                 nothing);
    return c;
  }));
}

TEST_CASE("product: equal parts cover a length, none too long, all but the last a multiple of the step") {
  for (const Index length : {1, 3, 48, 511, 512, 513, 767, 768, 769, 1024, 1025, 100'000})
    for (const Index step : {4, 48}) {
      const ctp::backend::cpu::detail::EqualParts cut(length, 768, step);
      CHECK(cut.part % step == 0);
      CHECK(cut.part <= 768);
      CHECK(cut.part * cut.parts >= length);
      CHECK(cut.part * (cut.parts - 1) < length);
    }
  CHECK(ctp::backend::cpu::detail::EqualParts(513, 512, 4).part == 260);  // equal parts, not 512 and 1
}
