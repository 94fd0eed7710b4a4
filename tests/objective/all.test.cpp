#include <ctp/objective/all.hpp>

#include <doctest/doctest.h>

#include <ctp/distill/topology.hpp>
#include <ctp/objective/in_batch_contrast.hpp>
#include <ctp/objective/masked_language.hpp>
#include <support/fake_step.hpp>

namespace {

using ctp::All;
using ctp::NoState;

/// A loss with a constant value.
template <int value>
struct Constant {
  static constexpr const char* name = value == 1 ? "one" : "two";
  static constexpr ctp::Needs needs = value == 1 ? ctp::Needs{} : ctp::Needs{.previous = ctp::Output::Features};
  template <class Step>
  auto loss(Step& step) const {
    auto y = step.online.pass().make(ctp::Shape<0>{});
    *y.value.data = value;
    return y;
  }
};

/// Adds features to tokens of another shape: in the loss, or later in commit().
struct Mismatched {
  static constexpr const char* name = "mismatched";
  static constexpr ctp::Needs needs{};
  bool in_loss = true;

  template <class Model>
  struct State {
    template <class Archive>
    void visit(Archive&) {}
  };
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
  template <class Step, class OwnState>
  auto loss(Step& step, OwnState&) const {
    if (in_loss) add(step.online.pass(), step.online.image_raw(), step.online.image_tokens());
    return step.online.pass().make(ctp::Shape<0>{});
  }
  template <class Step, class OwnState>
  void commit(Step& step, OwnState&) const {
    add(step.online.pass(), step.online.image_raw(), step.online.image_tokens());
  }
};
/// Contains an All of its own.
struct Nest {
  static constexpr const char* name = "nest";
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};
  All<Constant<2>> inner;

  template <class Step>
  auto loss(Step& step) const {
    auto state = inner.init(step.model(), 0);
    return inner.loss(step, state);
  }
};

}  // namespace

TEST_CASE("all: the weighted sum of the losses, each reported without its weight, also within a nested All") {
  const fake::Answers answers;
  fake::Step step(answers);
  step.set_previous(answers);
  const All<Constant<1>, All<Constant<2>>> losses{.policies = {}, .weights = {0.5, 10}};
  auto state = losses.init(step.model(), 0);
  CHECK(*losses.loss(step, state).value.data == 20.5);
  CHECK(step.reported == std::vector<std::string>{"one 1.000000", "two 2.000000"});
}

TEST_CASE("all: a loss whose teacher does not exist yet is silent") {
  const fake::Answers answers;
  fake::Step step(answers);
  const All<Constant<1>, Constant<2>> losses;
  auto state = losses.init(step.model(), 0);
  CHECK(*losses.loss(step, state).value.data == 1);
  CHECK(step.reported == std::vector<std::string>{"one 1.000000"});
  static_assert(decltype(losses)::needs.previous == ctp::Output::Features);
}

TEST_CASE("all: a single loss of an All is 0 where its teacher does not exist yet") {
  const fake::Answers answers;
  fake::Step step(answers);
  const All<Constant<1>, Constant<2>> losses;
  auto state = losses.init(step.model(), 0);
  CHECK(*losses.loss_of_one<0>(step, state).value.data == 1);
  CHECK(*losses.loss_of_one<1>(step, state).value.data == 0);
  step.set_previous(answers);
  CHECK(*losses.loss_of_one<1>(step, state).value.data == 2);
  CHECK(step.reported.empty());
}

TEST_CASE("all: an error in a loss or its commit is led by the loss's name") {
  fake::Step step({.image = {{1, 2}}, .image_tokens = {{1, 2}, {3, 4}}});
  All<Constant<1>, All<Mismatched>> losses;
  auto state = losses.init(step.model(), 0);
  const char* message = "mismatched: add: a is [1,2] but b is [2,2]; shapes must agree";
  CHECK_THROWS_WITH_AS(losses.loss(step, state), message, ctp::ShapeError);
  std::get<0>(std::get<1>(losses.policies).policies).in_loss = false;
  CHECK_NOTHROW(losses.loss(step, state));
  CHECK_THROWS_WITH_AS(losses.commit(step, state), message, ctp::ShapeError);
}

TEST_CASE("all: a loss may contain an All, which sees the loss's view of the step") {
  fake::Step step({});
  step.set_previous({});
  const All<Nest> losses;
  auto state = losses.init(step.model(), 0);
  CHECK(*losses.loss(step, state).value.data == 2);
  CHECK(step.reported == std::vector<std::string>{"two 2.000000", "nest 2.000000"});
}

TEST_CASE("all: the smallest batch is that of the losses with a weight, also within a nested All") {
  All<Constant<1>, All<ctp::objective::MaskedLanguage, ctp::objective::InBatchContrast>> losses;
  CHECK(ctp::least_pairs_of(losses) == 2);
  std::get<1>(losses.policies).weights[1] = 0;
  CHECK(ctp::least_pairs_of(losses) == 1);
  std::get<1>(losses.policies).weights[1] = 1;
  losses.weights[1] = 0;
  CHECK(ctp::least_pairs_of(losses) == 1);
  CHECK(ctp::least_pairs_of(Constant<1>{}) == 1);
}
