// expect-error: \[ctp\.strategy\.penalty\]
#include <cstdint>

#include <ctp/strategy/ewc.hpp>
#include <ctp/train/learner.hpp>

#include "fake_host.hpp"

struct Descent {
  template <class Model>
  struct State {
    ctp::Index size = 0;
    template <class Archive>
    void visit(Archive&) {}
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t) const {
    return {model.layout().size()};
  }
  template <class Model>
  void reset(State<Model>&) const {}
#ifdef CTP_EXPECT_FAIL
  template <class Model>
  void step(State<Model>&, typename Model::Real*, typename Model::Real*, double) const {}  // takes no term
#else
  template <class Model, class Term = ctp::backend::NoTerm>
  void step(State<Model>&, typename Model::Real*, typename Model::Real*, double, const Term& = {}) const {}
#endif
};

struct Mine : ctp::strategy::Ewc {
  using Optimizer = Descent;
};

void train(ctp::Learner<Mine, ModelFor<Mine>>& learner, const ctp::data::Batch& batch) { learner.step(batch); }
