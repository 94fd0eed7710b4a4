// What the view refuses is in tests/compile_fail/penalty_teachers.cpp.
#include <ctp/penalty/online_step.hpp>

#include <doctest/doctest.h>

#include <support/fake_step.hpp>

TEST_CASE("online step: model, batch and outputs of the online model are those of the step") {
  fake::Step step({.image = {{1, 2}}});
  step.labels.pairs = 3;
  const ctp::penalty::OnlineStep<fake::Step> view(step);
  CHECK(&view.online == &step.online);
  CHECK(&view.model() == &step.model());
  CHECK(view.batch().size() == 3);
}
