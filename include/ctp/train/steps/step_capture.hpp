/// @file   ctp/train/steps/step_capture.hpp
/// @brief  Decides whether a step runs normally, is captured, or is replayed (CUDA graphs).
/// @layer  train
#pragma once

#include <cstdint>
#include <optional>

#include <ctp/backend/concepts.hpp>

namespace ctp {

/// Capture key: everything that determines the kernels of a step, except numbers in the backend's memory.
struct StepKey {
  /// Shape key: everything that determines the memory of a step.
  struct Shape {
    Index size = 0, length = 0;
    const void* masked_positions = nullptr;  ///< address; changes when the capacity grows
    bool previous = false;                   ///< whether there is a previous model, whose outputs take memory
    friend bool operator==(const Shape&, const Shape&) = default;
  };
  Shape shape;
  std::uint32_t task = 0, epoch = 0;  ///< keys of the random numbers
  friend bool operator==(const StepKey&, const StepKey&) = default;
};

/// @brief Runs the work of steps. On a backend that captures work, the first step of each shape runs normally and sizes
/// the arenas. The second step is captured. Later steps with the same key replay the capture.
template <class B>
class StepCapture {
 public:
  bool enabled = true;

  StepCapture() = default;
  /// Without a capture: the host values that work() wrote belong to the owner of `other`.
  StepCapture(StepCapture&& other) noexcept : enabled(other.enabled) {}
  StepCapture& operator=(StepCapture&& other) noexcept {
    enabled = other.enabled;
    invalidate();
    return *this;
  }

  /// Calls work() or replays an earlier call of work(). A replay leaves the host values of that call unchanged.
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

  std::optional<typename CaptureOf<B>::type> capture_;
  std::optional<StepKey> captured_;
  std::optional<StepKey::Shape> warm_;
};

}  // namespace ctp
