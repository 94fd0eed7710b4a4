// The code of docs/policies/momentum.md.
#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/testing/momentum.hpp>

namespace {

// [momentum]
/// slow <- decay slow + (1 - decay) online.
struct Average {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};  // or {.previous = ctp::Output::Weights}
  double decay = 0.99;

  template <class View>
  void update(const View& view) const {
    View::Backend::average(view.size(), static_cast<typename View::Real>(decay), view.online(), view.slow());
  }
};
// [momentum]

}  // namespace

TEST_CASE("docs: the momentum policy of the page passes its check") {
  CHECK(ctp::testing::check_momentum<ctp::Cpu>(Average{}).log.empty());
}
