// expect-error: \[ctp\.momentum\.update\]
#include <ctp/momentum/require.hpp>

#include "fakes.hpp"

struct Frozen {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};
#ifdef CTP_EXPECT_FAIL
  void update() const {}  // without the view
#else
  template <class View>
  void update(const View&) const {}
#endif
};

static_assert(ctp::momentum::require_momentum_policy<Frozen, FakeModel>());
