/// @file   ctp/rehearsal/herding.hpp
/// @brief  Rehearsal of herded exemplars.
/// @layer  rehearsal
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ctp/rehearsal/choose_herding.hpp>
#include <ctp/rehearsal/memory.hpp>

namespace ctp::rehearsal {

/// @brief Herding rehearsal: at the end of each task, divides `budget` places among the tasks by size. Each earlier
/// task keeps its best exemplars; the new task fills its share by herding on fused class tokens.
///
/// `published`: as released with CTP, rounds the quotas, may pick a pair again, and keeps exemplars in the order of the
/// file. **Units.** budget: pairs in all.
/// **Source.** Rebuffi et al. 2017, arXiv:1611.07725, algorithm 4; the code released with CTP, arXiv:2308.07146.
struct Herding {
  static constexpr bool joins_all_tasks = false;
  int budget = 10000;
  bool published = false;

  template <class Model>
  using State = TaskMemory;
  template <class Model>
  TaskMemory init(const Model& /*model*/, std::uint64_t /*seed*/) const {
    return {};
  }
  [[nodiscard]] const std::vector<std::uint32_t>& members(const TaskMemory& memory) const { return memory.members; }
  void choose(TaskMemory& memory, const Candidates& task) const {
    require_budget(budget);
    memory.add_task(task, static_cast<std::uint64_t>(budget), published,
                    [&](const FeatureMatrix& rows, std::size_t places) {
                      return published ? choose_herding_published(rows, places) : choose_herding(rows, places);
                    });
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("budget", budget);
    visitor("published", published);
  }
};

}  // namespace ctp::rehearsal
