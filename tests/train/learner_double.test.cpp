#include <ctp/train/learner.hpp>

#include <vector>

#include <doctest/doctest.h>

#include "training_fixture.hpp"

TEST_CASE("learner: a whole training runs in double and agrees with single precision to its rounding") {
  ctp::ModelConfig config = test::micro;
  config.dropout = 0;
  const auto losses = [&](auto learner) {
    struct Record final : ctp::Observer {
      void step_done(const ctp::StepReport& report) override { losses.push_back(report.loss); }
      std::vector<double> losses;
    } record;
    // The same start for both: what float32 holds.
    learner.set_weights([&] {
      const auto start = ctp::initial_weights<float>(learner.model().layout(), 1);
      return std::vector<typename decltype(learner)::Real>(start.begin(), start.end());
    }());
    learner.observe(record);
    for (const std::uint64_t task : {1U, 2U}) {
      test::Batches batches(config, 2, 4, 7, task);
      learner.learn(batches, "");
    }
    return record.losses;
  };
  const ctp::TrainOptions options{.epochs = 2};

  const auto wide = losses(test::CtpDouble(test::Model<double>(config), options));
  const auto narrow = losses(test::Ctp(test::Model<float>(config), options));

  REQUIRE(wide.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(narrow[i] == doctest::Approx(wide[i]).epsilon(5e-4));
    CHECK(narrow[i] != wide[i]);
  }
}
