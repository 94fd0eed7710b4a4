// expect-error: \[ctp\.optim\.step\]
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
  template <class Model>
  void reset(State<Model>&) const {}
#ifdef CTP_EXPECT_FAIL
  template <class Model>
  void step(State<Model>&, typename Model::Real*, const typename Model::Real*) const {}  // without the rate
#else
  template <class Model>
  void step(State<Model>&, typename Model::Real*, typename Model::Real*, double) const {}
#endif
};

static_assert(ctp::optim::require_optimizer<Descent, FakeModel>());
