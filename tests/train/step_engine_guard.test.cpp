#include <ctp/train/step_engine.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/autograd/reductions.hpp>
#include <ctp/autograd/views.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/penalty/mas.hpp>
#include <ctp/train/extract.hpp>

#include "engine_fixture.hpp"

template class ctp::StepEngine<ctp::strategy::SeqF, test::Model<float>>;  // compiles every member
template class ctp::StepEngine<ctp::strategy::Ctp, test::Model<float>>;

namespace {

using test::Batches;
using test::micro;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// The message of the NumericError that a step throws; empty if it throws none.
template <class Engine>
std::string stop(Engine& engine, const ctp::data::Batch& batch, const ctp::data::BatchSource* source = nullptr) {
  try {
    test::step(engine, batch, source);
  } catch (const ctp::NumericError& error) {
    return error.what();
  }
  return "";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A contrastive loss that looks at the teachers, and whose gradient can be spoilt.
struct Spy {
  static constexpr const char* name = "spy";
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features, .momentum = ctp::Output::Features};
  bool explode = false;
  std::vector<double>*online = nullptr, *previous = nullptr, *momentum = nullptr;

  template <class Step>
  auto loss(Step& step) const {
    const auto keep = [](auto& outputs, std::vector<double>* to) {
      const auto text = outputs.text().local.value;
      if (to != nullptr) to->assign(text.data, text.data + text.size());
    };
    keep(step.online, online);
    keep(*step.previous, previous);
    keep(*step.momentum, momentum);
    const auto& pass = step.online.pass();
    if (explode) pass.record([to = pass.gradient] { to[0] = std::numeric_limits<double>::infinity(); });
    return scale(pass, ctp::objective::InBatchContrast{}.loss(step), 1);
  }
};
/// At the end of a task, keeps the gradients of two losses: one of the image encoder, one without any gradient.
struct Probe : ctp::penalty::Mas {
  std::vector<std::vector<double>>* gradients = nullptr;

  template <class Model, class Passes>
  void end_task(ctp::penalty::AnchoredState<Model>& /*state*/, Passes& passes) const {
    const auto keep = [&](double* gradient, std::size_t) {
      gradients->emplace_back(gradient, gradient + passes.size());
    };
    const auto of_image = [](auto& step) { return ctp::sum(step.online.pass(), step.online.image_tokens()); };
    passes.gradients(passes.theta(), of_image, keep);
    passes.gradients(passes.theta(), [&](auto& step) { return ctp::stop_gradient(of_image(step)); }, keep);
  }
};
struct Probing : ctp::strategy::SeqF {
  using Penalty = Probe;
};
struct Watched : ctp::strategy::SeqF {
  using Objective = ctp::All<Spy, ctp::objective::InBatchContrast>;
  using Momentum = ctp::momentum::Ema;
};
using WatchedEngine = ctp::StepEngine<Watched, test::Model<double>>;

}  // namespace

TEST_CASE("guard: a NaN in an image stops the step, naming task, epoch, step, losses and pairs") {
  test::SeqFEngine engine{test::Model<float>(micro), {.epochs = 3}};
  Batches task(micro, 2, 3, 7, 1);
  test::learn(engine, task);
  engine.begin_task(6);
  task.start(2);
  test::step(engine, task.list[0]);
  task.list[1].images[17] = not_a_number;
  const std::vector<float> before = engine.weights();

  const std::string message = stop(engine, task.list[1], &task);

  CHECK(has(message, "task 1, epoch 2, step 1: expected finite losses and gradients, found in_batch_contrast = "));
  CHECK(has(message, "masked_language = "));
  CHECK(has(message, "pair_3 pair_4 pair_5"));
  CHECK(std::memcmp(before.data(), engine.weights().data(), before.size() * sizeof(float)) == 0);
  CHECK(has(stop(engine, task.list[1]), "pairs: 3 4 5"));  // without a source: ordinals
}

TEST_CASE("guard: a skipped step leaves weights, moments and counters unchanged") {
  const auto run = [](bool disturbed) {
    test::SeqFEngine engine{test::Model<float>(micro), {.epochs = 1}};
    Batches task(micro, 2, 3, 7, 1);
    engine.begin_task(2);
    test::step(engine, task.list[0]);
    if (disturbed) {
      ctp::data::Batch bad = task.list[0];
      bad.images[0] = not_a_number;
      CHECK(!stop(engine, bad).empty());
    }
    test::step(engine, task.list[1]);
    return test::snapshot(engine).values;
  };

  CHECK(run(true) == run(false));
}

TEST_CASE("guard: a skipped step leaves queues, moments and counters of ctp unchanged") {
  test::CtpEngine engine{test::Model<float>(micro)};
  Batches task(micro, 2, 3, 7, 1);
  engine.begin_task(2);
  test::step(engine, task.list[0]);
  const auto before = test::snapshot(engine).values;
  ctp::data::Batch bad = task.list[1];
  bad.images[0] = not_a_number;

  CHECK(has(stop(engine, bad), "momentum_contrast = "));

  const auto after = test::snapshot(engine).values;
  for (std::size_t i = 1; i < before.size(); ++i) {     // 0 is theta: its momentum part may move
    if (before[i].first == "momentum_steps") continue;  // says that they have moved
    CAPTURE(before[i].first);
    CHECK(before[i] == after[i]);
  }
  const auto n = static_cast<std::ptrdiff_t>(engine.thetas().size());
  CHECK(std::equal(before[0].second.begin(), before[0].second.begin() + 2 * n, after[0].second.begin()));
}

TEST_CASE("guard: a NaN among the weights stops the step, and the weights stay unchanged") {
  test::SeqFEngine engine{test::Model<float>(micro)};
  std::vector<float> theta = engine.weights();
  for (const ctp::ParameterInfo& p : engine.model().layout().parameters())
    if (p.name == "vision_proj.weight") theta[static_cast<std::size_t>(p.offset)] = not_a_number;
  engine.set_weights(theta);
  engine.begin_task(1);

  CHECK(has(stop(engine, test::synthetic_batch(micro, 3, 7, 1)), "found in_batch_contrast = "));
  CHECK(std::memcmp(theta.data(), engine.weights().data(), theta.size() * sizeof(float)) == 0);
}

TEST_CASE("guard: an infinite sum of finite parts stops the step") {
  test::SeqFEngine engine{test::Model<float>(micro)};
  engine.policies().settings([](const std::string& key, auto& value) {
    if constexpr (std::is_same_v<decltype(value), double&>)
      if (key == "masked_language.weight") value = std::numeric_limits<double>::infinity();
  });
  engine.begin_task(1);

  CHECK(has(stop(engine, test::synthetic_batch(micro, 3, 7, 1)), "found the weighted loss;"));
}

TEST_CASE("guard: a non-finite gradient stops a step with finite losses") {
  WatchedEngine engine{test::Model<double>(micro)};
  Batches task(micro, 1, 3, 7, 1);
  test::learn(engine, task);
  engine.begin_task(2);
  std::get<0>(std::get<0>(engine.policies().losses().policies).policies).explode = true;
  const std::vector<double> before = engine.weights();

  CHECK(has(stop(engine, task.list[0]), "found the gradient;"));
  CHECK(before == engine.weights());
  std::get<0>(std::get<0>(engine.policies().losses().policies).policies).explode = false;
  CHECK(stop(engine, task.list[0]).empty());  // the infinite gradient is gone
}

TEST_CASE("step engine: a loss of a penalty that no trained parameter reaches has gradient 0") {
  for (const bool freeze : {false, true}) {
    CAPTURE(freeze);
    ctp::TrainOptions options{.epochs = 1};
    if (freeze) options.groups = {{.pattern = "visual_encoder*", .freeze = true}};
    ctp::StepEngine<Probing, test::Model<double>> engine{test::Model<double>(micro), options};
    std::vector<std::vector<double>> gradients;
    engine.policies().penalty().gradients = &gradients;
    Batches task(micro, 2, 3, 7, 1);
    test::learn(engine, task);

    REQUIRE(gradients.size() == 4);  // of two losses, on two batches
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      const bool zero = std::all_of(gradients[i].begin(), gradients[i].end(), [](double g) { return g == 0; });
      CHECK(zero == (freeze || i >= 2));
    }
    CHECK(stop(engine, task.list[0]).empty());
  }
}

TEST_CASE("step engine: teachers run without dropout, with their own weights") {
  ctp::ModelConfig config = micro;
  config.dropout = 0.5;
  WatchedEngine engine{test::Model<double>(config), {.rate = 0.01}};
  Batches task(config, 2, 3, 7, 1);
  test::learn(engine, task);
  engine.begin_task(4);
  test::step(engine, task.list[0]);
  std::vector<double> online, previous, momentum;
  auto& spy = std::get<0>(std::get<0>(engine.policies().losses().policies).policies);
  spy.online = &online;
  spy.previous = &previous;
  spy.momentum = &momentum;
  const auto features = [&](const double* theta) {
    task.start(0);
    Batches one(config, 1, 3, 7, 1);
    return ctp::extract(engine.model(), theta, one, {}).text;
  };
  const std::vector<float> dry = features(engine.thetas().online()), old = features(engine.thetas().previous());

  test::step(engine, task.list[0]);

  const std::vector<float> slow = features(engine.thetas().momentum());  // moved before the step, not after
  double of_online = 0, of_previous = 0, of_momentum = 0;
  for (std::size_t i = 0; i < dry.size(); ++i) {
    of_online = std::max(of_online, std::abs(online[i] - static_cast<double>(dry[i])));
    of_previous = std::max(of_previous, std::abs(previous[i] - static_cast<double>(old[i])));
    of_momentum = std::max(of_momentum, std::abs(momentum[i] - static_cast<double>(slow[i])));
  }
  CHECK(of_online > 1e-2);
  CHECK(of_previous < 1e-6);
  CHECK(of_momentum < 1e-6);
  CHECK(dry != old);
  CHECK(old != slow);
}

TEST_CASE("step engine: a batch without masked positions has a masked-language loss of zero and trains the rest") {
  ctp::data::Batch batch = test::synthetic_batch(micro, 3, 7, 3);
  for (auto& label : batch.labels) label = ctp::data::ignore_label;
  test::SeqFEngine engine{test::Model<float>(micro)};
  engine.begin_task(1);

  const auto report = test::step(engine, batch);

  REQUIRE(report.parts.size() == 2);
  CHECK(report.parts[1].second == 0);
  CHECK(report.loss > 0);
}
