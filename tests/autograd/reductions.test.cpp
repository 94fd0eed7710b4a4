#include <ctp/autograd/reductions.hpp>

#include <cmath>

#include <support/operation.hpp>

using ctp::Index;
using ctp::Parameter;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::weighted_sum;
using operation::check;
using operation::read;
using operation::sizes;
using operation::Values;

namespace {
template <class B, class Loss>
void check_all_sizes(const Loss& loss) {
  for (const auto& size : sizes)
    check<B>(reference::random(ctp::count(size), 9),
             [&](const auto& pass) { return weighted_sum(pass, loss(pass, pass[Parameter<2>{0, size}])); });
}
}  // namespace

TEST_CASE_TEMPLATE("reductions: sums, means and the norm differentiate", B, CTP_TEST_BACKENDS) {
  check_all_sizes<B>([](const auto& pass, auto x) { return sum(pass, x); });
  check_all_sizes<B>([](const auto& pass, auto x) { return mean(pass, x); });
  check_all_sizes<B>([](const auto& pass, auto x) { return row_sums(pass, x); });
  check_all_sizes<B>([](const auto& pass, auto x) { return row_means(pass, x); });
  check_all_sizes<B>([](const auto& pass, auto x) { return column_sums(pass, x); });
  check_all_sizes<B>([](const auto& pass, auto x) { return column_means(pass, x); });
  check_all_sizes<B>([](const auto& pass, auto x) { return norm(pass, x); });
  check_all_sizes<B>([](const auto& pass, auto x) { return sum(pass, sum(pass, row_sums(pass, x))); });
}

TEST_CASE_TEMPLATE("reductions: a value that is summed twice gets both gradients, also in enclosed blocks", B,
                   CTP_TEST_BACKENDS) {
  check_all_sizes<B>([](const auto& pass, auto x) {
    return operation::in_blocks(pass, x, [](const auto& inner, auto y) {
      const auto rows = row_sums(inner, y), columns = column_means(inner, y);
      const auto all = add(inner, sum(inner, rows), norm(inner, columns));
      const auto factor = ctp::detail::reshaped(add(inner, all, mean(inner, y)), Shape<1>{1});
      return scale_by(inner, y, factor);
    });
  });
}

TEST_CASE_TEMPLATE("reductions: values by hand", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({1, 2, 3, -4, 5, 9, 3, 4});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto x = pass[Parameter<2>{0, {2, 3}}];
  CHECK(read(sum(pass, x)) == Values{16});
  CHECK(reference::off(read(mean(pass, x)), {16 / 6.0}) < 1e-7);
  CHECK(read(row_sums(pass, x)) == Values{6, 10});
  CHECK(reference::off(read(row_means(pass, x)), {2, 10 / 3.0}) < 1e-7);
  CHECK(read(column_sums(pass, x)) == Values{-3, 7, 12});
  CHECK(read(column_means(pass, x)) == Values{-1.5, 3.5, 6});
  CHECK(read(norm(pass, pass[Parameter<2>{6, {1, 2}}])) == Values{5});
  CHECK(read(sum(pass, pass[Parameter<1>{0, {4}}])) == Values{2});
  CHECK(read(mean(pass, pass[Parameter<0>{5, {}}])) == Values{9});
  CHECK(read(sum(pass, pass[Parameter<3>{0, {2, 1, 2}}])) == Values{2});
}

TEST_CASE_TEMPLATE("reductions: a long sum is exact to a rounding, and has the same bits for any number of threads", B,
                   CTP_TEST_BACKENDS) {
  // 70 000 numbers, one of them large: a sum in single precision from left to right would lose the rest.
  const Index n = 70'000;
  Values numbers = reference::random(n, 4);
  for (double& x : numbers) x = x * x;
  numbers[3] = 1e6;
  double expected = 0;
  for (const double x : numbers) expected += x;
  const auto theta = reference::put<B>(numbers);
  ctp::Tape<B> tape;
  const auto compute = [&](Shape<2> shape) {
    tape.rewind();
    const Pass<B> pass{theta.data(), &tape, nullptr, {}};
    const auto x = pass[Parameter<2>{0, shape}];
    return Values{read(sum(pass, x))[0], read(sum(pass, row_sums(pass, x)))[0],
                  read(sum(pass, column_sums(pass, x)))[0]};
  };
  for (const double found : compute({7, 10'000})) CHECK(found == doctest::Approx(expected).epsilon(2e-7));
  CHECK(reference::same_bits_for_any_thread_count([&] { return compute({700, 100}); }));
}

TEST_CASE_TEMPLATE("reductions: the norm of zeros has no gradient, and a mean needs an element", B, CTP_TEST_BACKENDS) {
  const auto found = operation::gradient_and_loss<B>(
      Values(6), [](const auto& pass) { return norm(pass, pass[Parameter<2>{0, {2, 3}}]); });
  CHECK(found == Values(7));
  const auto theta = reference::put<B>({1});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto none = pass[Parameter<2>{0, {3, 0}}];
  CHECK(read(sum(pass, none)) == Values{0});
  CHECK(read(row_sums(pass, none)) == Values{0, 0, 0});
  CHECK_THROWS_WITH_AS((void)mean(pass, none),
                       "mean: x is [3,0] but the number of summands is [0]; a mean needs at least one",
                       ctp::ShapeError);
  CHECK_THROWS_AS((void)row_means(pass, none), ctp::ShapeError);
}
