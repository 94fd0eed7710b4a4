// The code of docs/operations.md.
#include <doctest/doctest.h>

#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/scores.hpp>
#include <ctp/autograd/select.hpp>
#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/testing/loss.hpp>

namespace {

// [loss]
/// Mean over pairs of softplus(margin - s_ii + the largest other score of row i): every text but the own one is wrong.
struct HardestText {
  static constexpr const char* name = "hardest_text";
  static constexpr ctp::Needs needs{};
  static constexpr int least_pairs = 2;
  double margin = 0.2;

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto s = scores(pass, step.online.image().local, step.online.text().all, 1);
    const auto others = with_diagonal(pass, s, -2);  // a cosine is at least -1
    const auto hardest = pick(pass, others, row_argmax(pass, others));
    return mean(pass, map(pass, margin + hardest - diagonal(pass, s), ctp::elementwise::Softplus{}));
  }
};
// [loss]

static_assert(HardestText::least_pairs == 2);

// [function]
/// x^2 / (1 + x^2): a loss that far points do not dominate.
struct GemanMcClure {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return x * x / (1 + x * x);
  }
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return 2 * x / ((1 + x * x) * (1 + x * x));
  }
};
// [function]

}  // namespace

TEST_CASE("docs: the loss of the page of operations has the right gradient") {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<double>>;
  const auto report = ctp::testing::check_loss(HardestText{}, Model(ctp::testing::micro));
  CHECK_MESSAGE(report.ok, report.log);
}

TEST_CASE("docs: the function of the page of operations has the right slope") {
  const auto report = ctp::testing::check_gradient<ctp::BasicCpu<double>>({-2, 0.5, 0, 3}, [](const auto& pass) {
    return ctp::testing::weighted_sum(pass, map(pass, pass[ctp::Parameter<1>{0, {4}}], GemanMcClure{}));
  });
  CHECK_MESSAGE(report.ok, report.log);
}
