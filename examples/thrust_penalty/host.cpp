// The penalty of sparse_ewc.cuh on the host, by Thrust's sequential system:
// g++ -std=c++20 -DTHRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP -I<CUDA>/include/cccl ...
#include <cstdio>

#include <ctp/ctp.hpp>
#include <ctp/testing/penalty.hpp>

#include "program.hpp"

int main() {
  const bool selected = selects_rightly<ctp::Cpu>(), in_double = selects_rightly<ctp::BasicCpu<double>>();
  using Checked = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<double>>;
  const ctp::testing::Report report = ctp::testing::check_penalty(SparseEwc{}, Checked(small_sizes()));
  std::printf("the penalty is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());
  return selected && in_double && trains<ctp::Cpu>() && report.ok ? 0 : 1;
}

// prints: numbers by hand: right; beside a plain sort: equal
// prints: numbers by hand: right; beside a plain sort: equal
// prints: the penalty is sound
// prints: ... weights hold 90% of the importance of their task
// prints: the penalty holds few weights
