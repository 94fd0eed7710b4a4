// The code of docs/policies/objective.md.
#include <doctest/doctest.h>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/testing/loss.hpp>

namespace {

// [objective]
/// Mean over images of (length of the raw projection - target)^2, up to the constant target^2.
struct LengthTarget {
  static constexpr const char* name = "length_target";  // in reports and settings
  static constexpr ctp::Needs needs{};                  // reads no teacher
  double target = 1;                                    // a setting

  template <class Step>
  auto loss(Step& step) const {  // a scalar on the tape
    const auto& pass = step.online.pass();
    const auto raw = step.online.image_raw();
    const auto squares = mean(pass, ctp::row_products(pass, raw, raw));
    return squares - 2 * target * mean(pass, ctp::row_lengths(pass, raw));
  }
  template <class Visitor>
  void settings(Visitor& visitor) {  // optional: --set length_target.target=...
    visitor("target", target);
  }
};
// [objective]

}  // namespace

TEST_CASE("docs: the objective of the page has the right gradient") {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<double>>;
  CHECK(ctp::testing::check_loss(LengthTarget{.target = 0.5}, Model(ctp::testing::micro)).log.empty());
}
