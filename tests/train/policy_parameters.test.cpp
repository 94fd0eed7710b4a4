// Parameters of policies in a training: places, teachers, optimiser, penalty, settings, errors.
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/objective/masked_language.hpp>
#include <ctp/strategy/ewc.hpp>
#include <ctp/strategy/seqf.hpp>

#include "training_fixture.hpp"

namespace {

using doctest::Approx;
using test::Batches;
using test::micro;
using test::Model;

/// 2 x[0] + ... + 2 x[n-1], with parameters x of its own: the gradient by each is 2.
struct Slide {
  static constexpr const char* name = "slide";
  static constexpr ctp::Needs needs{};
  int count = 3;
  ctp::Parameter<1> x{};

  template <class Layout>
  void parameters(Layout& layout) {
    if (count > 0) x = layout.template add<1>("x", {count}, {.start = ctp::Start::constant(0.25)});
  }
  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto own = pass[x];
    const auto weight = pass.scratch(own.value.shape);
    Step::Backend::fill(own.value.size(), typename Step::Backend::Real(2), weight.data);
    return weighted_sum(pass, own, weight);
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("count", count);
  }
};
/// 2 x, with a parameter x that has rules of its own.
struct Ruled {
  static constexpr const char* name = "ruled";
  static constexpr ctp::Needs needs{};
  ctp::ParameterRules rules{.start = ctp::Start::constant(0.25), .decay = 0, .rate = 0.5, .least = 0.238};
  ctp::Parameter<0> x{};

  template <class Layout>
  void parameters(Layout& layout) {
    x = layout.template add<0>("x", {}, rules);
  }
  template <class Step>
  auto loss(Step& step) const {
    return scale(step.online.pass(), step.online.pass()[x], 2);
  }
};
struct Limited : ctp::strategy::SeqF {
  using Objective = ctp::All<Ruled>;
};
struct Sliding : ctp::strategy::SeqF {
  using Objective = ctp::All<ctp::objective::MaskedLanguage, Slide>;
};
/// With a momentum model, a previous model's weights and a penalty.
struct Watched : ctp::strategy::Ewc {
  using Objective = ctp::All<Slide>;
  using Momentum = ctp::momentum::Ema;
};
struct Twice : ctp::strategy::SeqF {
  using Objective = ctp::All<Slide, ctp::All<Slide>>;
};

template <class Strategy>
using LearnerOf = ctp::Learner<Strategy, Model<double>>;

template <class Learner>
const ctp::ParameterInfo& own(const Learner& learner) {
  return learner.model().layout().parameters().back();
}
template <class Learner>
std::size_t place(const Learner& learner) {
  return static_cast<std::size_t>(own(learner).offset);
}

/// Changes the setting slide.count of a Learner, or of the policies that one will be made of.
template <class Policies>
void set_count(Policies& policies, int count) {
  policies.settings([&](const std::string& key, auto& value) {
    if constexpr (std::is_same_v<decltype(value), int&>)
      if (key == "slide.count") value = count;
  });
}

}  // namespace

TEST_CASE("policy parameters: lie behind the model's in every parameter vector, and start as the policy says") {
  const Model<double> plain(micro);
  LearnerOf<Sliding> learner{Model<double>(micro)};
  CHECK(own(learner).name == "policy.slide.x");
  CHECK(own(learner).offset == plain.layout().size());
  CHECK(learner.thetas().size() == plain.layout().size() + 16);
  const std::vector<double> weights = learner.weights();
  const std::size_t at = place(learner);
  for (std::size_t i = 0; i < 16; ++i) CHECK(weights[at + i] == (i < 3 ? 0.25 : 0));
  // The model's own weights start as without the policy.
  const LearnerOf<ctp::strategy::SeqF> other{Model<double>(micro)};
  CHECK(std::vector<double>(weights.begin(), weights.begin() + own(learner).offset) == other.weights());
}

TEST_CASE("policy parameters: the optimiser moves them, and the momentum model averages them") {
  const double rate = 0.01, decay = 0.05;  // AdamW's
  LearnerOf<Watched> learner{Model<double>(micro), {.rate = rate, .min_rate = rate}};
  const std::size_t at = place(learner);
  Batches task(micro, 2, 4, 7, 1);
  learner.begin_task(2);
  learner.step(task.list[0]);

  // The first step of Adam is the rate along the sign of the gradient; epsilon is 1e-8.
  const double first = 0.25 - rate * decay * 0.25 - rate * 2 / (2 + 1e-8);
  CHECK(learner.weights()[at] == Approx(first).epsilon(1e-12));
  CHECK(learner.weights()[at + 2] == Approx(first).epsilon(1e-12));
  CHECK(learner.weights()[at + 3] == 0);  // the gap
  learner.step(task.list[1]);             // begins with the momentum update
  const double slow = learner.momentum().decay * 0.25 + (1 - learner.momentum().decay) * first;
  CHECK(learner.thetas().momentum()[at] == Approx(slow).epsilon(1e-12));
}

TEST_CASE("policy parameters: the optimiser keeps to their rules: no weight decay, a factor on the rate, a limit") {
  const double rate = 0.01;
  LearnerOf<Limited> learner{Model<double>(micro), {.rate = rate, .min_rate = rate}};
  Batches task(micro, 3, 4, 7, 1);
  learner.begin_task(3);
  // Adam moves by the rate along the sign of a constant gradient; epsilon is 1e-8.
  for (const double expected : {0.25 - 0.5 * rate, 0.25 - rate, 0.238}) {
    learner.step(task.list[0]);
    CHECK(learner.weights()[place(learner)] == Approx(expected).epsilon(1e-7));
  }
}

TEST_CASE("policy parameters: a penalty knows their importance") {
  LearnerOf<Watched> learner{Model<double>(micro), {.epochs = 1}};
  Batches task(micro, 2, 4, 7, 1);
  learner.learn(task, "");
  const auto importance = learner.penalty_state().importance.to_host();
  CHECK(importance.size() == static_cast<std::size_t>(learner.thetas().size()));
  CHECK(importance[place(learner)] == Approx(4).epsilon(1e-6));  // the square of the gradient
}

TEST_CASE("policy parameters: settings given to the Learner decide on them before they are made") {
  // [configure]
  const auto configure = [](auto& policies) {
    policies.settings([](const std::string& key, auto& value) {
      if constexpr (std::is_same_v<decltype(value), int&>)  // each setting comes with its own type
        if (key == "slide.count") value = 20;
    });
  };
  ctp::Learner<Sliding, Model<double>> learner(Model<double>(micro), {.epochs = 1}, configure);
  // [configure]
  CHECK(own(learner).shape == std::vector<std::int64_t>{20});
  CHECK(learner.weights()[place(learner) + 19] == 0.25);
  CHECK(learner.thetas().size() == Model<double>(micro).layout().size() + 32);
}

TEST_CASE("policy parameters: one that a late setting asks for is refused at the first step, with the remedy") {
  LearnerOf<Sliding> learner(Model<double>(micro), {}, [](auto& policies) { set_count(policies, 0); });
  CHECK(learner.thetas().size() == Model<double>(micro).layout().size());
  set_count(learner, 3);
  learner.begin_task(1);
  CHECK_THROWS_WITH_AS(learner.step(test::synthetic_batch(micro, 4, 7, 1)),
                       doctest::Contains("change settings that decide on parameters before the Learner is made"),
                       ctp::UsageError);
}

TEST_CASE("policy parameters: the model of a learner with such parameters cannot be another learner's") {
  const LearnerOf<Sliding> learner{Model<double>(micro)};
  const auto remedy = doctest::Contains("make the model anew: Model(other.model().config())");
  CHECK_THROWS_WITH_AS(LearnerOf<Sliding>(learner.model()), remedy, ctp::UsageError);
  CHECK_THROWS_WITH_AS(LearnerOf<ctp::strategy::SeqF>(learner.model()), remedy, ctp::UsageError);
  const LearnerOf<ctp::strategy::SeqF> anew{Model<double>(learner.model().config())}, again(anew.model());
  CHECK(again.thetas().size() == Model<double>(micro).layout().size());
}

TEST_CASE("policy parameters: two policies of one name cannot share a strategy") {
  CHECK_THROWS_WITH_AS(LearnerOf<Twice>(Model<double>(micro)),
                       doctest::Contains("parameter policy.slide.x: expected one parameter of this name, found two"),
                       ctp::UsageError);
}
