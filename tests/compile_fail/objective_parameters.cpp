// expect-error: \[ctp\.objective\.parameters\]
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Scaled {
  static constexpr const char* name = "scaled";
  static constexpr ctp::Needs needs{};
  ctp::Parameter<0> scale;
#ifdef CTP_EXPECT_FAIL
  void parameters(ctp::Layout& layout, int width) {  // nobody could give a width
    scale = layout.add<0>("scale", {}, ctp::Start::constant(width));
  }
#else
  void parameters(ctp::Layout& layout, const ctp::ModelConfig& config) {
    scale = layout.add<0>("scale", {}, ctp::Start::constant(config.embed));
  }
#endif
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&) const {
    return {};
  }
};

static_assert(ctp::objective::require_loss<Scaled, StepTypes>());
