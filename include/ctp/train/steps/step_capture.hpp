/// @file   ctp/train/steps/step_capture.hpp
/// @brief  Decides whether a step runs normally, is captured, or is replayed (CUDA graphs).
/// @layer  train
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <ctp/backend/concepts.hpp>

namespace ctp {

/// The number of the precision of B's products; 0 if the precision cannot change.
template <class B>
std::uint32_t numbers_of() {
  if constexpr (backend::ChangesPrecision<B>)
    return B::numbers();
  else
    return 0;
}

/// Capture key: everything that determines the kernels of a step, except numbers in the backend's memory.
struct StepKey {
  /// Shape key: everything that determines the memory of a step, and what its operations prepare at their first use.
  struct Shape {
    Index size = 0, length = 0;
    const void* masked_positions = nullptr;  ///< address; changes when the capacity grows
    bool previous = false;                   ///< whether there is a previous model, whose outputs take memory
    std::uint32_t numbers = 0;               ///< numbers_of() the backend
    friend bool operator==(const Shape&, const Shape&) = default;
  };
  Shape shape;
  std::uint32_t task = 0, epoch = 0;  ///< keys of the random numbers
  friend bool operator==(const StepKey&, const StepKey&) = default;
};

/// @brief Runs the work of steps. On a backend that captures work, the first step of each shape runs normally and sizes
/// the arenas. The second step is captured. Later steps with the same key replay the capture.
///
/// If a capture fails, this and all later steps run normally: `enabled` is then false.
template <class B>
class StepCapture {
 public:
  bool enabled = true;

  explicit StepCapture(bool captures = true) : enabled(captures) {}
  /// Without a capture: the host values that work() wrote belong to the owner of `other`.
  StepCapture(StepCapture&& other) noexcept : enabled(other.enabled), failure_(std::move(other.failure_)) {}
  StepCapture& operator=(StepCapture&& other) noexcept {
    enabled = other.enabled;
    failure_ = std::move(other.failure_);
    invalidate();
    return *this;
  }

  /// Why a capture failed, or empty.
  [[nodiscard]] const std::string& failure() const { return failure_; }

  /// @brief Calls work() or replays an earlier call of work(). A replay leaves the host values of that call unchanged.
  /// work() must overwrite all host values that it writes: after a capture that failed half-way it is called again.
  /// **Errors.** of work() when it runs normally.
  template <class Work>
  void run([[maybe_unused]] const StepKey& key, const Work& work) {
    if constexpr (backend::CapturesWork<B>) {
      if (enabled && captured_ == key) {
        capture_->replay();
        return;
      }
      captured_.reset();
      const bool warm = warm_ == key.shape;
      warm_.reset();  // remains set if the work throws
      if (!enabled || !warm) {
        work();
      } else if (std::string wrong = failure_of_capture(work); wrong.empty()) {
        capture_->replay();
        captured_ = key;
      } else {
        work();  // if it throws here, too, the capture is not at fault
        failure_ = std::move(wrong);
        enabled = false;
      }
      warm_ = key.shape;
      return;
    }
    work();
  }
  /// Drops the capture: memory has moved.
  void drop_capture() { captured_.reset(); }
  /// Makes the next step run normally: a setting or a state was changed from outside.
  void invalidate() {
    if constexpr (backend::CapturesWork<B>) {
      captured_.reset();
      warm_.reset();
    }
  }

 private:
  struct Nothing {};
  template <class T>
  struct CaptureOf {
    using type = Nothing;
  };
  template <backend::CapturesWork T>
  struct CaptureOf<T> {
    using type = typename T::Capture;
  };

  /// Captures work(). Returns what went wrong, or an empty text.
  template <class Work>
  std::string failure_of_capture(const Work& work) {
    try {
      capture_.emplace();
      capture_->capture(work);
      return {};
    } catch (const std::exception& error) {
      capture_.reset();
      return error.what();
    }
  }

  std::optional<typename CaptureOf<B>::type> capture_;
  std::optional<StepKey> captured_;
  std::optional<StepKey::Shape> warm_;
  std::string failure_;
};

}  // namespace ctp
