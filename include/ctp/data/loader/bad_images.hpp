/// @file   ctp/data/loader/bad_images.hpp
/// @brief  Policies for pictures that cannot be decoded, and the list of bad pictures.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/source.hpp>

namespace ctp::data {

/// Policy of a Loader for a picture that cannot be decoded.
enum class OnBadImage {
  Error,       ///< throw at the first bad picture
  Skip,        ///< replace the pair by another pair of the task; open the picture again in the next epoch
  Quarantine,  ///< replace the pair; never open the picture again
};

/// The policy called `name`. **Errors.** UsageError listing the names.
inline OnBadImage on_bad_image(std::string_view name) {
  if (name == "error") return OnBadImage::Error;
  if (name == "skip") return OnBadImage::Skip;
  if (name == "quarantine") return OnBadImage::Quarantine;
  throw UsageError(
      Complaint{"on_bad_image", "", "one of error, skip, quarantine", "'" + std::string(name) + "'", ""}.text());
}

/// A picture that could not be decoded.
struct BadImage {
  std::uint32_t ordinal = 0;  ///< of the pair in its source
  std::string name;           ///< of the pair
  std::string reason;         ///< the decoder's message, with task, pair and file
};

/// The distinct bad pictures found so far, in the order of their batches.
class BadImages {
 public:
  /// `limit`: share of `pairs` above which training stops.
  BadImages(std::size_t pairs, double limit) : pairs_(pairs), limit_(limit) {}

  /// Adds a picture and returns its entry, valid until the next call; null if the picture is listed already.
  const BadImage* add(BadImage bad) {
    if (!known_.insert(bad.ordinal).second) return nullptr;
    return &list_.emplace_back(std::move(bad));
  }
  [[nodiscard]] const std::vector<BadImage>& list() const { return list_; }

  /// The ordinals of list().
  [[nodiscard]] std::vector<std::uint32_t> ordinals() const {
    std::vector<std::uint32_t> all;
    for (const BadImage& bad : list_) all.push_back(bad.ordinal);
    return all;
  }

  /// **Errors.** DataError with the count, the limit and the first ten reasons if the list exceeds the limit.
  void require_few(const std::string& task) const {
    if (static_cast<double>(list_.size()) <= limit_ * static_cast<double>(pairs_)) return;
    std::string names;
    for (std::size_t i = 0; i < list_.size() && i < 10; ++i) names += (i == 0 ? "" : " | ") + list_[i].reason;
    if (list_.size() > 10) names += " | ...";
    throw DataError(Complaint{"task '" + task + "'", "bad images", "at most " + percent(limit_) + " of its pairs",
                              std::to_string(list_.size()) + " of " + std::to_string(pairs_) + " (" + names + ")",
                              "repair or remove these files, or raise the limit"}
                        .text());
  }

 private:
  static std::string percent(double share) {
    std::string text = std::to_string(100.0 * share);
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text + " %";
  }

  std::size_t pairs_;
  double limit_;
  std::vector<BadImage> list_;
  std::unordered_set<std::uint32_t> known_;  // the ordinals in list_
};

/// `task` without the pairs of quarantined and bad pictures.
inline Task without_bad_images(Task task, const std::vector<std::uint32_t>& quarantined,
                               const std::vector<BadImage>& found) {
  std::unordered_set<std::uint32_t> out(quarantined.begin(), quarantined.end());
  for (const BadImage& bad : found) out.insert(bad.ordinal);
  std::erase_if(task.members, [&](std::uint32_t ordinal) { return out.contains(ordinal); });
  return task;
}

}  // namespace ctp::data
