/// @file   ctp/train/steps/pending_steps.hpp
/// @brief  Losses of the submitted steps that the host has not read or reported yet.
/// @layer  train
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/train/guard/step_fault.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/step.hpp>
#include <ctp/train/steps/host_snapshot.hpp>

namespace ctp {

namespace detail {

/// @brief Columns of one step's row of numbers in the backend's memory.
struct PendingRow {
  static constexpr int most_parts = 16, loss = most_parts, penalty = loss + 1, probe = penalty + 1, norm = probe + 1,
                       width = norm + 1;
};

/// Kernel body: writes the loss parts, the penalty and the loss to a row that holds the gradient's probe already. Sets
/// `skip_flag` if one of these numbers is not finite.
template <class Real>
struct WritePendingRow {
  const Real* parts[PendingRow::most_parts] = {};
  int count = 0;
  const Real* loss = nullptr;
  const double* penalty = nullptr;  ///< null without a penalty
  const double* norm = nullptr;     ///< length of the gradient; null if it is not clipped
  double* row = nullptr;
  std::int32_t* skip_flag = nullptr;  ///< null on a backend that cannot skip work

  CTP_HD void operator()(Index /*i*/) const {
    for (int i = 0; i < count; ++i) row[i] = static_cast<double>(*parts[i]);
    row[PendingRow::penalty] = penalty != nullptr ? *penalty : 0;
    row[PendingRow::loss] = static_cast<double>(*loss) + row[PendingRow::penalty];
    row[PendingRow::norm] = norm != nullptr ? *norm : 0;
    double bad = row[PendingRow::loss] - row[PendingRow::loss] + row[PendingRow::probe] +
                 (row[PendingRow::norm] - row[PendingRow::norm]);  // 0, or NaN
    for (int i = 0; i < count; ++i) bad += row[i] - row[i];
    if (skip_flag != nullptr && !(bad == 0)) *skip_flag = 1;
  }
};

}  // namespace detail

/// @brief Losses of the pending steps, and whether the losses and the gradient of each were finite.
///
/// The numbers of a step stay in the backend's memory until read() downloads the numbers of all pending steps at once.
/// On a backend that can skip work, `skip_flag()` is set on the device by the first non-finite step.
template <class B>
class PendingSteps {
 public:
  using Real = typename B::Real;

  /// One submitted step.
  struct Entry {
    StepReport report;                                  ///< losses are filled in by read()
    std::vector<std::pair<const char*, double>> parts;  ///< storage of report.parts
    bool has_penalty = false;                           ///< whether the last part is the penalty
    bool has_norm = false;                              ///< whether report.gradient_norm is filled in
    std::vector<std::uint32_t> sample;                  ///< ordinals of the step's pairs
    HostSnapshot before;                                ///< policies' states before the step; the owner fills it
    bool finite_gradient = true;

    /// Names the non-finite numbers; empty if all are finite.
    [[nodiscard, gnu::cold]] std::string complaint() const {
      std::string bad;
      for (const auto& [name, value] : parts)
        if (!std::isfinite(value)) bad += (bad.empty() ? "" : ", ") + std::string(name) + " = " + std::to_string(value);
      if (!bad.empty()) return bad;
      if (!std::isfinite(report.loss)) return "the weighted loss";
      if (!finite_gradient) return "the gradient";
      return has_norm && !std::isfinite(report.gradient_norm) ? "the length of the gradient" : "";
    }
    /// The error for a non-finite step. `source` gives the names of pairs; with null the message lists ordinals.
    [[nodiscard, gnu::cold]] StepError error(const data::BatchSource* source) const {
      std::string pairs;
      for (const std::uint32_t ordinal : sample)
        pairs +=
            (pairs.empty() ? "" : " ") + (source == nullptr ? std::to_string(ordinal) : source->sample_name(ordinal));
      return StepError({.task = report.task,
                        .epoch = report.epoch,
                        .step = report.step,
                        .global_step = report.global_step,
                        .found = complaint(),
                        .pairs = pairs});
    }
  };

  [[nodiscard]] const std::int32_t* skip_flag() const { return skip_flag_.data(); }
  /// The steps that were added and not reported yet, oldest first.
  [[nodiscard]] std::span<Entry> entries() { return std::span(entries_).first(used_).subspan(reported_); }
  /// Removes the first of entries(): its report was delivered.
  void pop_reported() { ++reported_; }
  /// Drops the entries from i on (computed after a non-finite step) and clears the device's skip flag.
  void drop_from(std::size_t i) {
    used_ = reported_ + i;
    read_ = std::min(read_, used_);
    B::zero(skip_flag_.data(), skip_flag_.size());
  }

  /// @brief Adds a step with submitted losses and gradient [n]. `penalty_name` and `penalty`, a value in the backend's
  /// memory, are null for a strategy without a penalty; `norm`, the gradient's length there, is null if it is not
  /// clipped.
  template <class Model>
  Entry& add(const StepReport& report, const std::vector<std::uint32_t>& sample, const Step<Model>& step,
             const Scalar<B>& loss, Index n, const Real* gradient, const char* penalty_name, const double* penalty,
             const double* norm) {
    if (used_ == entries_.size()) grow();
    double* row = rows_.data() + static_cast<Index>(used_) * Row::width;
    Entry& entry = entries_[used_++];
    entry.report = report;
    entry.sample = sample;
    entry.parts.clear();
    detail::WritePendingRow<Real> body;
    for (const LossPart<B>& part : step.parts()) {
      entry.parts.emplace_back(part.name, 0);
      body.parts[body.count++] = part.value.value.data;
    }
    entry.has_penalty = penalty_name != nullptr;
    if (entry.has_penalty) {
      entry.parts.emplace_back(penalty_name, 0);
      body.penalty = penalty;
    }
    entry.has_norm = norm != nullptr;
    body.norm = norm;
    probe(n, gradient, row + Row::probe);
    body.loss = loss.value.data;
    body.row = row;
    if (skip_flag_.size() > 0) body.skip_flag = skip_flag_.data();
    B::for_each(1, body);
    return entry;
  }

  /// Waits for the steps added since the last read() and downloads their numbers.
  void read() {
    if (read_ == used_) return;
    const auto first = static_cast<Index>(read_) * Row::width, end = static_cast<Index>(used_) * Row::width;
    host_.resize(static_cast<std::size_t>(end));
    B::download(rows_.data() + first, end - first, host_.data() + first);
    for (; read_ < used_; ++read_) fill(entries_[read_], host_.data() + read_ * Row::width);
  }
  /// Removes all steps. The memory behind the last reports stays valid until the next add().
  void clear() { used_ = read_ = reported_ = 0; }

 private:
  using Row = detail::PendingRow;

  /// Doubles the capacity; keeps the rows.
  void grow() {
    const std::size_t room = std::max<std::size_t>(1, 2 * entries_.size());
    Buffer<double, B> larger(static_cast<Index>(room) * Row::width);
    B::copy(rows_.data(), rows_.size(), larger.data());
    rows_ = std::move(larger);
    entries_.resize(room);
  }
  static void probe(Index n, const Real* gradient, double* to) {
    if constexpr (backend::SkipsWork<B>) {
      B::probe_finite(n, gradient, to);
    } else {
      const double value = B::all_finite(n, gradient) ? 0 : std::nan("");
      B::upload(&value, 1, to);
    }
  }
  static void fill(Entry& entry, const double* row) {
    for (std::size_t i = 0; i < entry.parts.size(); ++i) entry.parts[i].second = row[i];
    if (entry.has_penalty) entry.parts.back().second = row[Row::penalty];
    entry.report.loss = row[Row::loss];
    entry.report.parts = entry.parts;
    if (entry.has_norm) entry.report.gradient_norm = row[Row::norm];
    entry.finite_gradient = row[Row::probe] == 0;
  }

  Buffer<double, B> rows_;
  Buffer<std::int32_t, B> skip_flag_{backend::SkipsWork<B> ? 1 : 0};
  std::vector<Entry> entries_;
  std::vector<double> host_;
  std::size_t used_ = 0, read_ = 0, reported_ = 0;  ///< steps added; of these, steps read and steps reported
};

}  // namespace ctp
