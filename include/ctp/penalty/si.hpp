/// @file   ctp/penalty/si.hpp
/// @brief  Synaptic intelligence.
/// @layer  penalty
#pragma once

#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/penalty/state.hpp>
#include <ctp/penalty/terms.hpp>

namespace ctp::penalty {

/// @brief lambda * sum Omega (theta - theta*)^2: Omega grows, at the end of each task, by how much each parameter's way
/// through it lowered the loss, over its squared distance plus `damping`; theta* are the weights after the last task.
///
/// The way is measured with the raw gradient of the very step that is taken: one forward and backward per step. Omega
/// may be negative where a way led uphill; `clamp` leaves such ways out. Costs three parameter vectors, no pass over
/// data.
/// **Source.** Zenke et al. 2017, arXiv:1703.04200, eqs. 3 to 5.
struct Si {
  static constexpr const char* name = "si";
  static constexpr bool active = true;
  double lambda = 1;
  double damping = 0.1;
  bool clamp = false;

  template <class Model>
  struct State : AnchoredState<Model> {
    typename AnchoredState<Model>::Vector path;

    explicit State(Index n) : AnchoredState<Model>(n), path(n) {}
    template <class Archive>
    void visit(Archive& archive) {
      AnchoredState<Model>::visit(archive);
      archive("path", path);
    }
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return State<Model>(model.layout().size());
  }
  template <class Model>
  void begin_task(State<Model>& state, const typename Model::Real* theta) const {
    state.set_anchor(theta);
  }
  template <class Model>
  auto term(State<Model>& state) const {
    using Real = typename Model::Real;
    using Term = Quadratic<Real>;
    return AlongPath<Term, Real>{Term{lambda, state.anchor.data(), state.importance.data()}, state.path.data()};
  }
  template <class Model, class Passes>
  void end_task(State<Model>& state, Passes& passes) const {
    using Real = typename Model::Real;
    Model::Backend::for_each(state.path.size(),
                             Consolidate<Real>{passes.theta(), state.anchor.data(), static_cast<Real>(damping), clamp,
                                               state.path.data(), state.importance.data()});
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("lambda", lambda);
    visitor("damping", damping);
    visitor("clamp", clamp);
  }

  /// Not private, since kernels are made of it: importance += path / ((theta - anchor)^2 + damping); path = 0.
  template <class Real>
  struct Consolidate {
    const Real *theta, *anchor;
    Real damping;
    bool clamp;
    Real *path, *importance;

    CTP_HD void operator()(Index i) const {
      const Real moved = theta[i] - anchor[i], way = path[i];
      importance[i] += (clamp && way < 0 ? Real(0) : way) / (moved * moved + damping);
      path[i] = 0;
    }
  };
};

}  // namespace ctp::penalty
