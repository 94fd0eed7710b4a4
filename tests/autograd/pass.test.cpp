#include <ctp/autograd/pass.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/generic/memory.hpp>

namespace {
struct Host : ctp::backend::generic::Memory {
  using Real = double;
};
using Pass = ctp::Pass<Host>;
using ctp::Shape;
const std::vector<double> theta = {0, 1, 2, 3, 4, 5, 6, 7};
const ctp::Parameter<2> slot{2, {2, 3}};
}  // namespace

TEST_CASE("pass: a weight is a view of theta, its gradient the same range of the gradient vector") {
  ctp::Tape<Host> tape;
  std::vector<double> gradient(8);
  const auto w = Pass{theta.data(), &tape, gradient.data(), {}}[slot];
  CHECK(w.value.data == theta.data() + 2);
  CHECK(w.grad.data == gradient.data() + 2);
  CHECK(w.value.shape == Shape<2>{2, 3});
  CHECK(w.grad.shape == Shape<2>{2, 3});
}

TEST_CASE("pass: new values have a gradient of zeros, also in memory that was used before") {
  ctp::Tape<Host> tape;
  std::vector<double> gradient(8);
  const Pass pass{theta.data(), &tape, gradient.data(), {}};
  for (int step = 0; step < 2; ++step) {
    const auto x = pass.make(Shape<1>{5});
    for (int i = 0; i < 5; ++i) {
      CHECK(x.grad.data[i] == 0);
      x.grad.data[i] = 1;
      x.value.data[i] = 1;
    }
    tape.rewind();
  }
}

TEST_CASE("pass: a teacher's pass has no gradients, records nothing and takes only the memory of values") {
  ctp::Tape<Host> tape;
  const Pass teacher{theta.data(), &tape, nullptr, {}};
  CHECK_FALSE(teacher.differentiates());
  CHECK_FALSE(teacher[slot].grad);
  const auto a = teacher.make(Shape<1>{8}), b = teacher.make(Shape<1>{8});
  CHECK_FALSE(a.grad);
  CHECK(b.value.data == a.value.data + 8);
  int runs = 0;
  teacher.record([&runs] { ++runs; });
  tape.backward();
  CHECK(runs == 0);
}

TEST_CASE("pass: a dropout layer is the pass's dropout with a dropout_id of its own") {
  const std::vector<std::uint32_t> samples = {5};
  Pass pass;
  CHECK_FALSE(pass.dropout_layer(3).active());
  pass.dropout = {0.25F, {1, 2}, 3, 4, samples.data(), 0};
  const auto layer = pass.dropout_layer(9);
  CHECK(layer.active());
  CHECK(layer.dropout_id == 9);
  CHECK(layer.key == pass.dropout.key);
  CHECK(layer.sample == samples.data());
  CHECK(layer.task == 3);
  CHECK(layer.epoch == 4);
}

namespace {
/// y = x + x, written by hand so that the test knows all addresses.
ctp::Variable<1, Host> twice(const Pass& pass, ctp::Variable<1, Host> x) {
  auto y = pass.make(x.value.shape);
  const auto n = x.value.size();
  for (ctp::Index i = 0; i < n; ++i) y.value.data[i] = 2 * x.value.data[i];
  pass.record([=] {
    for (ctp::Index i = 0; i < n; ++i) x.grad.data[i] += 2 * y.grad.data[i];
  });
  return y;
}
/// 8 x by three doublings, two of them with the inner pass.
ctp::Variable<1, Host> eightfold(const Pass& pass, ctp::Variable<1, Host> x, std::vector<const double*>* where) {
  return ctp::enclosed(pass, [&](const Pass& inner) {
    const auto a = twice(inner, x), b = twice(inner, a);
    if (where != nullptr) where->insert(where->end(), {a.value.data, a.grad.data, b.value.data, b.grad.data});
    return twice(pass, b);
  });
}
}  // namespace

TEST_CASE("enclosed: blocks share the memory of their gradients, and the gradients are correct") {
  ctp::Tape<Host> tape;
  std::vector<double> gradient(8);
  const Pass pass{theta.data(), &tape, gradient.data(), {}};
  for (int step = 0; step < 3; ++step) {
    tape.rewind();
    const auto x = pass.make(Shape<1>{20});
    for (int i = 0; i < 20; ++i) x.value.data[i] = i;
    std::vector<const double*> first, second;
    const auto y = eightfold(pass, x, &first), z = eightfold(pass, y, &second);
    CHECK(z.value.data[19] == 64 * 19);
    CHECK(first[1] == second[1]);
    CHECK(first[3] == second[3]);
    CHECK(first[0] != second[0]);  // values are kept for the backward pass
    CHECK(first[2] != second[2]);
    for (int i = 0; i < 20; ++i) z.grad.data[i] = i + 1;
    tape.backward();
    for (int i = 0; i < 20; ++i) {
      CHECK(y.grad.data[i] == 8 * (i + 1));
      CHECK(x.grad.data[i] == 64 * (i + 1));
    }
  }
}

TEST_CASE("enclosed: in a teacher's pass a block frees its inner values, at every depth") {
  ctp::Tape<Host> tape;
  const Pass teacher{theta.data(), &tape, nullptr, {}};
  auto x = teacher.make(Shape<1>{200'000});
  x.value.data[7] = 1;
  std::vector<const double*> where;
  const auto y = ctp::enclosed(teacher, [&](const Pass& inner) {
    auto value = eightfold(inner, x, &where);
    for (int i = 0; i < 50; ++i) value = eightfold(inner, value, &where);
    return twice(teacher, value);
  });
  CHECK(y.value.data[7] == 2 * std::pow(8.0, 51));
  for (std::size_t i = 4; i < where.size(); i += 4) CHECK(where[i] == where[0]);
  tape.rewind();
  CHECK(tape.capacity() == 1'600'000 * (2 + 51 + 2));  // x and y, 51 results, and two values inside a block
}

TEST_CASE("enclosed: blocks may nest deeper than the levels and follow each other in a block") {
  ctp::Tape<Host> tape;
  std::vector<double> gradient(8);
  const Pass pass{theta.data(), &tape, gradient.data(), {}};
  for (int step = 0; step < 2; ++step) {
    tape.rewind();
    const auto x = pass.make(Shape<1>{3});
    for (int i = 0; i < 3; ++i) x.value.data[i] = 1;
    const auto y = ctp::enclosed(pass, [&](const Pass& a) {
      const auto block = ctp::enclosed(a, [&](const Pass& b) {
        const auto deep = ctp::enclosed(b, [&](const Pass& c) { return twice(b, twice(c, x)); });
        return twice(a, eightfold(b, deep, nullptr));
      });
      return eightfold(pass, twice(a, block), nullptr);
    });
    CHECK(y.value.data[2] == 1024);
    y.grad.data[2] = 1;
    tape.backward();
    CHECK(x.grad.data[2] == 1024);
    CHECK(x.grad.data[1] == 0);
  }
}

TEST_CASE("enclosed: a result that was made with the inner pass is refused") {
  ctp::Tape<Host> tape;
  std::vector<double> gradient(8);
  for (double* to : {gradient.data(), static_cast<double*>(nullptr)}) {
    const Pass pass{theta.data(), &tape, to, {}};
    const auto x = pass.make(Shape<1>{3});
    CHECK_THROWS_AS(ctp::enclosed(pass, [&](const Pass& inner) { return twice(inner, x); }), ctp::UsageError);
  }
}

TEST_CASE("pass: a parameter that no layout has made is refused with the remedy, and reads nothing") {
  ctp::Tape<Host> tape;
  const Pass pass{theta.data(), &tape, nullptr, {}};
  CHECK_THROWS_WITH_AS(
      (void)pass[ctp::Parameter<2>{}],
      "pass[parameter]: expected a parameter of the layout, found one that was never added; in "
      "'parameters(layout)' of the policy, assign the result of 'layout.template add<Rank>(...)' to the "
      "parameter, and change settings that decide on parameters before the Learner is made: "
      "'Learner(model, options, configure)'",
      ctp::UsageError);
  CHECK(pass[ctp::Parameter<1>{2, {1}}].value.data == theta.data() + 2);
}
