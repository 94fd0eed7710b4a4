// The code of docs/policies/distillation.md.
#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/strategy/lucir.hpp>
#include <ctp/testing/loss.hpp>
#include <ctp/train/learner.hpp>

namespace {

// [distillation]
/// Mean Euclidean distance between the image features of the online and of the previous model.
struct Drift {
  static constexpr const char* name = "drift";
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto difference = step.online.image().local - step.previous->image().local;
    return mean(pass, ctp::row_lengths(pass, difference));
  }
};
// [distillation]

// [projection]
using Model =
    ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu, ctp::strategy::Lucir::Projection>;
using Learner = ctp::Learner<ctp::strategy::Lucir, Model>;
// [projection]
static_assert(sizeof(Learner) > 0);  // makes the compiler check the strategy against the model

}  // namespace

TEST_CASE("docs: the distillation of the page has the right gradient and names the teacher that it reads") {
  using Double = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<double>>;
  CHECK(ctp::testing::check_loss(Drift{}, Double(ctp::testing::micro)).log.empty());
}
