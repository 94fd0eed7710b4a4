#include <ctp/train/guard/step_probe.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <train/training_fixture.hpp>

namespace {

using test::micro;

const ctp::ParameterGradient& named(const ctp::StepProbe& probe, const std::string& name) {
  for (const ctp::ParameterGradient& gradient : probe.gradients)
    if (gradient.name == name) return gradient;
  FAIL("no parameter ", name);
  return probe.gradients.front();
}

}  // namespace

TEST_CASE("step probe: the losses are those of the next step, which the probe does not disturb") {
  const auto train = [](bool looks) {
    test::Ctp learner(test::Ctp::Model(micro), {.rate = 1e-2});
    test::Batches task(micro, 3, 4, 7, 1);
    learner.begin_task(3);
    learner.step(task.list[0]);
    std::vector<double> losses;
    for (const std::size_t i : {1U, 2U}) {
      if (looks) (void)learner.probe(task.list[0]);  // of another batch
      if (looks) losses.push_back(learner.probe(task.list[i]).loss);
      const double loss = learner.step(task.list[i]).loss;
      if (!looks) losses.push_back(loss);
    }
    return std::pair(learner.weights(), losses);
  };
  CHECK(train(true) == train(false));
}

TEST_CASE("step probe: the gradients are those of finite differences") {
  test::SeqFDouble learner{test::SeqFDouble::Model(micro)};
  const ctp::data::Batch batch = test::synthetic_batch(micro, 3, 7, 2);
  const ctp::StepProbe probe = learner.probe(batch);
  CHECK(probe.complaint.empty());
  REQUIRE(probe.parts.size() == 2);
  CHECK(probe.parts[0].first == "in_batch_contrast");
  for (const std::string name : {"vision_proj.bias", "text_proj.bias"}) {
    CAPTURE(name);
    const ctp::ParameterGradient& gradient = named(probe, name);
    CHECK(gradient.not_finite == 0);
    const std::vector<double> theta = learner.weights();
    double squares = 0;
    for (const ctp::ParameterInfo& p : learner.model().layout().parameters()) {
      if (p.name != name) continue;
      CHECK(gradient.size == static_cast<std::size_t>(p.size()));
      for (std::size_t i = 0; i < gradient.size; ++i) {
        double difference = 0;
        for (const double h : {1e-6, -1e-6}) {
          std::vector<double> moved = theta;
          moved[static_cast<std::size_t>(p.offset) + i] += h;
          learner.set_weights(moved);
          difference += learner.probe(batch).loss / (2 * h);
        }
        squares += difference * difference;
      }
    }
    learner.set_weights(theta);
    CHECK(gradient.norm == doctest::Approx(std::sqrt(squares)).epsilon(1e-6));
  }
}

TEST_CASE("step probe: a look within a step is refused, since steps may wait to be reported") {
  class Looks final : public ctp::Observer {
   public:
    explicit Looks(test::SeqF& learner) : learner_(&learner) {}
    void step_done(const ctp::StepReport&) override {
      CHECK_THROWS_WITH_AS((void)learner_->probe(batch_),
                           doctest::Contains("Learner::probe: expected a call between two steps"), ctp::UsageError);
    }
    void between_steps(const ctp::Position& /*place*/) override {
      CHECK(learner_->probe(batch_).complaint.empty());
      ++looked;
    }
    int looked = 0;

   private:
    test::SeqF* learner_;
    ctp::data::Batch batch_ = test::synthetic_batch(micro, 3, 7, 2);
  };
  test::SeqF learner{test::SeqF::Model(micro), {.epochs = 1}};
  Looks looks(learner);
  learner.observe(looks);
  test::Batches task(micro, 2, 3, 7, 1);
  learner.learn(task, "task");
  CHECK(looks.looked == 2);
}

TEST_CASE("step probe: numbers that are not finite are named and counted, and nothing is thrown") {
  test::SeqF learner{test::SeqF::Model(micro)};
  ctp::data::Batch batch = test::synthetic_batch(micro, 3, 7, 2);
  const std::vector<float> before = learner.weights();
  CHECK(learner.probe(batch).complaint.empty());
  ctp::data::Batch bad = batch;
  bad.images[4] = std::numeric_limits<float>::quiet_NaN();
  const ctp::StepProbe probe = learner.probe(bad);
  CHECK(probe.complaint.starts_with("in_batch_contrast = "));
  CHECK(named(probe, "vision_proj.weight").not_finite > 0);
  CHECK(learner.probe(batch).complaint.empty());  // no gradient is left behind
  CHECK(named(learner.probe(batch), "vision_proj.weight").not_finite == 0);
  CHECK(learner.weights() == before);
}
