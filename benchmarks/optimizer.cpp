// Passes over flat parameter vectors. Such passes do few operations per number, so memory bandwidth limits the passes.
// 202,666,120 parameters are the base model's and need 5 GB: --benchmark_filter=-202666120 leaves them out.
#include <cstddef>

#include <benchmark/benchmark.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/momentum/compatible.hpp>
#include <ctp/momentum/view.hpp>
#include <ctp/penalty/terms.hpp>
#include <ctp/tensor/buffer.hpp>

#include "laps.hpp"

namespace {

using ctp::Index;
using B = ctp::Cpu;
using Vector = ctp::Buffer<float, B>;

constexpr Index base_model = 202'666'120, medium = 20'000'000;

Vector made(Index n, float value) {
  Vector v(n);
  B::fill(n, value, v.data());
  return v;
}

/// `values_moved`: values read and written per parameter, without the cache lines that a store reads first.
template <class Pass>
void run(benchmark::State& state, int values_moved, const Pass& pass) {
  pass();
  bench::Laps laps;
  for (auto _ : state) laps.time(pass);
  laps.report(state);
  state.SetBytesProcessed(state.iterations() * state.range(0) * values_moved * Index{sizeof(float)});
}

constexpr ctp::backend::AdamWStep numbers{.rate = 1e-4,
                                          .weight_decay = 0.05,
                                          .beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .epsilon = 1e-8,
                                          .correction1 = 0.1,
                                          .correction2 = 0.001};

/// All that a ctp step does to its parameters: compatible momentum, AdamW, zeroing the gradient.
void adamw_momentum_zero(benchmark::State& state) {
  const Index n = state.range(0);
  Vector theta = made(n, 0.5F), gradient = made(n, 0.01F), first = made(n, 0.01F), second = made(n, 1e-4F);
  Vector slow = made(n, 0.4F), previous = made(n, 0.3F);
  const ctp::momentum::Compatible momentum;
  run(state, 4 + 8, [&] {
    momentum.update(ctp::momentum::ViewFor<ctp::momentum::Compatible, B>(
        {.size = n, .slow = slow.data(), .online = theta.data(), .previous = previous.data()}));
    B::adamw(n, numbers, theta.data(), gradient.data(), first.data(), second.data());
  });
}
BENCHMARK(adamw_momentum_zero)
    ->Arg(medium)
    ->Arg(base_model)
    ->Iterations(7)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void adamw(benchmark::State& state) {
  const Index n = state.range(0);
  Vector theta = made(n, 0.5F), gradient = made(n, 0.01F), first = made(n, 0.01F), second = made(n, 1e-4F);
  run(state, 8, [&] { B::adamw(n, numbers, theta.data(), gradient.data(), first.data(), second.data()); });
}
// Few turns: the moments of a gradient that stays zero would fade into subnormal numbers.
BENCHMARK(adamw)->Arg(medium)->Iterations(50)->Unit(benchmark::kMillisecond)->UseRealTime();

void average(benchmark::State& state) {
  const Index n = state.range(0);
  Vector slow = made(n, 0.4F), theta = made(n, 0.5F);
  run(state, 3, [&] { B::average(n, 0.995F, theta.data(), slow.data()); });
}
BENCHMARK(average)->Arg(medium)->Unit(benchmark::kMillisecond)->UseRealTime();

void average_of_two(benchmark::State& state) {
  const Index n = state.range(0);
  Vector slow = made(n, 0.4F), theta = made(n, 0.5F), previous = made(n, 0.3F);
  run(state, 4, [&] { B::average_of_two(n, 0.9F, theta.data(), previous.data(), slow.data()); });
}
BENCHMARK(average_of_two)->Arg(medium)->Unit(benchmark::kMillisecond)->UseRealTime();

void add_squares(benchmark::State& state) {
  const Index n = state.range(0);
  Vector importance = made(n, 0), gradient = made(n, 0.01F);
  run(state, 3, [&] { B::add_squares(n, 0.25F, gradient.data(), importance.data()); });
}
BENCHMARK(add_squares)->Arg(medium)->Unit(benchmark::kMillisecond)->UseRealTime();

void add_magnitudes(benchmark::State& state) {
  const Index n = state.range(0);
  Vector importance = made(n, 0), gradient = made(n, -0.01F);
  run(state, 3, [&] { B::add_magnitudes(n, 0.25F, gradient.data(), importance.data()); });
}
BENCHMARK(add_magnitudes)->Arg(medium)->Unit(benchmark::kMillisecond)->UseRealTime();

void adamw_with_path(benchmark::State& state) {
  const Index n = state.range(0);
  Vector theta = made(n, 0.5F), gradient = made(n, 0.01F), first = made(n, 0), second = made(n, 0);
  Vector anchor = made(n, 0.4F), importance = made(n, 2), path = made(n, 0);
  using Spring = ctp::penalty::Quadratic<float>;
  const ctp::penalty::WithPathIntegral<Spring, float> term{Spring{1, anchor.data(), importance.data()}, path.data()};
  run(state, 12, [&] { B::adamw(n, numbers, theta.data(), gradient.data(), first.data(), second.data(), term); });
}
BENCHMARK(adamw_with_path)->Arg(medium)->Iterations(50)->Unit(benchmark::kMillisecond)->UseRealTime();

void quadratic_penalty(benchmark::State& state) {
  const Index n = state.range(0);
  const Vector theta = made(n, 0.5F), anchor = made(n, 0.4F), importance = made(n, 2);
  const ctp::penalty::Quadratic<float> term{1, anchor.data(), importance.data()};
  run(state, 3, [&] { benchmark::DoNotOptimize(B::sum_terms(n, theta.data(), term)); });
}
BENCHMARK(quadratic_penalty)->Arg(medium)->Unit(benchmark::kMillisecond)->UseRealTime();

void all_finite(benchmark::State& state) {
  const Index n = state.range(0);
  const Vector gradient = made(n, 0.01F);
  run(state, 1, [&] { benchmark::DoNotOptimize(B::all_finite(n, gradient.data())); });
}
BENCHMARK(all_finite)->Arg(medium)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
