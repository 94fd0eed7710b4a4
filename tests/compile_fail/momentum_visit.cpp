// expect-error: \[ctp\.momentum\.visit\]
#include <cstdint>

#include <ctp/momentum/require.hpp>

#include "fakes.hpp"

struct Counts {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};

  template <class Model>
  struct State {
    int steps = 0;
#ifndef CTP_EXPECT_FAIL
    template <class Archive>
    void visit(Archive& archive) {
      archive("steps", steps);
    }
#endif
  };
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
  template <class View, class OwnState>
  void update(const View&, OwnState& state) const {
    ++state.steps;
  }
};

static_assert(ctp::momentum::require_momentum_policy<Counts, FakeModel>());
