// Rounded copies of weights that are kept from step to step: the bits of weights that each product rounds itself,
// whoever changes the weights.
#include <ctp/train/learner.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/strategy/afec.hpp>

#include "engine_fixture.hpp"

namespace {

using Simulated = ctp::test::SimulatedCuda<float, 7>;

/// Counts the vectors that are rounded as a whole for steps.
struct Kept : Simulated {
  static int& rounded() {
    static int count = 0;
    return count;
  }
  static bool round_weights(ctp::Index n, const float* theta) { return Simulated::round_weights(n, theta); }
  static void round_weights(ctp::Index n, const float* theta, std::uint16_t* copy) {
    ++rounded();
    Simulated::round_weights(n, theta, copy);
  }
};
static_assert(ctp::backend::KeepsWeightCopies<Kept>);

/// Its products round their weights themselves.
struct Each : Simulated {
  static bool round_weights(ctp::Index, const float*) { return false; }
};
static_assert(!ctp::backend::KeepsWeightCopies<Each>);

class Losses final : public ctp::Observer {
 public:
  void step_done(const ctp::StepReport& report) override { all.push_back(report.loss); }
  std::vector<double> all;
};

/// AdamW that moves weights once more, by a pass that writes no copy, also before the first step of a task.
struct Nudging : ctp::optim::AdamW {
  struct Nudge {
    float* theta;
    CTP_HD void operator()(ctp::Index i) const { theta[i] *= 1.01F; }
  };
  using ctp::optim::AdamW::step;
  template <class Model, class Term>
  void step(State<Model>& state, float* theta, float* gradient, double rate, const Term& term,
            const ctp::optim::Ranges& ranges, const float* factor) const {
    ctp::optim::AdamW::step(state, theta, gradient, rate, term, ranges, factor);
    Model::Backend::for_each(state.first.size(), Nudge{theta});
  }
};
/// A rule that writes less than it is asked to, and by another pass.
struct Partial {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};
  template <class View>
  void update(const View& view) const {
    View::Backend::average(view.size() / 2, 0.9F, view.online(), view.slow());
    View::Backend::copy(view.online() + view.size() / 2, view.size() / 4, view.slow() + view.size() / 2);
  }
};
struct OwnOptimizer : ctp::strategy::Ctp {
  using Optimizer = Nudging;
};
struct OwnMomentum : ctp::strategy::Ctp {
  using Momentum = Partial;
};

constexpr std::size_t batches = 2;
constexpr int epochs = 2, by_hand = 7;

struct Trained {
  decltype(test::Snapshot::values) state;
  std::vector<double> losses;
  friend bool operator==(const Trained&, const Trained&) = default;
};

ctp::TrainOptions options_of() { return {.epochs = epochs, .rate = 1e-2, .min_rate = 1e-3, .seed = 3}; }

/// Two tasks, and a third one step by step, with between(learner, step, batches) before each step. `bad`: the batch of
/// each epoch of the second task whose numbers are not finite.
template <class Strategy, class B, class Between>
Trained train(const ctp::TrainOptions& options, int bad, Between between) {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B, typename Strategy::Projection>;
  ctp::ModelConfig sizes = test::micro;
  sizes.dropout = 0.1;
  ctp::Learner<Strategy, Model> learner(Model(sizes), options);
  Losses losses;
  learner.observe(losses);
  test::Batches first(sizes, batches, 3, 6, 1), second(sizes, batches, 3, 6, 2);
  if (bad >= 0) second.list[static_cast<std::size_t>(bad)].images[5] = std::numeric_limits<float>::quiet_NaN();
  learner.learn(first, "first");
  learner.learn(second, "second");
  learner.begin_task(by_hand);
  for (int step = 0; step < by_hand; ++step) {
    between(learner, step, first);
    learner.step(first.list[static_cast<std::size_t>(step) % batches]);
  }
  return {test::snapshot(learner).values, losses.all};
}

/// The same training with copies that are kept and without copies.
template <class Strategy, class Between>
Trained check_equal(const ctp::TrainOptions& options, const Between& between, int bad = -1) {
  const Trained kept = train<Strategy, Kept>(options, bad, between),
                each = train<Strategy, Each>(options, bad, between);
  CHECK(kept == each);
  CHECK(ctp::backend::cuda::WeightCopies::current().count() == 0);
  return kept;
}

constexpr auto nothing = [](auto& /*learner*/, int /*step*/, auto& /*source*/) {};

/// A vector of all weights, each a little larger.
template <class Learner>
std::vector<float> larger(const Learner& learner) {
  std::vector<float> weights = learner.weights();
  for (float& weight : weights) weight = 1.02F * weight + 0.01F;
  return weights;
}

}  // namespace

TEST_CASE("kept copies: a vector is rounded as a whole in the first step of an epoch alone") {
  Kept::rounded() = 0;
  check_equal<ctp::strategy::SeqF>(options_of(), nothing);
  CHECK(Kept::rounded() == 2 * epochs + 1);
  Kept::rounded() = 0;
  check_equal<ctp::strategy::Ctp>(options_of(), nothing);
  CHECK(Kept::rounded() == epochs * (2 + 3) + 3);  // the first task has no previous weights
  Kept::rounded() = 0;
  check_equal<ctp::strategy::Afec>(options_of(), nothing);
  CHECK(Kept::rounded() == 2 * epochs + 1);
}

TEST_CASE("kept copies: steps that are not captured, and read one by one") {
  ctp::TrainOptions options = options_of();
  options.capture_steps = false;
  options.read_every = 1;
  CHECK(check_equal<ctp::strategy::Ctp>(options, nothing) == check_equal<ctp::strategy::Ctp>(options_of(), nothing));
}

TEST_CASE("kept copies: ranges of parameters, frozen parameters and clipping") {
  ctp::TrainOptions options = options_of();
  options.clip_norm = 0.5;
  options.groups = {
      {.pattern = "*bias", .rate = 2}, {.pattern = "*norm*", .freeze = true}, {.pattern = "*qkv*", .decay = 0}};
  Kept::rounded() = 0;
  check_equal<ctp::strategy::Ctp>(options, nothing);
  CHECK(Kept::rounded() == epochs * (2 + 3) + 3);
}

TEST_CASE("kept copies: steps that a device skips") {
  for (const auto action : {ctp::FaultAction::Skip, ctp::FaultAction::Rollback})
    for (const int bad : {0, 1}) {
      ctp::TrainOptions options = options_of();
      options.guard = {.on_nonfinite = action, .rollback_steps = 2};
      const Trained with = check_equal<ctp::strategy::Ctp>(options, nothing, bad);
      options.read_every = 1;
      CHECK(check_equal<ctp::strategy::Ctp>(options, nothing, bad) == with);
    }
}

TEST_CASE("kept copies: policies of a user's own that write to the weights in passes of their own") {
  check_equal<OwnOptimizer>(options_of(), nothing);
  check_equal<OwnMomentum>(options_of(), nothing);
}

TEST_CASE("kept copies: weights that are changed between two steps") {
  const Trained plain = check_equal<ctp::strategy::Ctp>(options_of(), nothing);
  const auto check_change = [&](const auto& between) {
    CHECK_FALSE(check_equal<ctp::strategy::Ctp>(options_of(), between) == plain);
  };
  check_change([](auto& learner, int step, auto&) {
    if (step == 3) learner.set_weights(larger(learner));
  });
  for (const int which : {0, 1, 2})  // through an address that was kept
    check_change([which, kept = static_cast<float*>(nullptr)](auto& learner, int step, auto&) mutable {
      auto& thetas = learner.thetas();
      if (step == 2) kept = which == 0 ? thetas.online() : which == 1 ? thetas.previous() : thetas.momentum();
      const std::vector<float> weights = larger(learner);
      if (step == 2 || step == 4) Simulated::upload(weights.data(), thetas.size(), kept);
    });
  check_change([](auto& learner, int step, auto&) {
    if (step != 3) return;
    test::Snapshot all = test::snapshot(learner);
    for (auto& [name, values] : all.values)
      if (name == "theta")
        for (double& value : values) value = 1.02 * value + 0.01;
    test::Restore restore{all};
    learner.visit(restore);
  });
  check_change([state = ctp::StateArchive()](auto& learner, int step, auto&) mutable {
    if (step == 2) state = learner.state();
    if (step == 4) learner.restore(state);
  });
  check_change([](auto& learner, int step, auto& source) {
    if (step != 3) return;
    learner.end_task(&source);
    learner.begin_task(by_hand);
  });
}

TEST_CASE("kept copies: a look at a batch and at features between two steps leaves the copies as they are") {
  const auto look = [](auto& learner, int step, auto& source) {
    if (step == 3) static_cast<void>(learner.probe(source.list[0]));
    if (step < 4) return;
    source.start(0);
    static_cast<void>(ctp::extract(learner.model(), learner.online(), source, {}));
  };
  Kept::rounded() = 0;
  check_equal<ctp::strategy::Ctp>(options_of(), look);
  CHECK(Kept::rounded() == epochs * (2 + 3) + 3 + 2 * 3);  // twice more: the look, and the step behind it
}
