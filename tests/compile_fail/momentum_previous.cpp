// expect-error: \[ctp\.momentum\.previous\]
#include <ctp/momentum/require.hpp>

#include "fakes.hpp"

struct Reads {
  static constexpr bool active = true;
#ifdef CTP_EXPECT_FAIL
  static constexpr ctp::Needs needs{};
#else
  static constexpr ctp::Needs needs{.previous = ctp::Output::Weights};
#endif
  template <class View>
  void update(const View& view) const {
    static_cast<void>(view.previous());
  }
};

void use(ctp::momentum::ViewFor<Reads, FakeBackend>& view) { Reads{}.update(view); }
