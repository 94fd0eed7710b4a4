// expect-error: \[ctp\.optim\.copyable\]
#include <memory>

#include <ctp/optim/require.hpp>

#include "fakes.hpp"

struct Descent {
#ifdef CTP_EXPECT_FAIL
  std::unique_ptr<float[]> moments;  // belongs in the State
#endif
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
  template <class Model>
  void step(State<Model>&, typename Model::Real*, typename Model::Real*, double) const {}
};

static_assert(ctp::optim::require_optimizer<Descent, FakeModel>());
