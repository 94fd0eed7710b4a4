#include <ctp/autograd/tape.hpp>

#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/generic/memory.hpp>

using Tape = ctp::Tape<ctp::backend::generic::Memory>;
using ctp::Shape;

TEST_CASE("tape: closures run in reverse order") {
  Tape tape;
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) tape.record([&order, i] { order.push_back(i); });
  CHECK(order.empty());
  tape.backward();
  CHECK(order == std::vector<int>{4, 3, 2, 1, 0});
}

TEST_CASE("tape: rewinding drops the closures") {
  Tape tape;
  int runs = 0;
  tape.record([&runs] { ++runs; });
  tape.rewind();
  tape.backward();
  CHECK(runs == 0);
  tape.record([&runs] { runs += 10; });
  tape.backward();
  CHECK(runs == 10);
}

TEST_CASE("tape: after the first rewind, the same work gets the same addresses and no more memory") {
  Tape tape;
  double sum = 0;
  const auto work = [&] {
    std::vector<const void*> where;
    for (std::ptrdiff_t i = 1; i < 40; ++i) {
      const auto x = tape.make<double>(Shape<2>{i, 1000});
      x.data[x.size() - 1] = static_cast<double>(i);
      tape.record([&sum, x] { sum += x.data[x.size() - 1]; });
      where.push_back(x.data);
      where.push_back(tape.make<float>(Shape<0>{}).data);
    }
    return where;
  };
  work();
  tape.rewind();
  const auto first = work();
  const std::size_t held = tape.capacity();
  for (int step = 0; step < 3; ++step) {
    tape.rewind();
    CHECK(work() == first);
    sum = 0;
    tape.backward();
    CHECK(sum == 780);
  }
  CHECK(tape.capacity() == held);
}

TEST_CASE("tape: a tensor has the requested shape, and a closure may be large") {
  Tape tape;
  const auto x = tape.make<float>(Shape<3>{2, 3, 5});
  CHECK(x.shape == Shape<3>{2, 3, 5});
  struct Large {
    double values[500];
  } large{};
  large.values[499] = 7;
  double last_value = 0;
  tape.record([large, &last_value] { last_value = large.values[499]; });
  tape.backward();
  CHECK(last_value == 7);
}
