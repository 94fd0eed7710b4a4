/// @file   capture_note.hpp
/// @brief  The note that a GPU's steps are no longer captured.
#pragma once

#include <cstdio>
#include <string>

#include <ctp/core/printable.hpp>
#include <ctp/train/observer.hpp>

namespace pretrain {

/// Prints that steps run without capture. `why`: Learner::capture_failure().
inline void say_no_capture(const std::string& why) {
  std::fprintf(
      stderr,
      "continual_pretrain: note: steps cannot be captured: %s; the training goes on with the same results, more "
      "slowly\n",
      ctp::printable(why).c_str());
}

/// Calls say(reason) once: with the first report after a capture of the learner's steps failed.
template <class Learner>
class CaptureNote final : public ctp::Observer {
 public:
  using Say = void (*)(const std::string& why);

  explicit CaptureNote(const Learner& learner, Say say = say_no_capture) : learner_(learner), say_(say) {}

  void step_done(const ctp::StepReport&) override {
    if (said_ || learner_.capture_failure().empty()) return;
    said_ = true;
    say_(learner_.capture_failure());
  }

 private:
  const Learner& learner_;
  Say say_;
  bool said_ = false;
};

}  // namespace pretrain
