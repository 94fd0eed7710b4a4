#include <ctp/autograd/pass.hpp>

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

TEST_CASE("pass: a weight is a view of theta, its gradient the same place of the gradient vector") {
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

TEST_CASE("pass: a dropout layer is the pass's dropout with a lane of its own") {
  const std::vector<std::uint32_t> samples = {5};
  Pass pass;
  CHECK_FALSE(pass.dropout_layer(3).active());
  pass.dropout = {0.25F, {1, 2}, 3, 4, samples.data(), 0};
  const auto layer = pass.dropout_layer(9);
  CHECK(layer.active());
  CHECK(layer.lane == 9);
  CHECK(layer.key == pass.dropout.key);
  CHECK(layer.sample == samples.data());
  CHECK(layer.task == 3);
  CHECK(layer.epoch == 4);
}
