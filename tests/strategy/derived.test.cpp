// A strategy derived from a shipped one: docs/architecture.md shows it.
#include <concepts>
#include <string>

#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/rehearsal/reservoir.hpp>
#include <ctp/strategy/ctp.hpp>

namespace {

struct Drift {
  static constexpr const char* name = "drift";
  static constexpr ctp::Needs needs{.previous = ctp::Output::Weights};
  template <class Step>
  auto loss(Step& step) const {
    return ctp::mean(step.online.pass(), ctp::row_lengths(step.online.pass(), step.online.image_raw()));
  }
};

// [derived]
struct Mine : ctp::strategy::Ctp {
  static constexpr const char* name = "mine";
  using Momentum = ctp::momentum::Ema;                                     // replaces the parent's
  using Distillation = ctp::All<ctp::strategy::Ctp::Distillation, Drift>;  // the parent's and one more
  using Rehearsal = ctp::rehearsal::Reservoir;
};
// [derived]

TEST_CASE("a derived strategy has its own policies, and the parent's where it names none") {
  using Parent = ctp::strategy::Ctp;
  static_assert(std::same_as<Mine::Objective, Parent::Objective> && std::same_as<Mine::Penalty, Parent::Penalty>);
  static_assert(!std::same_as<Mine::Momentum, Parent::Momentum>);
  CHECK(std::string(Mine::name) == "mine");
  CHECK(std::string(Drift::name) == "drift");
  CHECK(Mine::Distillation::needs.previous == (Parent::Distillation::needs.previous | Drift::needs.previous));
  CHECK(Mine::Distillation::needs.momentum == Parent::Distillation::needs.momentum);
}

}  // namespace
