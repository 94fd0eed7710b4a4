/// @file   summary.hpp
/// @brief  The summary of a training: the task matrix and its averages, as a line of the log and as text.
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/eval/task_matrix.hpp>
#include <ctp/report/progress.hpp>

#include "../common/evaluation.hpp"

namespace pretrain {

/// Mean over the tasks of the chance level of the recall mean: that of the average of the task matrix.
inline double chance_of_average(const examples::Evaluator& evaluator) {
  double sum = 0.0;
  for (const examples::RecallList& list : evaluator.alone()) sum += list.chance.r_mean;
  return sum / static_cast<double>(evaluator.alone().size());
}

/// The summary line: the task matrix, its averages, and what they are measured over. Entries of tasks not yet trained
/// are null. All rows of the matrix are measured on the same lists.
inline ctp::JsonLine summary_line(const ctp::eval::TaskMatrix& matrix, const examples::Evaluator& evaluator,
                                  double seconds) {
  const auto value = [](ctp::JsonArray& row, const std::optional<double>& entry) {
    entry ? row.push(*entry) : row.push(nullptr);
  };
  ctp::JsonArray rows;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    ctp::JsonArray row;
    for (std::size_t j = 0; j < matrix.size(); ++j) value(row, j <= i ? matrix.at(i, j) : std::nullopt);
    rows.push(row);
  }
  ctp::JsonLine line;
  const auto add = [&](const char* key, const std::optional<double>& entry) {
    entry ? line.add(key, *entry) : line.add(key, nullptr);
  };
  line.add("kind", "summary").add("matrix", rows);
  add("average", matrix.average());
  add("forgetting", matrix.forgetting());
  add("backward_transfer", matrix.backward_transfer());
  add("forward_transfer", matrix.forward_transfer());
  add("published_bwt", matrix.published_bwt());
  std::vector<std::size_t> pairs;
  std::vector<std::string> lists;
  for (const examples::RecallList& list : evaluator.alone()) {
    pairs.push_back(list.pairs);
    lists.push_back(list.fingerprint);
  }
  line.add("chance", chance_of_average(evaluator)).add("pairs", pairs).add("test_lists", lists);
  line.add("equal_texts", evaluator.rule());
  examples::add_remarks(line, evaluator, "other_tasks");
  line.add("seconds", seconds);
  return line;
}

/// Prints the averages of the task matrix, the time, and the output folder. **Units.** seconds.
inline void print_summary(const ctp::eval::TaskMatrix& matrix, const examples::Evaluator& evaluator, double seconds,
                          const std::string& output) {
  const auto print = [](const char* name, const std::optional<double>& value) {
    value ? std::printf("  %s %.2f", name, *value) : std::printf("  %s -", name);
  };
  std::printf("summary:");
  print("average", matrix.average());
  std::printf(" (chance %.2f)", chance_of_average(evaluator));
  print("forgetting", matrix.forgetting());
  print("backward transfer", matrix.backward_transfer());
  print("forward transfer", matrix.forward_transfer());
  std::printf("  in %s; everything is in %s\n", ctp::report::duration(seconds).c_str(), ctp::printable(output).c_str());
}

}  // namespace pretrain
