// expect-error: \[ctp\.optim\.reset\]
#include <ctp/optim/require.hpp>

#include "fakes.hpp"

struct Descent {
  template <class Model>
  struct State {
    std::int64_t steps = 0;
    template <class Archive>
    void visit(Archive& archive) {
      archive("steps", steps);
    }
  };
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
#ifndef CTP_EXPECT_FAIL
  template <class Model>
  void reset(State<Model>&) const {}
#endif
  template <class Model>
  void step(State<Model>&, typename Model::Real*, typename Model::Real*, double) const {}
};

static_assert(ctp::optim::require_optimizer<Descent, FakeModel>());
