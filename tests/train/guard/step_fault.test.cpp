#include <ctp/train/guard/step_fault.hpp>

#include <string>

#include <doctest/doctest.h>

TEST_CASE("step fault: one sentence with place, expected, found and what is done") {
  ctp::StepFault fault{.task = 1, .epoch = 2, .step = 34, .global_step = 134, .found = "the gradient"};
  const std::string begin = "task 1, epoch 2, step 34: expected finite losses and gradients, found the gradient; ";
  CHECK(fault.text() == begin + "the weights are those before this step");
  fault.pairs = "a b";
  fault.action = ctp::FaultAction::Skip;
  CHECK(fault.text() == begin + "the step is left out; pairs: a b");
  fault.action = ctp::FaultAction::Rollback;
  fault.back_to = 30;
  CHECK(fault.text() ==
        begin + "the weights go back to those before step 30, and the batches since then are left out; pairs: a b");
  fault.action = ctp::FaultAction::Stop;
  fault.note = "enough";
  fault.rolled_back = true;
  CHECK(fault.text() == begin + "the weights are those before step 30; enough; pairs: a b");
  fault = {.kind = ctp::FaultKind::LossSpike, .found = "9"};
  CHECK(fault.text().ends_with(", found 9; the weights are those after this step"));
  fault.action = ctp::FaultAction::Report;
  CHECK(fault.text().ends_with(", found 9; the training goes on"));
}

TEST_CASE("step fault: its error has code 5 and the fault's text") {
  const ctp::StepError error(ctp::StepFault{.step = 3, .found = "the gradient"});
  CHECK(static_cast<int>(error.code()) == 5);
  CHECK(error.what() == error.fault.text());
  CHECK(error.fault.step == 3);
}

TEST_CASE("step fault: names of actions") {
  using ctp::FaultAction;
  CHECK(std::string(name_of(FaultAction::Report)) == "report");
  CHECK(std::string(name_of(FaultAction::Stop)) == "stop");
  CHECK(std::string(name_of(FaultAction::Skip)) == "skip");
  CHECK(std::string(name_of(FaultAction::Rollback)) == "rollback");
}
