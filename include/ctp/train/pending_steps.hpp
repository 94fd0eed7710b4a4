/// @file   ctp/train/pending_steps.hpp
/// @brief  What the last steps gave, in the backend's memory until somebody reads it.
/// @layer  train
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/core/error.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/step.hpp>

namespace ctp {

/// @brief Numbers of the host, copied aside, so that steps that turn out to be void can be taken back. An archive for
/// the `visit` of a policy's state: it copies what is plain (numbers, enumerations, arrays and structs of them); what
/// lies in a backend's memory, or in lists, it leaves alone.
class HostSnapshot {
 public:
  void clear() { bytes_.clear(); }
  template <class T>
  void operator()(std::string_view /*name*/, T& member) {
    if constexpr (plain<T>) {
      const auto* p = reinterpret_cast<const std::byte*>(&member);
      bytes_.insert(bytes_.end(), p, p + sizeof(T));
    }
  }
  /// The archive that writes them back, in the same order. **Errors.** UsageError if a state visits more than before.
  [[nodiscard]] auto restore() const {
    return [at = std::span(bytes_)](std::string_view /*name*/, auto& member) mutable {
      using T = std::remove_reference_t<decltype(member)>;
      if constexpr (plain<T>) {
        require(at.size() >= sizeof(T), "visit", "a policy's state visits other members than a step ago");
        std::memcpy(&member, at.data(), sizeof(T));
        at = at.subspan(sizeof(T));
      }
    };
  }

 private:
  template <class T>
  static constexpr bool plain = std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>;

  std::vector<std::byte> bytes_;
};

namespace detail {

/// @brief A step's numbers, a row of them in the backend's memory.
struct PendingRow {
  static constexpr int most_parts = 16, loss = most_parts, penalty = loss + 1, probe = penalty + 1, width = probe + 1;
};

/// Copies parts and loss to a row that has the penalty, or 0, and the probe of the gradient already; sets `skip_flag`
/// if one of them is not finite.
template <class Real>
struct NoteStep {
  const Real* parts[PendingRow::most_parts] = {};
  int count = 0;
  const Real* loss = nullptr;
  double* row = nullptr;
  std::int32_t* skip_flag = nullptr;  ///< null where nothing looks at it

  CTP_HD void operator()(Index /*i*/) const {
    for (int i = 0; i < count; ++i) row[i] = static_cast<double>(*parts[i]);
    row[PendingRow::loss] = static_cast<double>(*loss) + row[PendingRow::penalty];
    double bad = row[PendingRow::loss] - row[PendingRow::loss] + row[PendingRow::probe];  // 0, or NaN
    for (int i = 0; i < count; ++i) bad += row[i] - row[i];
    if (skip_flag != nullptr && !(bad == 0)) *skip_flag = 1;
  }
};

}  // namespace detail

/// @brief The last steps' losses, and whether they and the gradient were finite.
///
/// A step's numbers stay in the backend's memory until read() fetches those of all steps at once. On a backend that
/// stops work, `skip_flag()` is not 0 there from the first step on that is not finite.
template <class B>
class PendingSteps {
 public:
  using Real = typename B::Real;

  /// A step that was noted.
  struct Entry {
    StepReport report;                                  ///< with losses once read
    std::vector<std::pair<const char*, double>> parts;  ///< those of the report
    bool has_penalty = false;                           ///< as the last of the parts
    std::vector<std::uint32_t> sample;                  ///< ordinals of the step's pairs
    HostSnapshot before;                                ///< of the policies' states, for the owner to fill
    bool finite_gradient = true;

    /// What is not finite, in words; empty if all is well.
    [[nodiscard]] std::string complaint() const {
      std::string bad;
      for (const auto& [name, value] : parts)
        if (!std::isfinite(value)) bad += (bad.empty() ? "" : ", ") + std::string(name) + " = " + std::to_string(value);
      if (!bad.empty()) return bad;
      if (!std::isfinite(report.loss)) return "the weighted loss";
      return finite_gradient ? "" : "the gradient";
    }
    /// The error that says so. `source` knows the names of pairs; it may be null.
    [[nodiscard]] NumericError error(const data::BatchSource* source) const {
      std::string pairs;
      for (const std::uint32_t ordinal : sample)
        pairs +=
            (pairs.empty() ? "" : " ") + (source == nullptr ? std::to_string(ordinal) : source->sample_name(ordinal));
      return NumericError("task " + std::to_string(report.task) + ", epoch " + std::to_string(report.epoch) +
                          ", step " + std::to_string(report.step) + ": expected finite losses and gradients, found " +
                          complaint() + "; the weights are those before this step; pairs: " + pairs);
    }
  };

  [[nodiscard]] const std::int32_t* skip_flag() const { return skip_flag_.data(); }
  /// The steps noted whose report nobody was given yet.
  [[nodiscard]] std::span<Entry> entries() { return std::span(entries_).first(used_).subspan(told_); }
  /// The first of entries() is not among them any more.
  void told() { ++told_; }
  /// From entries()[i] on there are none: they are void. Lets work go on.
  void forget_from(std::size_t i) {
    used_ = told_ + i;
    read_ = std::min(read_, used_);
    B::zero(skip_flag_.data(), skip_flag_.size());
  }

  /// @brief Notes a step whose losses and gradient [n] were computed. `penalty(to)` leaves the penalty's value at `to`,
  /// in the backend's memory; without a penalty its name is null.
  template <class Model, class PenaltyValue>
  Entry& note(const StepReport& report, const std::vector<std::uint32_t>& sample, const Step<Model>& step,
              const Scalar<B>& loss, Index n, const Real* gradient, const char* penalty_name,
              const PenaltyValue& penalty) {
    if (used_ == entries_.size()) grow();
    double* row = rows_.data() + static_cast<Index>(used_) * Row::width;
    Entry& entry = entries_[used_++];
    entry.report = report;
    entry.sample = sample;
    entry.parts.clear();
    detail::NoteStep<Real> body;
    for (const LossPart<B>& part : step.parts()) {
      entry.parts.emplace_back(part.name, 0);
      body.parts[body.count++] = part.value.value.data;
    }
    entry.has_penalty = penalty_name != nullptr;
    if (entry.has_penalty) {
      entry.parts.emplace_back(penalty_name, 0);
      penalty(row + Row::penalty);
    } else {
      B::zero(row + Row::penalty, 1);
    }
    probe(n, gradient, row + Row::probe);
    body.loss = loss.value.data;
    body.row = row;
    if (skip_flag_.size() > 0) body.skip_flag = skip_flag_.data();
    B::for_each(1, body);
    return entry;
  }

  /// Fetches the numbers of all steps noted since the last time.
  void read() {
    if (read_ == used_) return;
    const auto first = static_cast<Index>(read_) * Row::width, end = static_cast<Index>(used_) * Row::width;
    host_.resize(static_cast<std::size_t>(end));
    B::download(rows_.data() + first, end - first, host_.data() + first);
    for (; read_ < used_; ++read_) fill(entries_[read_], host_.data() + read_ * Row::width);
  }
  /// Forgets all steps. What entries() showed stays readable until the next step is noted.
  void clear() { used_ = read_ = told_ = 0; }

 private:
  using Row = detail::PendingRow;

  /// Room for more steps. Those noted are kept.
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
    entry.finite_gradient = row[Row::probe] == 0;
  }

  Buffer<double, B> rows_;
  Buffer<std::int32_t, B> skip_flag_{backend::SkipsWork<B> ? 1 : 0};
  std::vector<Entry> entries_;
  std::vector<double> host_;
  std::size_t used_ = 0, read_ = 0, told_ = 0;  ///< steps noted, and of them those fetched and those told
};

}  // namespace ctp
