/// @file   check.hpp
/// @brief  Compares one record of any kind on a backend.
#pragma once

#include <cstdio>

#include "../common/strategies.hpp"
#include "exemplars.hpp"
#include "golden.hpp"
#include "trajectory.hpp"

namespace conformance {

/// A strategy without rehearsal: a record holds finished batches, no pairs.
template <class Strategy>
struct OnRecordedBatches : Strategy {
  using Rehearsal = ctp::rehearsal::None;
};

/// Compares one record and prints its lines; true unless a quantity fails.
template <class B>
bool check_record(const Record& record, const Limits& limits) {
  if (record.run) {
    bool passed = true;
    const bool known = examples::with_strategy(record.run->method, [&]<class Strategy>() {
      passed = Trajectory<B, OnRecordedBatches<Strategy>>(record, limits).run();
    });
    if (!known)
      std::printf("  %-34s %10s %10s  SKIP  this method is not built yet\n",
                  ("trajectory of " + record.run->method).c_str(), "-", "-");
    return passed;
  }
  if (record.file.find("features") != nullptr) return check_exemplars(record.file);
  if (record.file.find("batch.ids") == nullptr)
    throw ctp::DataError(ctp::Complaint{record.file.origin, "tensor batch.ids",
                                        "a record of the executable specification", "a file without it",
                                        "make one with make_golden.py; weights alone cannot be checked"}
                             .text());
  return Golden<B>(record, limits).run();
}

}  // namespace conformance
