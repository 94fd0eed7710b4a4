// The time of every single turn of a benchmark, so that its median can be read beside Google Benchmark's mean.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include <benchmark/benchmark.h>

namespace bench {

class Laps {
 public:
  /// Runs one turn and records the turn's time.
  template <class Turn>
  void time(const Turn& turn) {
    const auto begin = std::chrono::steady_clock::now();
    turn();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    milliseconds_.push_back(took.count());
  }
  /// Counters median_ms and best_ms, which benchmarks/compare_torch.py reads.
  void report(benchmark::State& state) {
    if (milliseconds_.empty()) return;
    std::sort(milliseconds_.begin(), milliseconds_.end());
    state.counters["best_ms"] = milliseconds_.front();
    state.counters["median_ms"] = milliseconds_[milliseconds_.size() / 2];
  }

 private:
  std::vector<double> milliseconds_;
};

}  // namespace bench
