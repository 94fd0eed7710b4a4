// expect-error: \[ctp\.momentum\.view\]
#include <ctp/momentum/require.hpp>

#include "fakes.hpp"

struct Old {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};
#ifdef CTP_EXPECT_FAIL
  template <class B>  // the form of earlier versions
  void update(ctp::Index, typename B::Real*, const typename B::Real*, const typename B::Real*) const {}
#else
  template <class View>
  void update(const View&) const {}
#endif
};

static_assert(ctp::momentum::require_momentum_policy<Old, FakeModel>());
