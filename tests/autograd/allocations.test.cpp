// After the first steps, no operation allocates memory.
#include <cstdint>
#include <cstdlib>

#include <doctest/doctest.h>

#include <ctp/autograd/distances.hpp>
#include <ctp/autograd/matrix.hpp>
#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/reductions.hpp>
#include <ctp/autograd/select.hpp>
#include <ctp/autograd/where.hpp>
#include <support/operation.hpp>

// Behind all other headers: declarations of the functions that this header defines come first.
#include <support/count_allocations.hpp>

namespace {

using B = ctp::test::TestBackend<float>;
using ctp::Parameter;
using ctp::Pass;

/// A loss that uses every operation, in the step's memory and in an enclosed block.
[[maybe_unused]] ctp::Scalar<B> every_operation(const Pass<B>& pass) {
  const auto compute = [](const Pass<B>& inner) {
    const auto x = inner[Parameter<2>{0, {40, 40}}], y = inner[Parameter<2>{1600, {40, 40}}];
    const auto row = inner[Parameter<1>{0, {40}}];
    const auto mixed = 2 * x * y - x / (3 - y) + as_row(row) * as_column(row) + norm(inner, y) / 2 - 1;
    const auto mapped = map(inner, mixed, ctp::elementwise::Softplus{}) + distances(inner, x, y);
    const auto soft = softmax(inner, mapped) * log_softmax(inner, matmul(inner, x, transpose(inner, y)));
    const auto best = row_argmax(inner, soft);
    const auto mask = equal(inner, best, row_numbers(inner, 40));
    const auto chosen = where(inner, as_column(mask), soft, ctp::constant(inner, 0)) + stop_gradient(x);
    const auto joined = concat(inner, chosen, gather(inner, x, best));
    const auto picked = pick(inner, x, best) + diagonal(inner, y) + row_means(inner, soft) + column_sums(inner, soft);
    const auto bars = greater(inner, x, y) + at_least(inner, x, y) * x;
    return mean(inner, joined) + mean(inner, picked) + sum(inner, bars);
  };
  const auto block = enclosed(pass, [&](const Pass<B>& inner) { return add(pass, compute(inner), compute(inner)); });
  return block + compute(pass);
}

}  // namespace

TEST_CASE("allocations: a warm step with every operation allocates nothing") {
#if CTP_TEST_COUNTS_MALLOC
  const int threads = ctp::threads();
  ctp::set_threads(1);
  const auto theta = reference::put<B>(reference::random(3200, 1));
  auto gradient = reference::put<B>(reference::Values(3200));
  ctp::Tape<B> tape;
  std::uint64_t before = test::allocations(), last = 0;
  for (int step = 0; step < 4; ++step) {
    const auto loss = every_operation({theta.data(), &tape, gradient.data(), {}});
    B::fill(1, 1.F, loss.grad.data);
    tape.backward();
    CHECK(*loss.value.data == *loss.value.data);
    tape.rewind();
    last = test::allocations() - before;
    before = test::allocations();
    if (step == 0) REQUIRE(last > 0);  // the counter counts
  }
  CHECK(last == 0);
  ctp::set_threads(threads);
#else
  MESSAGE("SKIPPED: memory is not counted under a sanitizer or without glibc");
#endif
}
