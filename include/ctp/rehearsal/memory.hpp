/// @file   ctp/rehearsal/memory.hpp
/// @brief  Exemplar memory of several tasks, best first, cut to quotas by task size.
/// @layer  rehearsal
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/rehearsal/candidates.hpp>
#include <ctp/rehearsal/feature_matrix.hpp>
#include <ctp/rehearsal/quota.hpp>

namespace ctp::rehearsal {

/// @brief The exemplars of the tasks so far, task after task, each task's exemplars in the order of choice.
struct TaskMemory {
  std::vector<std::uint32_t> members;  ///< ordinals, task after task
  std::vector<std::uint64_t> kept;     ///< number of `members` of each task
  std::vector<std::uint64_t> sizes;    ///< number of pairs of each task

  template <class Archive>
  void visit(Archive& archive) {
    archive("memory.members", members);
    archive("memory.kept", kept);
    archive("memory.sizes", sizes);
  }

  /// @brief Cuts the earlier tasks to their new quotas and adds the exemplars of one more task; choose(rows, places)
  /// selects the rows. **Errors.** as `choose` and FeatureMatrix; the memory is unchanged then.
  template <class Choose>
  void add_task(const Candidates& task, std::uint64_t budget, bool published, const Choose& choose) {
    if (kept.size() != sizes.size() || std::accumulate(kept.begin(), kept.end(), std::uint64_t{0}) != members.size())
      throw CheckpointError(Complaint{"memory", "kept", "one number for each task, together the kept pairs",
                                      "other numbers", "restore a state that a training has saved"}
                                .text());
    std::vector<std::uint64_t> all_sizes = sizes;
    all_sizes.push_back(task.members.size());
    const std::vector<std::uint64_t> places = published ? quota_published(all_sizes, budget) : quota(all_sizes, budget);
    const FeatureRows features = task.features();
    const FeatureMatrix rows(std::span<const float>(features.values), features.width,
                             [&](std::size_t row) { return task.name(task.members[row]); });
    const std::vector<std::size_t> chosen = choose(rows, static_cast<std::size_t>(places.back()));

    sizes = std::move(all_sizes);  // all calls that may throw lie above this line
    cut(places);
    kept.push_back(chosen.size());
    for (const std::size_t row : chosen) members.push_back(task.members[row]);
  }

 private:
  /// Keeps the first places[t] exemplars of each task.
  void cut(const std::vector<std::uint64_t>& places) {
    std::vector<std::uint32_t> left;
    auto from = members.begin();
    for (std::size_t t = 0; t < kept.size(); ++t) {
      const auto end = from + static_cast<std::ptrdiff_t>(kept[t]);
      kept[t] = std::min(kept[t], places[t]);
      left.insert(left.end(), from, from + static_cast<std::ptrdiff_t>(kept[t]));
      from = end;
    }
    members = std::move(left);
  }
};

}  // namespace ctp::rehearsal
