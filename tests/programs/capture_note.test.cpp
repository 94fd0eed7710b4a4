#include "../../examples/continual_pretrain/capture_note.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

struct FakeLearner {
  std::string failure;
  [[nodiscard]] const std::string& capture_failure() const { return failure; }
};

std::vector<std::string>& said() {
  static std::vector<std::string> all;
  return all;
}

}  // namespace

TEST_CASE("programs: that steps cannot be captured is said once, with the reason") {
  FakeLearner learner;
  pretrain::CaptureNote<FakeLearner> note(learner, [](const std::string& why) { said().push_back(why); });
  note.step_done({});
  CHECK(said().empty());
  learner.failure = "no memory";
  note.step_done({});
  note.step_done({});
  CHECK(said() == std::vector<std::string>{"no memory"});
}
