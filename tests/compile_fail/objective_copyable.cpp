// expect-error: \[ctp\.objective\.copyable\]
#include <memory>

#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Heavy {
  static constexpr const char* name = "heavy";
  static constexpr ctp::Needs needs{};
#ifdef CTP_EXPECT_FAIL
  std::unique_ptr<float[]> buffer;  // belongs in a State
#endif
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&) const {
    return {};
  }
};

static_assert(ctp::objective::require_loss<Heavy, StepTypes>());
