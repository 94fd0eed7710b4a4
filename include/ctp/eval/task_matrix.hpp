/// @file   ctp/eval/task_matrix.hpp
/// @brief  Matrix of task metrics, with average, forgetting and transfer.
/// @layer  eval
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::eval {

/// @brief Metrics of T tasks, learnt in order. Any entry may be missing; a result that needs a missing entry is empty.
///
/// Three kinds of entry: R[i][j], the model after task i on task j alone; U[i][j], the model after task i on the
/// union of the tasks 0..j; b[j], the untrained model on task j. The caller chooses the metric (usually the mean
/// recall); all results have its unit. Joint training fills the last row only. Memory: the entries of R that are set,
/// with the gaps before them in their rows, and O(T): of U the diagonal and the last row, which alone are read.
class TaskMatrix {
 public:
  using Entry = std::optional<double>;

  /// **Errors.** UsageError if there are no tasks.
  explicit TaskMatrix(std::size_t tasks) : tasks_(tasks) {
    if (tasks == 0)
      throw UsageError(Complaint{"TaskMatrix", "tasks", "1 or more", "0", "name at least one task"}.text());
    alone_.resize(tasks);
    joined_diagonal_.resize(tasks);
    joined_last_.resize(tasks);
    untrained_.resize(tasks);
  }

  [[nodiscard]] std::size_t size() const { return tasks_; }

  /// Sets R[i][j]. **Errors.** UsageError if i or j is not a task; NumericError if `value` is not finite.
  void set(std::size_t i, std::size_t j, double value) {
    require_tasks("set", i, j);
    const double entry = finite("set", value);
    if (alone_[i].size() <= j) alone_[i].resize(j + 1, missing);
    alone_[i][j] = entry;
  }
  /// Sets U[i][j]; kept if i is j or the last task. **Errors.** as set().
  void set_union(std::size_t i, std::size_t j, double value) {
    require_tasks("set_union", i, j);
    const double entry = finite("set_union", value);
    if (i == j) joined_diagonal_[j] = entry;
    if (i + 1 == tasks_) joined_last_[j] = entry;
  }
  /// Sets b[j]. **Errors.** as set().
  void set_untrained(std::size_t j, double value) {
    require_tasks("set_untrained", 0, j);
    untrained_[j] = finite("set_untrained", value);
  }

  /// R[i][j]. **Errors.** UsageError if i or j is not a task.
  [[nodiscard]] Entry at(std::size_t i, std::size_t j) const {
    require_tasks("at", i, j);
    return j < alone_[i].size() && !std::isnan(alone_[i][j]) ? Entry(alone_[i][j]) : std::nullopt;
  }
  /// b[j]. **Errors.** as at().
  [[nodiscard]] Entry untrained_at(std::size_t j) const {
    require_tasks("untrained_at", 0, j);
    return untrained_[j];
  }

  /// Average: mean over j of R[T-1][j].
  [[nodiscard]] Entry average() const {
    return mean(0, tasks_, [&](std::size_t j) { return at(tasks_ - 1, j); });
  }

  /// @brief Forgetting: mean over j < T-1 of (max over j <= l <= T-2 of R[l][j]) - R[T-1][j]. Empty for one task.
  ///
  /// Positive: performance was lost. **Source.** Chaudhry et al. 2018, arXiv:1801.10112, section 3.
  [[nodiscard]] Entry forgetting() const {
    return mean(0, tasks_ - 1, [&](std::size_t j) {
      Entry best = at(j, j);
      for (std::size_t l = j + 1; l + 1 < tasks_ && best; ++l) {
        const Entry next = at(l, j);
        best = next ? Entry(std::max(*best, *next)) : std::nullopt;
      }
      return difference(best, at(tasks_ - 1, j));
    });
  }

  /// @brief Backward transfer: mean over j < T-1 of R[T-1][j] - R[j][j]. Empty for one task.
  ///
  /// Negative: performance was lost. **Source.** Lopez-Paz and Ranzato 2017, arXiv:1706.08840, equation 3.
  [[nodiscard]] Entry backward_transfer() const {
    return mean(0, tasks_ - 1, [&](std::size_t j) { return difference(at(tasks_ - 1, j), at(j, j)); });
  }

  /// @brief Forward transfer: mean over j >= 1 of R[j-1][j] - b[j]. Empty for one task.
  ///
  /// **Source.** Lopez-Paz and Ranzato 2017, arXiv:1706.08840, equation 4.
  [[nodiscard]] Entry forward_transfer() const {
    return mean(1, tasks_, [&](std::size_t j) { return difference(at(j - 1, j), untrained_at(j)); });
  }

  /// @brief The published "BWT" of row i: sum over j <= i of (U[j][j] - U[T-1][j]), divided by i. Empty for i = 0.
  ///
  /// U[j][j] is the model after task j, U[T-1][j] the final model, both on the union of the tasks 0..j. The divisor is
  /// i although the sum has i + 1 terms: in the last row (the row usually quoted) the last term is zero. The sign is
  /// the reverse of backward_transfer(): positive means forgetting. The published script rounds the metrics to two
  /// places first; here nothing is rounded.
  /// **Errors.** UsageError if i is not a task.  **Source.** Published eval.py.
  [[nodiscard]] Entry published_bwt(std::size_t i) const {
    require_tasks("published_bwt", i, i);
    if (i == 0) return std::nullopt;
    const Entry lost = sum(0, i + 1, [&](std::size_t j) { return difference(joined_diagonal_[j], joined_last_[j]); });
    return lost ? Entry(*lost / static_cast<double>(i)) : std::nullopt;
  }
  /// The published "BWT" of the last row. Empty for one task.
  [[nodiscard]] Entry published_bwt() const { return published_bwt(tasks_ - 1); }

  /// Calls archive("name", member) for each member: `learner.state(matrix)` saves them. A missing entry is NaN.
  /// **Errors.** CheckpointError for the members of a matrix of another number of tasks.
  template <class Archive>
  void visit(Archive& archive) {
    std::vector<std::uint64_t> lengths;  // of the rows of R
    std::vector<double> rows, single;    // single: the three lists of entries, one after the other
    for (const std::vector<double>& row : alone_) {
      lengths.push_back(row.size());
      rows.insert(rows.end(), row.begin(), row.end());
    }
    for (const auto* list : {&joined_diagonal_, &joined_last_, &untrained_})
      for (const Entry& entry : *list) single.push_back(entry.value_or(missing));
    archive("task_matrix.lengths", lengths);
    archive("task_matrix.rows", rows);
    archive("task_matrix.single", single);
    set_members(lengths, rows, single);
  }

 private:
  void require_tasks(const char* function, std::size_t i, std::size_t j) const {
    if (i < tasks_ && j < tasks_) return;
    throw UsageError(Complaint{std::string("TaskMatrix::") + function, "task", "below " + std::to_string(tasks_),
                               std::to_string(std::max(i, j)), "tasks are counted from 0"}
                         .text());
  }
  static double finite(const char* function, double value) {
    if (std::isfinite(value)) return value;
    throw NumericError(Complaint{std::string("TaskMatrix::") + function, "value", "a finite number",
                                 std::to_string(value), "leave the entry out if it was not measured"}
                           .text());
  }
  /// The reverse of the lists that visit() makes.
  void set_members(const std::vector<std::uint64_t>& lengths, const std::vector<double>& rows,
                   const std::vector<double>& single) {
    std::uint64_t all = 0;
    for (const std::uint64_t length : lengths) all += std::min<std::uint64_t>(length, tasks_ + 1);
    if (lengths.size() != tasks_ || single.size() != 3 * tasks_ || all != rows.size() ||
        std::any_of(lengths.begin(), lengths.end(), [this](std::uint64_t length) { return length > tasks_; }))
      throw CheckpointError(Complaint{"saved state", "task_matrix",
                                      "the matrix of " + std::to_string(tasks_) + " tasks",
                                      "one of " + std::to_string(lengths.size()), "give the tasks of the saved run"}
                                .text());
    auto next = rows.begin();
    for (std::size_t i = 0; i < tasks_; ++i) {
      alone_[i].assign(next, next + static_cast<std::ptrdiff_t>(lengths[i]));
      next += static_cast<std::ptrdiff_t>(lengths[i]);
    }
    auto entry = single.begin();
    for (auto* list : {&joined_diagonal_, &joined_last_, &untrained_})
      for (Entry& e : *list) {
        e = std::isnan(*entry) ? std::nullopt : Entry(*entry);
        ++entry;
      }
  }
  static Entry difference(const Entry& a, const Entry& b) { return a && b ? Entry(*a - *b) : std::nullopt; }

  /// Sum of term(first) .. term(last - 1); empty if one term is empty.
  template <class Term>
  static Entry sum(std::size_t first, std::size_t last, Term term) {
    double total = 0.0;
    for (std::size_t j = first; j < last; ++j) {
      const Entry next = term(j);
      if (!next) return std::nullopt;
      total += *next;
    }
    return total;
  }
  /// Mean of term(first) .. term(last - 1); empty if one term is empty or there are no terms.
  template <class Term>
  static Entry mean(std::size_t first, std::size_t last, Term term) {
    const Entry total = sum(first, last, term);
    return total && first < last ? Entry(*total / static_cast<double>(last - first)) : std::nullopt;
  }

  std::size_t tasks_;
  static constexpr double missing = std::numeric_limits<double>::quiet_NaN();  ///< in a row of R
  std::vector<std::vector<double>> alone_;                                     ///< rows of R up to their last entry
  std::vector<Entry> joined_diagonal_, joined_last_, untrained_;
};

}  // namespace ctp::eval
