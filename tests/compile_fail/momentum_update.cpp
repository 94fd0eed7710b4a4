// expect-error: \[ctp\.momentum\.update\]
#include <ctp/momentum/require.hpp>

#include "fakes.hpp"

struct Frozen {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};
#ifdef CTP_EXPECT_FAIL
  template <class B>
  void update(ctp::Index, typename B::Real*, const typename B::Real*) const {}  // without the previous weights
#else
  template <class B>
  void update(ctp::Index, typename B::Real*, const typename B::Real*, const typename B::Real*) const {}
#endif
};

static_assert(ctp::momentum::require_momentum_policy<Frozen, FakeBackend>());
