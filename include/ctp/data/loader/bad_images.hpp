/// @file   ctp/data/loader/bad_images.hpp
/// @brief  What happens when a picture cannot be read, and the list of those that could not.
/// @layer  data
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::data {

/// What a Loader does about a picture that cannot be read.
enum class OnBadImage {
  Error,       ///< stop at the first one
  Skip,        ///< take another pair of the task instead, and try the picture again in the next epoch
  Quarantine,  ///< as Skip, and never open that file again
};

/// The policy of that name. **Errors.** UsageError listing the names.
inline OnBadImage on_bad_image(std::string_view name) {
  if (name == "error") return OnBadImage::Error;
  if (name == "skip") return OnBadImage::Skip;
  if (name == "quarantine") return OnBadImage::Quarantine;
  throw UsageError(
      Complaint{"on_bad_image", "", "one of error, skip, quarantine", "'" + std::string(name) + "'", ""}.text());
}

/// A picture that could not be used, and why.
struct BadImage {
  std::uint32_t ordinal = 0;
  std::string name;
  std::string reason;
};

/// The different bad pictures met so far, in the order of the batches that met them.
class BadImages {
 public:
  /// `limit`: share of `pairs` above which training stops.
  BadImages(std::size_t pairs, double limit) : pairs_(pairs), limit_(limit) {}

  /// Adds a picture unless it is listed already.
  void add(BadImage bad) {
    const auto same = [&](const BadImage& other) { return other.ordinal == bad.ordinal; };
    if (std::none_of(list_.begin(), list_.end(), same)) list_.push_back(std::move(bad));
  }
  [[nodiscard]] const std::vector<BadImage>& list() const { return list_; }

  /// **Errors.** DataError with the count, the limit and the first names once there are more than the limit allows.
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
};

}  // namespace ctp::data
