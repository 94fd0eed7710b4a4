// expect-error: \[ctp\.objective\.loss\].*returns another type.*mean\(pass, x\)
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

struct Lengths {
  static constexpr const char* name = "lengths";
  static constexpr ctp::Needs needs{};
#ifdef CTP_EXPECT_FAIL
  template <class Step>
  ctp::Variable<1, typename Step::Backend> loss(Step&) const {  // one number for each pair: the mean is forgotten
    return {};
  }
#else
  template <class Step>
  ctp::Scalar<typename Step::Backend> loss(Step&) const {
    return {};
  }
#endif
};

static_assert(ctp::objective::require_loss<Lengths, StepTypes>());
