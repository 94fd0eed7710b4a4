#include <ctp/autograd/operators.hpp>

#include <array>
#include <cmath>

#include <ctp/autograd/views.hpp>
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
using reference::at;

namespace {

/// Two matrices, a row, a column and a number, all with gradients. The numbers of `b`, `row`, `column` and `number` lie
/// near 2, so that a quotient is smooth.
struct Slots {
  Index n, m;
  Parameter<2> a{0, {n, m}}, b{n * m, {n, m}}, row{2 * n * m, {1, m}}, column{2 * n * m + m, {n, 1}};
  Parameter<0> number{2 * n * m + m + n, {}};
  Values theta = numbers(n * m, 2 * n * m + m + n + 1);

  explicit Slots(Shape<2> size) : n(size[0]), m(size[1]) {}
  static Values numbers(Index free, Index all) {
    Values x = reference::random(all, 3);
    for (Index i = free; i < all; ++i) x[at(i)] = 2 + std::tanh(x[at(i)]) / 2;
    return x;
  }
};

template <class B, class Loss>
void check_all_sizes(const Loss& loss) {
  for (const auto& size : sizes) {
    const Slots s(size);
    check<B>(s.theta, [&](const auto& pass) { return weighted_sum(pass, loss(s, pass)); });
  }
}

}  // namespace

TEST_CASE_TEMPLATE("operators: equal shapes differentiate", B, CTP_TEST_BACKENDS) {
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.a] + pass[s.b]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.a] - pass[s.b]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.a] * pass[s.b]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.a] / pass[s.b]; });
}

TEST_CASE_TEMPLATE("operators: rows, columns and numbers stretch on either side, and differentiate", B,
                   CTP_TEST_BACKENDS) {
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.a] + pass[s.row]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.column] - pass[s.a]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.a] * pass[s.number]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.number] / pass[s.b]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.column] / pass[s.row]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.row] * pass[s.column] * pass[s.a]; });
}

TEST_CASE_TEMPLATE("operators: a value and a number of the program differentiate, on either side", B,
                   CTP_TEST_BACKENDS) {
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return 2 * (pass[s.a] + 1) - pass[s.b] * 0.5; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return 1 - pass[s.a] / 3; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return (0.25 + -pass[s.a]) - 4; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return 3 / pass[s.b]; });
}

TEST_CASE_TEMPLATE("operators: an operand may occur on both sides", B, CTP_TEST_BACKENDS) {
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.a] * pass[s.a]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.a] + pass[s.a]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) { return pass[s.b] / pass[s.b] + pass[s.a]; });
  check_all_sizes<B>([](const Slots& s, const auto& pass) {
    const auto both = pass[s.a] - pass[s.a];
    return both + pass[s.b];
  });
  check_all_sizes<B>([](const Slots& s, const auto& pass) {
    const auto twice = 2 * pass[s.row];
    return twice * twice * pass[s.column] + twice;
  });
}

TEST_CASE_TEMPLATE("operators: an operand without gradient is a constant", B, CTP_TEST_BACKENDS) {
  check_all_sizes<B>([](const Slots& s, const auto& pass) {
    const auto teacher = ctp::constant(pass, 1.5) + ctp::constant(pass, 0.25);
    CHECK(teacher.value);
    CHECK_FALSE(teacher.grad);
    return (teacher * pass[s.a] - teacher) / teacher + (teacher - pass[s.row]);
  });
}

TEST_CASE_TEMPLATE("operators: in an enclosed block they lie in the block's memory, and differentiate", B,
                   CTP_TEST_BACKENDS) {
  check_all_sizes<B>([](const Slots& s, const auto& pass) {
    return operation::in_blocks(pass, pass[s.a], [&](const auto& inner, const auto& x) {
      const auto constant = stop_gradient(0 * x) + 1;
      const auto y = 2 * x * pass[s.row] - (x - 1) / inner[s.b] * inner[s.number] / inner[s.column] + constant;
      CHECK(y.level == inner.level);
      CHECK(constant.level == (inner.differentiates() ? 0 : inner.level));
      return y;
    });
  });
}

TEST_CASE_TEMPLATE("operators: values by hand", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>({6, -8, 10, 4, 2, 1, -1, 5});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  const auto a = pass[Parameter<2>{0, {2, 2}}], b = pass[Parameter<2>{4, {2, 2}}];
  const auto row = pass[Parameter<2>{4, {1, 2}}], column = pass[Parameter<2>{4, {2, 1}}];
  const auto number = pass[Parameter<0>{4, {}}];
  CHECK(read(a + b) == Values{8, -7, 9, 9});
  CHECK(read(a - b) == Values{4, -9, 11, -1});
  CHECK(read(a * b) == Values{12, -8, -10, 20});
  CHECK(read(a / row) == Values{3, -8, 5, 4});
  CHECK(read(a + row) == Values{8, -7, 12, 5});
  CHECK(read(a - column) == Values{4, -10, 9, 3});
  CHECK(read(row - column) == Values{0, -1, 1, 0});
  CHECK(read(number * a) == Values{12, -16, 20, 8});
  CHECK(read(a / number) == Values{3, -4, 5, 2});
  CHECK(read(number + number) == Values{4});
  CHECK(read(1 - a) == Values{-5, 9, -9, -3});
  CHECK(read(a - 1) == Values{5, -9, 9, 3});
  CHECK(read(-a) == Values{-6, 8, -10, -4});
  CHECK(read(a / 2) == Values{3, -4, 5, 2});
  CHECK(read(8 / column) == Values{4, 8});
  CHECK((row + column).value.shape == Shape<2>{2, 2});
}

TEST_CASE_TEMPLATE("operators: a quotient by a number is rounded once", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  Values numerators, quotients;
  for (int n = 1; n <= 100; ++n) {
    numerators.push_back(n);
    quotients.push_back(static_cast<Real>(n) / Real(49));  // n * (1 / 49) differs, for example at n = 49
  }
  const auto theta = reference::put<B>(numerators);
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, nullptr, {}};
  CHECK(read(pass[Parameter<1>{0, {100}}] / 49) == quotients);
}

TEST_CASE_TEMPLATE("operators: a large stretched operand gets its whole gradient", B, CTP_TEST_BACKENDS) {
  // 40 * 31 = 1240 elements, so that the sum over all has partial sums. The slope of each element is 1.
  const auto theta = reference::put<B>({3});
  auto gradient = reference::put<B>({0});
  ctp::Tape<B> tape;
  const Pass<B> pass{theta.data(), &tape, gradient.data(), {}};
  auto ones = pass.make(Shape<2>{40, 31});
  B::fill(1240, typename B::Real(1), ones.value.data);
  const auto y = stop_gradient(ones) * pass[Parameter<0>{0, {}}];
  B::fill(1240, typename B::Real(1), y.grad.data);
  tape.backward();
  CHECK(gradient.template to_host<double>() == Values{1240});
}

TEST_CASE_TEMPLATE("operators: what does not fit is refused by name", B, CTP_TEST_BACKENDS) {
  const auto theta = reference::put<B>(Values(70, 1));
  auto gradient = reference::put<B>(Values(70));
  ctp::Tape<B> tape, other_tape;
  const Pass<B> pass{theta.data(), &tape, gradient.data(), {}},
      elsewhere{theta.data(), &other_tape, gradient.data(), {}};
  const auto a = pass[Parameter<2>{0, {5, 7}}], narrow = pass[Parameter<2>{0, {5, 6}}];
  CHECK_THROWS_WITH_AS((void)(a + narrow),
                       "operator +: a is [5,7] but b is [5,6]; extents must be equal, or one of the two is 1",
                       ctp::ShapeError);
  CHECK_THROWS_AS((void)(pass[Parameter<3>{0, {1, 2, 3}}] * pass[Parameter<3>{0, {2, 2, 3}}]), ctp::ShapeError);
  const ctp::Variable<2, B> loose{a.value, {}};
  CHECK_THROWS_WITH_AS((void)(loose - 1),
                       "operator -: no operand lies on a tape; make values with pass.make(), pass[parameter] or an "
                       "operation",
                       ctp::UsageError);
  CHECK((loose - a).value);
  CHECK_THROWS_WITH_AS((void)(a * elsewhere[Parameter<2>{0, {5, 7}}]),
                       "operator *: the operands lie on different tapes; combine values of one step only",
                       ctp::UsageError);
}
