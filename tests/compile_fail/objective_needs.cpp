// expect-error: \[ctp\.objective\.needs\]
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Careless {
  static constexpr const char* name = "careless";
#ifdef CTP_EXPECT_FAIL
  static constexpr bool needs = false;  // not a Needs
#else
  static constexpr ctp::Needs needs{};
#endif
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&) const {
    return {};
  }
};

static_assert(ctp::objective::require_loss<Careless, StepTypes>());
