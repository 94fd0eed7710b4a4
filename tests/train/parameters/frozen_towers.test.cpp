#include <ctp/train/parameters/frozen_towers.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "train/every_strategy.hpp"

namespace {

using Groups = std::vector<ctp::optim::ParameterGroup>;
const Groups image{{.pattern = "visual_encoder*", .freeze = true}};
const Groups text{{.pattern = "text_mlm_encoder*", .freeze = true}};
const Groups both{image.front(), text.front()};

/// The gradient of the first step of the second task, weights before and after that step, and all names.
template <class Strategy>
struct OneStep {
  std::vector<double> gradient, before, after, momentum;
  std::vector<ctp::ParameterInfo> parameters;
};

template <class Strategy>
OneStep<Strategy> one_step(const Groups& groups) {
  ctp::ModelConfig config = test::micro;
  config.dropout = 0.1;
  config.queue = 9;
  using Engine = ctp::StepEngine<Strategy, test::ModelOf<Strategy, float>>;
  ctp::TrainOptions options{.epochs = 1, .rate = 1e-2, .seed = 3};
  options.groups = groups;
  Engine engine(typename Engine::Model(config), options);
  engine.policies().optimizer().beta1 = 0;  // the first moment is the gradient
  test::Batches batches(config, 2, 3, 7, 1);
  engine.begin_task(2);
  engine.begin_epoch(batches, 0);
  OneStep<Strategy> result;
  const auto weights = engine.weights();
  result.before.assign(weights.begin(), weights.end());
  test::step(engine, batches.list[0]);
  const auto moved = engine.weights();
  result.after.assign(moved.begin(), moved.end());
  for (const auto& [name, values] : test::snapshot(engine).values)
    if (name == "adamw.first") result.gradient = values;
  result.parameters = engine.model().layout().parameters();
  return result;
}

/// The CPU backend with a count of the linear layers that run backward.
struct Counts : ctp::Cpu {
  static inline int backward_products = 0;
  template <class... A>
  static void linear_backward(const A&... arguments) {
    ++backward_products;
    ctp::Cpu::linear_backward(arguments...);
  }
};

template <class Strategy>
void check(const Groups& groups) {
  const OneStep<Strategy> free = one_step<Strategy>({}), frozen = one_step<Strategy>(groups);
  std::size_t still = 0, moving = 0;
  for (const ctp::ParameterInfo& p : free.parameters) {
    CAPTURE(p.name);
    bool is_frozen = false;
    for (const ctp::optim::ParameterGroup& group : groups)
      is_frozen = is_frozen || ctp::optim::matches(group.pattern, p.name);
    ++(is_frozen ? still : moving);
    bool same_gradient = true, no_gradient = true, stays = true, moves_alike = true;
    for (auto i = static_cast<std::size_t>(p.offset); i < static_cast<std::size_t>(p.offset + p.size()); ++i) {
      same_gradient = same_gradient && frozen.gradient[i] == free.gradient[i];
      no_gradient = no_gradient && frozen.gradient[i] == 0;
      stays = stays && frozen.after[i] == frozen.before[i];
      moves_alike = moves_alike && frozen.after[i] == free.after[i];
    }
    CHECK((is_frozen ? no_gradient && stays : same_gradient && moves_alike));
  }
  CHECK(still > 0);
  CHECK(moving > 0);
}

}  // namespace

TEST_CASE("frozen_towers: a tower is frozen if all its parameters are, and only then") {
  const test::Model<float> model(test::micro);
  const auto towers = [&](const Groups& groups) {
    return ctp::frozen_towers(model, ctp::parameter_ranges(model.layout(), groups));
  };
  CHECK_FALSE((towers({}).image || towers({}).text));
  CHECK((towers(image).image && !towers(image).text));
  CHECK((!towers(text).image && towers(text).text));
  CHECK((towers(both).image && towers(both).text));
  Groups nearly = image;
  nearly.push_back({.pattern = "visual_encoder.norm.bias", .freeze = false});
  CHECK_FALSE(towers(nearly).image);
  CHECK((towers({{.pattern = "*", .freeze = true}}).image));
  CHECK_FALSE((towers({{.pattern = "*_proj*", .freeze = true}}).image));
}

TEST_CASE("frozen_towers: the other parameters have the gradient of a training in which nothing is frozen") {
  SUBCASE("image, seqf") { check<ctp::strategy::SeqF>(image); }
  SUBCASE("text, seqf") { check<ctp::strategy::SeqF>(text); }
  SUBCASE("both, seqf") { check<ctp::strategy::SeqF>(both); }
  SUBCASE("image, ctp") { check<ctp::strategy::Ctp>(image); }
  SUBCASE("text, ctp") { check<ctp::strategy::Ctp>(text); }
  SUBCASE("both, ctp") { check<ctp::strategy::Ctp>(both); }
  SUBCASE("image, lucir, whose heads are cosines") { check<ctp::strategy::Lucir>(image); }
  SUBCASE("text, lucir") { check<ctp::strategy::Lucir>(text); }
  SUBCASE("both, lwf") { check<ctp::strategy::Lwf>(both); }
  SUBCASE("some parameters") {
    check<ctp::strategy::Ctp>({{.pattern = "*.bias", .freeze = true}, {.pattern = "text_proj*", .freeze = true}});
  }
}

TEST_CASE("frozen_towers: nothing runs backward through a frozen tower, and its values are the same") {
  using B = Counts;
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B>;
  ctp::ModelConfig config = test::micro;
  config.dropout = 0.1;
  const Model model(config);
  const auto weights = ctp::initial_weights<float>(model.layout(), 3, ctp::Initialization::FanIn);
  ctp::DeviceBatch<B> batch;
  batch.load(test::synthetic_batch(config, 3, 7, 1), config);
  struct Run {
    std::vector<float> features, gradient;
    int products = 0;  ///< of linear layers, run backward
  };
  const auto run = [&](ctp::FrozenTowers frozen) {
    Run r;
    r.gradient.resize(weights.size());
    ctp::Tape<B> tape;
    ctp::Pass<B> pass{weights.data(), &tape, r.gradient.data()};
    pass.dropout.probability = 0.1F;
    pass.dropout.sample = batch.sample();
    ctp::Outputs<Model> outputs(model, pass, batch, frozen);
    for (const auto& y : {outputs.image().local, outputs.text().local, outputs.fused()}) {
      r.features.insert(r.features.end(), y.value.data, y.value.data + y.value.size());
      B::fill(y.grad.size(), 1.F, y.grad.data);
    }
    B::backward_products = 0;
    tape.backward();
    r.products = B::backward_products;
    return r;
  };
  const auto moved = [&](const Run& r, ctp::Index begin, ctp::Index end) {
    for (ctp::Index i = begin; i < end; ++i)
      if (r.gradient[static_cast<std::size_t>(i)] != 0) return true;
    return false;
  };
  const Run free = run({}), no_image = run({.image = true}), none = run({.image = true, .text = true});
  const ctp::Index image_end = model.image_encoder_end(), text_end = model.text_encoder_end();
  CHECK(no_image.features == free.features);
  CHECK(none.features == free.features);
  CHECK(moved(free, 0, image_end));
  CHECK_FALSE(moved(no_image, 0, image_end));
  CHECK(moved(no_image, image_end, text_end));
  CHECK_FALSE(moved(none, 0, text_end));
  CHECK(moved(none, text_end, model.layout().size()));  // the projections
  // Products: 5 of the image encoder; 4 of the text's first block and 7 of its second, which fuses the image, the first
  // run twice, for the text alone and for both; two projections.
  CHECK(free.products == 5 + 4 + 11 + 2);
  CHECK(no_image.products == 4 + 11 + 2);
  CHECK(none.products == 2);
}

TEST_CASE_TEMPLATE("frozen_towers: no part of a strategy moves a frozen weight, over two tasks", Strategy,
                   ctp::strategy::Si, ctp::strategy::Ewc, ctp::strategy::Afec, ctp::strategy::RWalk,
                   ctp::strategy::Ctp) {
  ctp::ModelConfig config = test::micro;
  config.dropout = 0.1;
  config.queue = 9;
  using Engine = ctp::StepEngine<Strategy, test::ModelOf<Strategy, float>>;
  ctp::TrainOptions options{.epochs = 2, .rate = 1e-2, .seed = 3};
  options.groups = {{.pattern = "visual_encoder*", .freeze = true}, {.pattern = "*.bias", .freeze = true}};
  options.clip_norm = 0.5;
  Engine engine(typename Engine::Model(config), options);
  const auto before = engine.weights();
  for (const std::uint64_t task : {1U, 2U}) {
    test::Batches batches(config, 2, 3, 7, task);
    test::learn(engine, batches);
  }
  const auto after = engine.weights();
  for (const ctp::ParameterInfo& p : engine.model().layout().parameters()) {
    CAPTURE(p.name);
    const bool frozen = p.name.starts_with("visual_encoder") || p.name.ends_with(".bias");
    bool same = true;
    for (auto i = static_cast<std::size_t>(p.offset); i < static_cast<std::size_t>(p.offset + p.size()); ++i)
      same = same && after[i] == before[i];
    CHECK(same == frozen);
  }
  // Models that a penalty trains by itself stay there, too.
  for (const auto& [name, values] : test::snapshot(engine).values) {
    if (name != "forward") continue;
    for (const ctp::ParameterInfo& p : engine.model().layout().parameters())
      if (p.name.starts_with("visual_encoder"))
        for (auto i = static_cast<std::size_t>(p.offset); i < static_cast<std::size_t>(p.offset + p.size()); ++i)
          REQUIRE(values[i] == static_cast<double>(before[i]));
  }
}
