// expect-error: \[ctp\.objective\.needs\].*reads masked-language scores of the momentum model.*add '\.momentum =
// ctp::Output::MaskedScores'
#include <ctp/objective/require.hpp>

#include "fakes.hpp"

/// Hands a teacher to a function, which reads masked-language scores of it.
struct Words {
  static constexpr const char* name = "words";
#ifdef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{.momentum = ctp::Output::Features};
#else
  static constexpr ctp::Needs needs{.momentum = ctp::Output::MaskedScores};
#endif
  template <class Step>
  auto loss(Step& step) const {
    const auto scores_of = [](auto& model) { return model.masked_scores(); };
    scores_of(step.online);
    scores_of(*step.momentum);
    return ctp::Scalar<typename Step::Backend>{};
  }
};

static_assert(ctp::objective::require_loss<Words, StepTypes>());
