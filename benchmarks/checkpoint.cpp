// Cost of a checkpoint: the copy of a state in memory beside a plain copy, and saving it beside writing and syncing the
// same bytes. The counter GB/s compares them within one run; folder: the environment's CTP_BENCH_FOLDER, else /tmp;
// size: CTP_BENCH_MB.
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <ctp/backend/generic/memory.hpp>
#include <ctp/io/checkpoint/checkpoint_folder.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/train/state_archive.hpp>

namespace {

/// Bytes of the state: CTP_BENCH_MB megabytes, else 1000.
std::size_t state_bytes() {
  const char* const text = std::getenv("CTP_BENCH_MB");
  return (text == nullptr ? 1000 : std::strtoull(text, nullptr, 10)) * 1'000'000;
}

/// Weights and two moments, `bytes` together.
struct State {
  ctp::Buffer<float, ctp::backend::generic::Memory> theta, first, second;

  explicit State(std::size_t bytes) : theta(count(bytes)), first(count(bytes)), second(count(bytes)) {}
  static ctp::Index count(std::size_t bytes) { return static_cast<ctp::Index>(bytes / 12); }
  template <class Archive>
  void visit(Archive& archive) {
    archive("theta", theta);
    archive("adamw.first", first);
    archive("adamw.second", second);
  }
};
State& state() {
  static State one(state_bytes());
  return one;
}
std::string folder() {
  const char* const named = std::getenv("CTP_BENCH_FOLDER");
  return std::string(named == nullptr ? "/tmp" : named) + "/ctp-bench-checkpoint";
}
void report(benchmark::State& run, std::size_t bytes) {
  run.counters["GB/s"] = benchmark::Counter(static_cast<double>(bytes) / 1e9 * static_cast<double>(run.iterations()),
                                            benchmark::Counter::kIsRate);
}

void plain_copy(benchmark::State& run) {
  const State& from = state();
  for (auto _ : run) {
    std::vector<std::vector<std::byte>> copies;
    for (const auto* part : {&from.theta, &from.first, &from.second}) {
      const auto* const bytes = reinterpret_cast<const std::byte*>(part->data());
      copies.emplace_back(bytes, bytes + static_cast<std::size_t>(part->size()) * sizeof(float));
    }
    benchmark::DoNotOptimize(copies);
  }
  report(run, state_bytes());
}
BENCHMARK(plain_copy)->Unit(benchmark::kMillisecond)->UseRealTime();

void copy_of_state(benchmark::State& run) {
  for (auto _ : run) {
    auto copy = ctp::StateArchive::of(state());
    benchmark::DoNotOptimize(copy);
  }
  report(run, state_bytes());
}
BENCHMARK(copy_of_state)->Unit(benchmark::kMillisecond)->UseRealTime();

void write_and_sync(benchmark::State& run) {
  std::filesystem::create_directories(folder());
  const std::string path = folder() + "/plain";
  const auto tensors = ctp::StateArchive::of(state()).tensors();
  for (auto _ : run) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (const ctp::NamedTensor& tensor : tensors)
      for (std::size_t at = 0; at < tensor.bytes.size();) {
        const ssize_t done = ::write(file, tensor.bytes.data() + at, tensor.bytes.size() - at);
        if (done <= 0) {
          run.SkipWithError("cannot write");
          break;
        }
        at += static_cast<std::size_t>(done);
      }
    ::fsync(file);
    ::close(file);
    run.PauseTiming();
    std::filesystem::remove(path);
    run.ResumeTiming();
  }
  std::filesystem::remove_all(folder());
  report(run, state_bytes());
}
BENCHMARK(write_and_sync)->Unit(benchmark::kMillisecond)->UseRealTime();

void save(benchmark::State& run) {
  const ctp::TensorFile file{ctp::StateArchive::of(state()).tensors(), {}, {}};
  for (auto _ : run) {
    ctp::io::CheckpointFolder checkpoints(folder());
    checkpoints.save(1, {}, file);
    run.PauseTiming();
    std::filesystem::remove_all(folder());
    run.ResumeTiming();
  }
  report(run, state_bytes());
}
BENCHMARK(save)->Unit(benchmark::kMillisecond)->UseRealTime();

void load(benchmark::State& run) {
  {
    ctp::io::CheckpointFolder checkpoints(folder());
    checkpoints.save(1, {}, {ctp::StateArchive::of(state()).tensors(), {}, {}});
  }
  for (auto _ : run) benchmark::DoNotOptimize(ctp::io::CheckpointFolder(folder()).newest());
  std::filesystem::remove_all(folder());
  report(run, state_bytes());
}
BENCHMARK(load)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
