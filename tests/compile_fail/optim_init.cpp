// expect-error: \[ctp\.optim\.init\]
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
#ifdef CTP_EXPECT_FAIL
  template <class Model>
  State<Model> init(const Model&) const {  // without the seed
    return {};
  }
#else
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
#endif
  template <class Model>
  void reset(State<Model>&) const {}
  template <class Model>
  void step(State<Model>&, typename Model::Real*, typename Model::Real*, double) const {}
};

static_assert(ctp::optim::require_optimizer<Descent, FakeModel>());
