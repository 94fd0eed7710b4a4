#include <ctp/autograd/select.hpp>

#include <cstdint>
#include <vector>

#include <support/operation.hpp>

using ctp::Parameter;
using ctp::Pass;
using ctp::Shape;
using ctp::testing::weighted_sum;
using operation::check;
using operation::read;
using operation::sizes;
using operation::Values;

namespace {
/// Row numbers on the tape of a pass.
template <class B>
ctp::Tensor<std::int32_t, 1, B> numbers_of(const Pass<B>& pass, const std::vector<std::int32_t>& numbers) {
  const auto n = static_cast<ctp::Index>(numbers.size());
  const auto index = ctp::detail::numbers(pass, n);
  B::upload(numbers.data(), n, index.data);
  return index;
}
template <class B>
std::vector<std::int32_t> read_numbers(ctp::Tensor<std::int32_t, 1, B> x) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(x.size()));
  B::download(x.data, x.size(), numbers.data());
  return numbers;
}
}  // namespace

TEST_CASE_TEMPLATE("select: concat differentiates, of matrices and of vectors, with an argument twice", B,
                   CTP_TEST_BACKENDS) {
  for (const auto& size : sizes) {
    const Parameter<2> a{0, size}, b{ctp::count(size), {3, size[1]}};
    check<B>(reference::random(ctp::count(size) + 3 * size[1], 2),
             [&](const auto& pass) { return weighted_sum(pass, concat(pass, pass[a], pass[b], pass[a])); });
  }
  const Parameter<1> u{0, {5}}, v{5, {1}};
  check<B>(reference::random(6, 2),
           [&](const auto& pass) { return weighted_sum(pass, concat(pass, pass[u], pass[v])); });
}

TEST_CASE_TEMPLATE("select: gather and pick differentiate, also of repeated rows", B, CTP_TEST_BACKENDS) {
  const Values theta = reference::random(35, 7);
  const Parameter<2> x{0, {5, 7}};
  check<B>(theta,
           [&](const auto& pass) { return weighted_sum(pass, gather(pass, pass[x], numbers_of(pass, {4, 0, 4}))); });
  check<B>(theta, [&](const auto& pass) {
    return weighted_sum(pass, gather(pass, pass[Parameter<1>{0, {35}}], numbers_of(pass, {34, 0, 0, 17, 5})));
  });
  check<B>(theta, [&](const auto& pass) {
    return weighted_sum(pass, pick(pass, pass[x], numbers_of(pass, {6, 0, 3, 3, 1})));
  });
  for (const ctp::Index n : {1, 3, 5})
    check<B>(theta,
             [&](const auto& pass) { return weighted_sum(pass, diagonal(pass, pass[Parameter<2>{0, {n, n}}])); });
}

TEST_CASE_TEMPLATE("select: in enclosed blocks they differentiate", B, CTP_TEST_BACKENDS) {
  check<B>(reference::random(25, 7), [](const auto& pass) {
    return weighted_sum(pass, operation::in_blocks(pass, pass[Parameter<2>{0, {5, 5}}], [](const auto& inner, auto x) {
                          const auto mixed = gather(inner, x, numbers_of(inner, {3, 1, 1}));
                          const auto all = concat(inner, mixed, as_row(diagonal(inner, x)),
                                                  as_row(pick(inner, x, numbers_of(inner, {4, 2, 0, 0, 1}))));
                          return multiply(inner, all, x);
                        }));
  });
}

TEST_CASE_TEMPLATE("select: values by hand", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({1, 5, 5, -4, -5, -6, 7, 8, 9});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto x = pass[Parameter<2>{0, {3, 3}}];
  CHECK(read(concat(pass, x, pass[Parameter<2>{3, {1, 3}}])) == Values{1, 5, 5, -4, -5, -6, 7, 8, 9, -4, -5, -6});
  CHECK(read(gather(pass, x, numbers_of(pass, {2, 0}))) == Values{7, 8, 9, 1, 5, 5});
  CHECK(read(gather(pass, pass[Parameter<1>{0, {9}}], numbers_of(pass, {8, 8, 3}))) == Values{9, 9, -4});
  CHECK(read(pick(pass, x, numbers_of(pass, {2, 0, 1}))) == Values{5, -4, 8});
  CHECK(read(diagonal(pass, x)) == Values{1, -5, 9});
  CHECK(read_numbers(row_numbers(pass, 4)) == std::vector<std::int32_t>{0, 1, 2, 3});
  // Two equal numbers in row 0: the first.
  CHECK(read_numbers(row_argmax(pass, x)) == std::vector<std::int32_t>{1, 0, 2});
}

TEST_CASE_TEMPLATE("select: what does not fit is refused by name", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>(Values(12, 1));
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto wide = pass[Parameter<2>{0, {3, 4}}], square = pass[Parameter<2>{0, {3, 3}}];
  CHECK_THROWS_WITH_AS((void)concat(pass, wide, square),
                       "concat: the first argument is [3,4] but another argument is [3,3]; rows must be equally wide",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)diagonal(pass, wide),
                       "diagonal: x is [3,4] but square is [3,3]; only a square matrix has a diagonal",
                       ctp::ShapeError);
  CHECK_THROWS_WITH_AS((void)pick(pass, wide, row_numbers(pass, 2)),
                       "pick: x is [3,4] but index is [2]; each row has one number", ctp::ShapeError);
  CHECK_THROWS_AS((void)row_argmax(pass, pass[Parameter<2>{0, {3, 0}}]), ctp::ShapeError);
}
