// One whole training step: momentum update, the models forward, the online model backward, guard, AdamW.
// Threads: OMP_NUM_THREADS. benchmarks/compare_torch.py runs the same step in PyTorch; keep the sizes alike.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include <ctp/ctp.hpp>
#include <ctp/testing/synthetic_batch.hpp>

#include "laps.hpp"
#include "narrow.hpp"

namespace {

using bench::narrow;
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;

/// `tiny` with a vocabulary of the size of the synthetic stream's.
constexpr ctp::ModelConfig tiny() {
  ctp::ModelConfig c = ctp::sizes::tiny;
  c.vocab = 2000;
  return c;
}

/// Noise images and random tokens, 15 % of them masked; no padding.
constexpr ctp::testing::SyntheticBatchOptions batch_options{
    .seed = 1, .masked = 15, .of = 100, .short_last_text = false};

/// A training on its second task, so that every teacher runs.
template <class Strategy>
class Training {
 public:
  /// Kept from call to call while the size stays the same: drawing the weights of `base` takes longer than a step.
  static Training& of(const std::string& size, const ctp::ModelConfig& config, int pairs) {
    static std::unique_ptr<Training> held;
    const std::string wanted = size + "/" + std::to_string(pairs);
    if (!held || held->name_ != wanted) {
      held.reset();
      held.reset(new Training(wanted, config, pairs));
    }
    return *held;
  }
  void step() { benchmark::DoNotOptimize(learner_.step(batch_).loss); }

 private:
  Training(std::string name, const ctp::ModelConfig& config, int pairs)
      : name_(std::move(name)),
        learner_(Model(config)),
        batch_(ctp::testing::synthetic_batch(config, pairs, 30, batch_options)) {
    constexpr std::uint64_t many = 1U << 30U;
    learner_.begin_task(many);
    learner_.end_task();
    learner_.begin_task(many);
    step();  // sizes the arena
    step();
  }

  std::string name_;
  ctp::Learner<Strategy, Model> learner_;
  ctp::data::Batch batch_;
};

template <class Strategy>
void step(benchmark::State& state, const char* size, const ctp::ModelConfig& config) {
  const int pairs = static_cast<int>(state.range(0));
  auto& training = Training<Strategy>::of(size, config, pairs);
  bench::Laps laps;
  for (auto _ : state) laps.time([&] { training.step(); });
  laps.report(state);
  state.SetItemsProcessed(state.iterations() * pairs);
}

void ctp_step(benchmark::State& state, const char* size, const ctp::ModelConfig& config) {
  step<ctp::strategy::Ctp>(state, size, config);
}
BENCHMARK_CAPTURE(ctp_step, narrow, "narrow", narrow)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(ctp_step, tiny, "tiny", tiny())->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(ctp_step, base, "base", ctp::sizes::base)
    ->Arg(4)
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

void seqf_step(benchmark::State& state, const char* size, const ctp::ModelConfig& config) {
  step<ctp::strategy::SeqF>(state, size, config);
}
BENCHMARK_CAPTURE(seqf_step, tiny, "tiny", tiny())->Arg(32)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
