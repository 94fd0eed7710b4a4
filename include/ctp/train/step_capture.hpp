/// @file   ctp/train/step_capture.hpp
/// @brief  Decides when a step is run, taken down, or run again as it was taken down.
/// @layer  train
#pragma once

#include <cstdint>
#include <optional>

#include <ctp/backend/concepts.hpp>

namespace ctp {

/// Everything that decides what a step launches, but for numbers in the backend's memory.
struct StepKey {
  /// What decides which memory a step asks for.
  struct Shape {
    Index size = 0, length = 0;
    const void* labelled = nullptr;  ///< where the masked positions lie: elsewhere once there is room for more
    bool previous = false;           ///< whether there is a previous model, whose outputs take memory, too
    friend bool operator==(const Shape&, const Shape&) = default;
  };
  Shape shape;
  std::uint32_t task = 0, epoch = 0;  ///< of the random numbers
  friend bool operator==(const StepKey&, const StepKey&) = default;
};

/// @brief Runs a step's work: on a backend that records work, the first step of a shape as it is, for that makes the
/// memory; the next one is taken down; the following ones, of the same key, are that one run again.
template <class B>
class StepCapture {
 public:
  bool enabled = true;

  StepCapture() = default;
  /// Begins anew: what work() left on the host belongs to the owner that it was called for.
  StepCapture(StepCapture&& other) noexcept : enabled(other.enabled) {}
  StepCapture& operator=(StepCapture&& other) noexcept {
    enabled = other.enabled;
    invalidate();
    return *this;
  }

  /// Calls work() or replays an earlier call of it. What work() left on the host stays as that call left it.
  template <class Work>
  void run([[maybe_unused]] const StepKey& key, const Work& work) {
    if constexpr (backend::CapturesWork<B>) {
      if (enabled && captured_ == key) {
        capture_->replay();
        return;
      }
      captured_.reset();
      const bool warm = warm_ == key.shape;
      warm_.reset();  // for good, should this turn fail
      if (enabled && warm) {
        capture_.emplace();
        capture_->capture(work);
        capture_->replay();
        captured_ = key;
      } else {
        work();
      }
      warm_ = key.shape;
      return;
    }
    work();
  }
  /// What was taken down is void: memory has moved.
  void drop_capture() { captured_.reset(); }
  /// The next step is run as it is: something that it depends on has been changed from outside.
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

  std::optional<typename CaptureOf<B>::type> capture_;
  std::optional<StepKey> captured_;
  std::optional<StepKey::Shape> warm_;
};

}  // namespace ctp
