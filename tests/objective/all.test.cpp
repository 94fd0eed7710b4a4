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
