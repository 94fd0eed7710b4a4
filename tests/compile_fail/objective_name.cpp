// expect-error: \[ctp\.objective\.name\]
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Quiet {
#ifndef CTP_EXPECT_FAIL
  static constexpr const char* name = "quiet";
#endif
  static constexpr ctp::Needs needs{};
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&) const {
    return {};
  }
};

static_assert(ctp::objective::require_losses<ctp::All<ctp::All<>, ctp::All<Quiet>>, StepTypes>());
