/// @file   ctp/rehearsal/reservoir.hpp
/// @brief  Rehearsal of a reservoir: a uniform sample of all pairs seen.
/// @layer  rehearsal
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/rehearsal/candidates.hpp>

namespace ctp::rehearsal {

/// @brief Reservoir sampling: at the end of each task, every pair seen is in memory with the same probability.
///
/// The pairs of the task are visited in order. The first `budget` pairs of the stream are kept; the n-th pair replaces
/// a random kept pair with probability budget/n.
/// **Units.** budget: pairs in all.  **Source.** Vitter 1985, algorithm R; Chaudhry et al. 2019, arXiv:1902.10486.
struct Reservoir {
  static constexpr bool joins_all_tasks = false;
  int budget = 10000;

  struct Memory {
    std::vector<std::uint32_t> members;
    std::uint64_t seen = 0;
    RandomStream random;  // a function of the seed

    template <class Archive>
    void visit(Archive& archive) {
      archive("memory.members", members);
      archive("memory.seen", seen);
    }
  };
  template <class Model>
  using State = Memory;
  template <class Model>
  Memory init(const Model& /*model*/, std::uint64_t seed) const {
    return {{}, 0, RandomStream(seed, "reservoir")};
  }
  [[nodiscard]] const std::vector<std::uint32_t>& members(const Memory& memory) const { return memory.members; }
  void choose(Memory& memory, const Candidates& task) const {
    require_budget(budget);
    if (memory.members.size() < std::min<std::uint64_t>(memory.seen, static_cast<std::uint64_t>(budget)))
      throw UsageError(Complaint{"reservoir", "budget",
                                 "at most " + std::to_string(memory.members.size()) + ", as when these pairs were kept",
                                 std::to_string(budget), "a reservoir that was full cannot grow"}
                           .text());
    for (std::size_t i = 0; i < task.members.size(); ++i, ++memory.seen) {
      if (memory.seen < static_cast<std::uint64_t>(budget)) {
        memory.members.push_back(task.members[i]);
        continue;
      }
      RandomSubstream random(memory.random, RandomPlace{task.task, 0, static_cast<std::uint32_t>(i)});
      const std::uint32_t place =
          random.below(static_cast<std::uint32_t>(memory.seen + 1));  // 0 to seen, both included
      if (place < static_cast<std::uint32_t>(budget)) memory.members[place] = task.members[i];
    }
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("budget", budget);
  }
};

}  // namespace ctp::rehearsal
