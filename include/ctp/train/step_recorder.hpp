/// @file   ctp/train/step_recorder.hpp
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
    const void* labelled = nullptr;  ///< where the labelled positions lie: elsewhere once there is room for more
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
class StepRecorder {
 public:
  bool enabled = true;

  StepRecorder() = default;
  /// Begins anew: what work() left on the host belongs to the owner that it was called for.
  StepRecorder(StepRecorder&& other) noexcept : enabled(other.enabled) {}
  StepRecorder& operator=(StepRecorder&& other) noexcept {
    enabled = other.enabled;
    forget();
    return *this;
  }

  /// Calls work() or replays an earlier call of it. What work() left on the host stays as that call left it.
  template <class Work>
  void run([[maybe_unused]] const StepKey& key, const Work& work) {
    if constexpr (backend::RecordsWork<B>) {
      if (enabled && taken_down_ == key) {
        recording_->replay();
        return;
      }
      taken_down_.reset();
      const bool warm = warm_ == key.shape;
      warm_.reset();  // for good, should this turn fail
      if (enabled && warm) {
        recording_.emplace();
        recording_->capture(work);
        recording_->replay();
        taken_down_ = key;
      } else {
        work();
      }
      warm_ = key.shape;
      return;
    }
    work();
  }
  /// What was taken down is void: memory has moved.
  void discard() { taken_down_.reset(); }
  /// The next step is run as it is: something that it depends on has been changed from outside.
  void forget() {
    if constexpr (backend::RecordsWork<B>) {
      taken_down_.reset();
      warm_.reset();
    }
  }

 private:
  struct Nothing {};
  template <class T>
  struct RecordingOf {
    using type = Nothing;
  };
  template <backend::RecordsWork T>
  struct RecordingOf<T> {
    using type = typename T::Recording;
  };

  std::optional<typename RecordingOf<B>::type> recording_;
  std::optional<StepKey> taken_down_;
  std::optional<StepKey::Shape> warm_;
};

}  // namespace ctp
