/// @file   ctp/rehearsal/kmeans.hpp
/// @brief  Rehearsal of k-means exemplars.
/// @layer  rehearsal
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ctp/rehearsal/choose_kmeans.hpp>
#include <ctp/rehearsal/memory.hpp>

namespace ctp::rehearsal {

/// @brief k-means rehearsal: at the end of each task, divides `budget` places among the tasks by size. Each earlier
/// task keeps the exemplars of its largest clusters; the new task, with k places, keeps one pair of each of k clusters
/// of fused class tokens.
///
/// **Units.** budget: pairs in all.  **Source.** Chaudhry et al. 2019, arXiv:1902.10486, k-means, at the end of a task
/// rather than online, as in CTP, ICCV 2023, arXiv:2308.07146.
struct KMeans {
  static constexpr bool joins_all_tasks = false;
  int budget = 10000;
  int iterations = 100;

  template <class Model>
  using State = TaskMemory;
  template <class Model>
  TaskMemory init(const Model& /*model*/, std::uint64_t /*seed*/) const {
    return {};
  }
  [[nodiscard]] const std::vector<std::uint32_t>& members(const TaskMemory& memory) const { return memory.members; }
  void choose(TaskMemory& memory, const Candidates& task) const {
    require_budget(budget);
    memory.add_task(
        task, static_cast<std::uint64_t>(budget), false,
        [&](const FeatureMatrix& rows, std::size_t places) { return choose_kmeans(rows, places, iterations); });
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("budget", budget);
    visitor("iterations", iterations);
  }
};

}  // namespace ctp::rehearsal
