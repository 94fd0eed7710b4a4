// The code of docs/policies/momentum.md.
#include <cstdint>

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

// [state]
/// An average whose decay rises from 0 to `decay` over a task. Counts its updates.
struct Rising {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};
  double decay = 0.999;

  template <class Model>
  struct State {
    std::int64_t updates = 0;
    template <class Archive>
    void visit(Archive& archive) {
      archive("rising.updates", updates);
    }
  };
  template <class Model>
  State<Model> init(const Model& /*model*/, std::uint64_t /*seed*/) const {
    return {};
  }
  template <class View, class OwnState>
  void update(const View& view, OwnState& state) const {
    const double way = static_cast<double>(view.step()) / static_cast<double>(view.steps());
    View::Backend::average(view.size(), static_cast<typename View::Real>(decay * way), view.online(), view.slow());
    ++state.updates;
  }
};
// [state]

}  // namespace

TEST_CASE("docs: the momentum policy of the page passes its check") {
  CHECK(ctp::testing::check_momentum<ctp::Cpu>(Average{}).log.empty());
}

TEST_CASE("docs: the momentum policy with a State of the page passes its check") {
  CHECK(ctp::testing::check_momentum<ctp::Cpu>(Rising{}).log.empty());
}
