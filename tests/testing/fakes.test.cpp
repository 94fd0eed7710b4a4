// The steps and the passes over a task meet the concepts that policies rely on.
#include <ctp/testing/fake_step.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/objective/require.hpp>
#include <ctp/penalty/require.hpp>
#include <ctp/testing/fake_passes.hpp>
#include <ctp/testing/needs.hpp>
#include <ctp/train/step.hpp>
#include <ctp/train/task_passes.hpp>
#include <support/fake_step.hpp>

using ctp::Needs;
using ctp::Output;

namespace {
using Backend = ctp::BasicCpu<double>;
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>;

static_assert(ctp::objective::require_step<ctp::Step<Model>, Model>());
static_assert(ctp::objective::require_step<ctp::testing::WatchedStep<Model>, Model>());
static_assert(ctp::objective::require_step<fake::Step, fake::Model>());

/// The types that TaskPasses takes from its owner.
struct Owner {
  using B = Backend;
  using Real = double;
  using Optimizer = ctp::optim::AdamW;
};
static_assert(ctp::penalty::require_task_walk<ctp::TaskPasses<Owner>>());
static_assert(ctp::penalty::require_task_walk<ctp::testing::FakePasses<Backend>>());
}  // namespace

TEST_CASE("fake step: answers with the given numbers and keeps the reported losses") {
  fake::Step step({.image = {{1, 2}, {3, 4}}});

  const auto image = step.online.image().local;
  const auto& pass = step.online.pass();
  step.report("mean", mean(pass, ctp::row_products(pass, image, image)));

  CHECK(image.value.shape == ctp::Shape<2>{2, 2});
  CHECK(std::vector<double>(image.value.data, image.value.data + 4) == std::vector<double>{1, 2, 3, 4});
  CHECK(step.online.text().local.value.data == nullptr);
  CHECK(step.reported == std::vector<std::string>{"mean 15.000000"});
}

TEST_CASE("can_run: a loss runs only if every teacher that it needs exists") {
  fake::Step step({});
  CHECK(ctp::can_run(step, Needs{}));
  CHECK_FALSE(ctp::can_run(step, Needs{.previous = Output::Weights}));
  step.set_previous({});
  CHECK(ctp::can_run(step, Needs{.previous = Output::Weights}));
  CHECK_FALSE(ctp::can_run(step, Needs{.previous = Output::Weights, .momentum = Output::Features}));
  step.set_momentum({});
  CHECK(ctp::can_run(step, Needs{.previous = Output::Weights, .momentum = Output::Features}));
}

TEST_CASE("fake passes: the given gradients in every pass, and a count of the passes") {
  ctp::testing::FakePasses<Backend> passes(2, {1, 1}, {{1, 0}, {0, 3}});
  std::vector<double> sum(2);
  for (int pass = 0; pass < 2; ++pass)
    passes.objective(passes.theta(), [&](double* gradient, std::size_t batch) {
      for (std::size_t i = 0; i < 2; ++i) sum[i] += gradient[i] * static_cast<double>(batch + 1);
      gradient[0] = 100;  // scratch: the next pass has the given gradients again
    });
  CHECK(sum == std::vector<double>{2, 12});
  CHECK(passes.walks == 2);
  CHECK(passes.task() == 2);
}
