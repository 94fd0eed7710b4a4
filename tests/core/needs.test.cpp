#include <ctp/core/needs.hpp>

#include <doctest/doctest.h>

using ctp::includes;
using ctp::Needs;
using ctp::Output;

static_assert(includes(Output::Features, Output::Features) && includes(Output::Nothing, Output::Nothing));
static_assert(!includes(Output::Features, Output::Tokens) && !includes(Output::Tokens, Output::Features) &&
              !includes(Output::MaskedScores, Output::Features) && !includes(Output::MaskedScores, Output::Tokens));
static_assert(includes(Output::Features, Output::Weights) && includes(Output::Tokens, Output::Weights) &&
                  includes(Output::MaskedScores, Output::Weights) && includes(Output::Fused, Output::Weights),
              "there is no output without weights");
static_assert(!includes(Output::Features | Output::Tokens | Output::MaskedScores, Output::Fused) &&
              !includes(Output::Fused, Output::Features));
static_assert(!includes(Output::Weights, Output::Features) && !includes(Output::Nothing, Output::Weights));
static_assert(includes(Output::Features | Output::Tokens, Output::Tokens) &&
              !includes(Output::Features | Output::Tokens, Output::MaskedScores));

TEST_CASE("needs: two policies together need the union of their outputs, teacher by teacher") {
  constexpr Needs both = Needs{Output::Features, Output::Nothing} | Needs{Output::MaskedScores, Output::Weights};
  CHECK(includes(both.previous, Output::Features));
  CHECK(includes(both.previous, Output::MaskedScores));
  CHECK_FALSE(includes(both.previous, Output::Tokens));
  CHECK(both.momentum == Output::Weights);
  CHECK((Needs{} | Needs{}).previous == Output::Nothing);
}
