/// @file   ctp/data/image/image_cache.hpp
/// @brief  Cache of decoded pictures with a memory budget.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <ctp/data/image/image.hpp>

namespace ctp::data {

/// @brief Decoded pictures by ordinal, so that later epochs do not decode them again.
///
/// No eviction: an epoch visits every picture once, so with replacement a picture would be evicted before its next use.
/// Once the budget is spent, further pictures are decoded at every call. Thread-safe.
class ImageCache {
 public:
  /// **Units.** budget: bytes of pixels; 0 disables the cache.
  explicit ImageCache(std::size_t budget) : budget_(budget) {}

  /// The picture `ordinal`, from the cache or from decode(). **Errors.** as decode(), with the cache unchanged.
  template <class Decode>
  std::shared_ptr<const Image> get(std::uint32_t ordinal, const Decode& decode) {
    if (budget_ > 0) {
      const std::lock_guard lock(mutex_);
      if (const auto it = images_.find(ordinal); it != images_.end()) return it->second;
    }
    auto image = std::make_shared<const Image>(decode());
    if (budget_ > 0) {
      const std::lock_guard lock(mutex_);
      if (bytes_ + image->rgb.size() <= budget_ && images_.emplace(ordinal, image).second) bytes_ += image->rgb.size();
    }
    return image;
  }

  /// Bytes of pixels in the cache; at most the budget.
  [[nodiscard]] std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }

 private:
  std::size_t budget_;
  std::size_t bytes_ = 0;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const Image>> images_;
};

}  // namespace ctp::data
