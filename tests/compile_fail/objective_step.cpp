// expect-error: \[ctp\.objective\.step\]
#include <optional>

#include <ctp/objective/require.hpp>
#include <ctp/testing/fake_step.hpp>

#include "fakes.hpp"

struct Step {
  using Model = FakeModel;
  using Backend = FakeBackend;
  using Outputs = ctp::testing::FakeOutputs<Backend>;

  Outputs online;
  std::optional<Outputs> previous;
#ifndef CTP_EXPECT_FAIL
  std::optional<Outputs> momentum;
#endif
  FakeModel structure;

  const FakeModel& model() const { return structure; }
  int batch() const { return 0; }
  void report(const char*, ctp::Scalar<Backend>) {}
};

static_assert(ctp::objective::require_step<Step, FakeModel>());
