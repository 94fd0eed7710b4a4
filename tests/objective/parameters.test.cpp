#include <ctp/objective/parameters.hpp>

#include <optional>
#include <string>

#include <doctest/doctest.h>

#include <ctp/nn/layers.hpp>
#include <ctp/objective/all.hpp>
#include <support/fake_step.hpp>

namespace {

using ctp::All;

/// A model that has sizes and a layout only.
struct Places {
  ctp::ModelConfig sizes{.embed = 6};
  ctp::Layout places;

  [[nodiscard]] const ctp::ModelConfig& config() const { return sizes; }
  [[nodiscard]] const ctp::Layout& layout() const { return places; }
  ctp::Layout& layout_to_extend() { return places; }
  [[nodiscard]] std::string names() const {
    std::string text;
    for (const ctp::ParameterInfo& p : places.parameters()) text += p.name + " ";
    return text;
  }
};

/// The value of a parameter of its own as a loss.
struct Own {
  static constexpr const char* name = "own";
  static constexpr ctp::Needs needs{};
  ctp::Parameter<0> value;

  template <class Layout>
  void parameters(Layout& layout) {
    value = layout.template add<0>("value", {}, {.start = ctp::Start::constant(3), .decay = 0});
  }
  template <class Step>
  auto loss(Step& step) const {
    return step.online.pass()[value];
  }
};
/// A parameter as wide as the model's common space.
struct Wide {
  static constexpr const char* name = "wide";
  ctp::Parameter<2> matrix;

  void parameters(ctp::Layout& layout, const ctp::ModelConfig& config) {
    matrix = layout.add<2>("matrix", {config.embed, 2}, ctp::Start::Weight);
  }
};
/// A layer of the library.
struct Adapter {
  static constexpr const char* name = "adapter";
  std::optional<ctp::nn::Linear> layer;

  template <class Layout>
  void parameters(Layout& layout, const ctp::ModelConfig& config) {
    layer.emplace(layout, "layer", config.embed, 4);
  }
};
struct Plain {
  static constexpr const char* name = "plain";
};
/// Parameters of its own before and after those of an All that it holds.
struct Holder {
  static constexpr const char* name = "holder";
  All<Wide, Own> inner;

  void parameters(ctp::Layout& layout, const ctp::ModelConfig& config) {
    (void)layout.add<0>("before", {}, ctp::Start::Zeros);
    inner.parameters(layout, config);
    (void)layout.add<0>("after", {}, ctp::Start::Zeros);
  }
};

}  // namespace

TEST_CASE("parameters: each policy's lie behind the model's under its name, also within a nested All") {
  Places model;
  (void)model.places.add<1>("weight", {5}, ctp::Start::Zeros);
  All<Plain, All<Wide, Plain>, Own> losses;

  ctp::register_parameters(losses, model);

  CHECK(model.names() == "weight policy.wide.matrix policy.own.value ");
  const Wide& wide = std::get<0>(std::get<1>(losses.policies).policies);
  CHECK(wide.matrix.offset == 16);
  CHECK(wide.matrix.shape == ctp::Shape<2>{6, 2});
  CHECK(std::get<2>(losses.policies).value.offset == 32);
  CHECK(model.places.parameters()[2].decay == 0);
}

TEST_CASE("parameters: a layer of the library may be one of a policy's") {
  Places model;
  All<Adapter> losses;
  ctp::register_parameters(losses, model);
  CHECK(model.names() == "policy.adapter.layer.weight policy.adapter.layer.bias ");
  CHECK(std::get<0>(losses.policies).layer->weight.shape == ctp::Shape<2>{6, 4});
}

TEST_CASE("parameters: a policy that holds an All has its own name before its own parameters, also after the All's") {
  Places model;
  All<Holder> losses;
  ctp::register_parameters(losses, model);
  CHECK(model.names() == "policy.holder.before policy.wide.matrix policy.own.value policy.holder.after ");
}

TEST_CASE("parameters: policies without parameters leave every model as it is, and an empty layout empty") {
  static_assert(!ctp::objective::OwnsParameters<All<Plain, All<Plain>>>);
  static_assert(ctp::objective::OwnsParameters<All<Plain, All<Own>>>);
  Places model;
  All<Plain, Plain> losses;
  ctp::register_parameters(losses, model);
  CHECK(model.names().empty());
  ctp::testing::FakeModel<fake::B> without_layout;
  ctp::register_parameters(losses, without_layout);
}

TEST_CASE("parameters: two policies of one name cannot both have a parameter of one name") {
  Places model;
  All<Own, All<Own>> losses;
  CHECK_THROWS_WITH_AS(ctp::register_parameters(losses, model),
                       doctest::Contains("parameter policy.own.value: expected one parameter of this name, found two"),
                       ctp::UsageError);
}

TEST_CASE("parameters: a model that has parameters of policies already is refused, also without new ones") {
  Places model;
  All<Own> losses;
  ctp::register_parameters(losses, model);
  const auto refused = [&](auto policy) {
    CHECK_THROWS_WITH_AS(
        ctp::register_parameters(policy, model),
        "model: layout: expected parameters of the model alone, found policy.own.value, which a policy of another "
        "learner added; make the model anew: Model(other.model().config())",
        ctp::UsageError);
  };
  refused(All<Own>{});
  refused(All<Wide>{});
  refused(All<Plain>{});
  CHECK(model.names() == "policy.own.value ");
}

TEST_CASE("parameters: a loss reads its parameter, and one that was not registered is refused") {
  Places model;
  All<Own> losses;
  const fake::Answers answers;
  fake::Step step(answers);
  auto state = losses.init(step.model(), 0);
  CHECK_THROWS_AS((void)losses.loss(step, state), ctp::UsageError);

  ctp::register_parameters(losses, model);
  const double theta[16] = {2.5};
  step.online = ctp::testing::outputs_of<fake::B>({theta, &step.tape, nullptr, {}}, answers);
  CHECK(*losses.loss(step, state).value.data == 2.5);
}
