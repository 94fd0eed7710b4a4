// Clipping in whole steps: the reported length is that of the gradient which the optimiser follows without clipping.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/strategy/si.hpp>
#include <ctp/train/learner.hpp>

#include "engine_fixture.hpp"

namespace {

/// The gradient that the optimiser followed in the first step of the second task, and the length that was reported.
template <class Strategy>
std::pair<std::vector<double>, double> second_task(double clip_norm) {
  using Engine = ctp::StepEngine<Strategy, test::Model<double>>;
  ctp::TrainOptions options{.epochs = 1, .rate = 1e-2, .clip_norm = clip_norm, .seed = 3};
  Engine engine(test::Model<double>(test::micro), options);
  engine.policies().optimizer().beta1 = 0;  // the first moment is the gradient
  const auto weights = engine.weights();
  test::Batches first(test::micro, 2, 3, 6, 1), second(test::micro, 1, 3, 6, 2);
  test::learn(engine, first);
  std::vector<double> far = weights;  // the same in all runs, and away from the anchor of a penalty
  for (double& w : far) w *= 1.01;
  engine.begin_task(1);
  engine.set_weights(far);
  const double norm = test::step(engine, second.list[0]).gradient_norm;
  for (auto& [name, values] : test::snapshot(engine).values)
    if (name == "adamw.first") return {values, norm};
  return {};
}
double length(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return std::sqrt(sum);
}

}  // namespace

TEST_CASE("step engine: a gradient is scaled to the longest norm, and reported with its own") {
  const auto [free, no_norm] = second_task<ctp::strategy::SeqF>(0);
  CHECK(std::isnan(no_norm));
  const double own = length(free);
  for (const double longest : {own / 7, 2 * own}) {
    const auto [clipped, norm] = second_task<ctp::strategy::SeqF>(longest);
    // The first task was clipped as well, but the weights of the step are the same.
    CHECK(norm == doctest::Approx(own).epsilon(1e-10));
    CHECK(length(clipped) == doctest::Approx(std::min(own, longest * own / (own + 1e-6))).epsilon(1e-10));
    double along = 0;
    for (std::size_t i = 0; i < free.size(); ++i) along += free[i] * clipped[i];
    CHECK(along == doctest::Approx(own * length(clipped)).epsilon(1e-10));  // the same direction
  }
}

TEST_CASE("step engine: the penalty's gradient counts in the length of the gradient") {
  const auto [clipped, norm] = second_task<ctp::strategy::Si>(1e-3);
  CHECK(norm > 1e-3);
  CHECK(length(clipped) == doctest::Approx(1e-3 * norm / (norm + 1e-6)).epsilon(1e-10));
}

namespace {

using Simulated = ctp::test::SimulatedCuda<float>;
using Learner =
    ctp::Learner<ctp::strategy::Si, ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Simulated>>;

/// Losses and lengths of all steps, and the state after two tasks.
auto train(bool capture, int read_every) {
  class Reports final : public ctp::Observer {
   public:
    void step_done(const ctp::StepReport& r) override { all.emplace_back(r.loss, r.gradient_norm); }
    std::vector<std::pair<double, double>> all;
  } reports;
  ctp::TrainOptions options{.epochs = 2, .rate = 1e-3, .clip_norm = 1, .seed = 3};
  options.groups = {{.pattern = "visual_encoder*", .freeze = true}, {.pattern = "*.bias", .rate = 2, .decay = 0}};
  options.capture_steps = capture;
  options.read_every = read_every;
  options.read_seconds = 1e9;
  Learner learner(Learner::Model(test::micro), options);
  learner.observe(reports);
  for (const std::uint64_t task : {1U, 2U}) {
    test::Batches batches(test::micro, 5, 3, 6, task);
    learner.learn(batches, "task");
  }
  return std::pair{reports.all, test::snapshot(learner).values};
}

}  // namespace

TEST_CASE("step engine: clipped steps read several at a time have the bits of steps read one by one") {
  const auto each = train(false, 1), together = train(true, 16);
  CHECK(together.first == each.first);
  CHECK(together.second == each.second);
  bool clipped = false;
  for (const auto& [loss, norm] : each.first) clipped = clipped || norm > 1;
  CHECK(clipped);
}
