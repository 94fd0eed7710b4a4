/// @file   task_text.hpp
/// @brief  The line that a training prints after each task.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

#include "../common/evaluation.hpp"

namespace pretrain {

/// Prints what was measured after task `task` of `tasks`, counted from 0.
inline void print_task(std::size_t task, std::size_t tasks, const examples::Evaluation& result,
                       const examples::Evaluator& evaluate) {
  const examples::RecallList over = evaluate.joined(task);
  std::printf("after task %zu/%zu: recall mean %.2f on all tasks seen (chance %.2f, %zu pairs)", task + 1, tasks,
              result.joined[task].r_mean, over.chance.r_mean, over.pairs);
  const examples::MapList& list = result.map_list;
  if (result.map)
    std::printf(", mAP@10 %.2f (chance %.2f, %zu queries, %zu gallery items)", result.map->map10, list.chance.map10,
                list.in_mean, list.gallery);
  else if (list.queries > 0)
    std::printf(", mAP@10 -");
  std::printf("; by task:");
  for (std::size_t j = 0; j <= task; ++j)
    std::printf(" %.1f (chance %.1f, %zu pairs)", result.alone[j].r_mean, evaluate.alone()[j].chance.r_mean,
                evaluate.alone()[j].pairs);
  if (const std::string remark = examples::remark_on_queries(list); !remark.empty())
    std::printf("\n%s", remark.c_str());
  std::printf("\n");
}

}  // namespace pretrain
