// The schedule of docs/policies/schedule.md.
#include <cstdint>
#include <memory>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/optim/schedule/require.hpp>
#include <ctp/optim/schedule/warmup_hold_decay.hpp>
#include <ctp/report/early_stop.hpp>
#include <ctp/strategy/seqf.hpp>
#include <ctp/testing/synthetic_batch.hpp>
#include <ctp/train/learner.hpp>

namespace {

// clang-format off
// [halving]
// Halves the rate in the second half of a task.
struct Halving {
  double factor = 0.5;

  double rate(std::uint64_t step, std::uint64_t steps, const ctp::optim::Rates& rates) const {
    return 2 * step < steps ? rates.rate : factor * rates.rate;
  }
  template <class Visitor>
  void settings(Visitor& visitor) { visitor("factor", factor); }  // --set schedule.factor=...
};
// [halving]
// clang-format on

static_assert(ctp::optim::require_schedule<Halving>());

}  // namespace

TEST_CASE("docs: the schedule of schedule.md halves the rate in the second half of a task") {
  const ctp::optim::Rates rates{.rate = 1, .min_rate = 0};

  CHECK(Halving{}.rate(4, 10, rates) == 1);
  CHECK(Halving{}.rate(5, 10, rates) == 0.5);
  CHECK(Halving{.factor = 0.25}.rate(9, 10, rates) == 0.25);
}

TEST_CASE("docs: the plans of schedule.md") {
  // clang-format off
  // [plan]
  const ctp::optim::WarmupHoldDecay decaying{.warmup_share = 0.1};
  const ctp::TaskPlan first{.epochs = 5, .schedule = ctp::TaskPlan::by(decaying)};
  const ctp::TaskPlan later{.epochs = 3, .rate = 5e-5};
  // [plan]
  // clang-format on
  CHECK_NOTHROW(first.check());
  CHECK_NOTHROW(later.check());
  CHECK(first.schedule(0, 100, {.rate = 1, .min_rate = 0}) == doctest::Approx(0.1));
  CHECK_FALSE(later.schedule);
}

TEST_CASE("docs: the observer of schedule.md ends a task that learns nothing") {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;
  ctp::TrainOptions options{.epochs = 9, .rate = 0, .min_rate = 0, .max_tokens = 4};
  options.loading = {.batch_size = 2, .augment = false, .workers = 0};
  ctp::ModelConfig sizes = ctp::testing::micro;
  sizes.dropout = 0;
  ctp::Learner<ctp::strategy::SeqF, Model> learner(Model(sizes), options);
  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"greys", pairs, {}};
  for (unsigned char i = 0; i < 4; ++i)
    task.members.push_back(pairs->add(ctp::data::Image(8, 8, static_cast<unsigned char>(30 * i)), {2, 5 + i, 3}));
  struct Epochs final : ctp::Observer {
    void step_done(const ctp::StepReport& report) override { last = report.epoch; }
    std::uint32_t last = 0;
  } epochs;
  learner.observe(epochs);
  // [early]
  ctp::report::EarlyStop stop(2, 0.01);
  learner.observe(stop);
  // [early]
  learner.learn(task);
  CHECK(epochs.last < 8);
}
