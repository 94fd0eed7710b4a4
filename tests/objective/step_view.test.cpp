// What a view refuses is in tests/compile_fail: objective_needs_*.cpp.
#include <ctp/objective/step_view.hpp>

#include <type_traits>

#include <doctest/doctest.h>

#include <ctp/core/error.hpp>
#include <support/fake_step.hpp>

using ctp::Output;

namespace {
using View = ctp::StepView<fake::Step, Output::Features | Output::Fused, Output::Nothing>;
const fake::Answers online{.image = {{1, 2}}}, previous{.image = {{3, 4}}, .text = {{5, 6}}, .fused = {{7, 8}}};

static_assert(std::is_same_v<View::Model, fake::Model>);
static_assert(std::is_same_v<View::Backend, fake::B>);

double first(const ctp::Variable<2, fake::B>& x) { return x.value.data[0]; }
}  // namespace

TEST_CASE("step view: the online model, the batch and the named outputs of a teacher are those of the step") {
  fake::Step step(online);
  step.set_previous(previous);
  step.labels.pairs = 9;
  View view(step);
  CHECK(&view.online == &step.online);
  CHECK(&view.model() == &step.model());
  CHECK(view.batch().size() == 9);
  CHECK(view.previous);
  CHECK(view.previous.has_value());
  CHECK(&view.previous->pass() == &step.previous->pass());
  CHECK(first(view.previous->image().local) == 3);
  CHECK(first((*view.previous).image_raw()) == 3);
  CHECK(first(view.previous->text().all) == 5);
  CHECK(first(view.previous->text_raw()) == 5);
  CHECK(first(view.previous->fused()) == 7);
  view.report("part", view.online.pass().make(ctp::Shape<0>{}));
  CHECK(step.reported.size() == 1);
}

TEST_CASE("step view: a teacher that does not exist is false, and reading it is an error") {
  fake::Step step(online);
  const View view(step);
  CHECK_FALSE(view.previous);
  CHECK_THROWS_WITH_AS(view.previous->image(), "the previous model: it is read in a step in which it does not exist",
                       ctp::UsageError);
}

TEST_CASE("step view: can_run asks for teachers that the view's own needs do not name") {
  fake::Step step(online);
  step.set_momentum(previous);
  const View view(step);
  CHECK(ctp::can_run(view, {}));
  CHECK(ctp::can_run(view, {.momentum = Output::Features}));
  CHECK_FALSE(ctp::can_run(view, {.previous = Output::Features}));
}

TEST_CASE("step view: a view of a view reads the step's outputs") {
  fake::Step step(online);
  step.set_previous(previous);
  View outer(step);
  const ctp::StepView<View, Output::Features, Output::Nothing> inner(outer);
  CHECK(&inner.online == &step.online);
  CHECK(inner.previous);
  CHECK(first(inner.previous->image_raw()) == 3);
  CHECK_FALSE(inner.momentum.exists());
}
