/// @file   ctp/penalty/si.hpp
/// @brief  Synaptic intelligence.
/// @layer  penalty
#pragma once

#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/penalty/state.hpp>

namespace ctp::penalty {

/// @brief SI penalty lambda * sum Omega (theta - theta*)^2: at the end of each task Omega grows by each parameter's
/// path integral over its squared distance plus `damping`; theta* are the weights after the last task.
///
/// The path integral uses the raw gradient of the step that is taken: one forward and one backward per step. Omega may
/// be negative where a path integral is negative (the parameter moved uphill); `clamp` counts negative path integrals
/// as 0. Costs three parameter vectors, no pass over data.
/// **Source.** Zenke et al. 2017, arXiv:1703.04200, eqs. 3 to 5; `tests/oracle: si_consolidate`.
struct Si {
  static constexpr const char* name = "si";
  static constexpr bool active = true;
  double lambda = 1;
  double damping = 0.1;
  bool clamp = false;

  template <class Model>
  using State = PathState<Model>;
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return State<Model>(model.layout().size());
  }
  template <class Model>
  void begin_task(PathState<Model>& state, const typename Model::Real* theta) const {
    state.set_anchor(theta);
  }
  template <class Model>
  auto term(PathState<Model>& state) const {
    return state.quadratic_with_path(lambda);
  }
  template <class Model, class Passes>
  void end_task(PathState<Model>& state, Passes& passes) const {
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

  /// @brief Consolidates one parameter: importance += path / ((theta - anchor)^2 + damping); path = 0. Public, since
  /// nvcc instantiates kernels with this type.
  template <class Real>
  struct Consolidate {
    const Real *theta, *anchor;
    Real damping;
    bool clamp;
    Real *path, *importance;

    CTP_HD void operator()(Index i) const {
      const Real moved = theta[i] - anchor[i], integral = path[i];
      importance[i] += (clamp && integral < 0 ? Real(0) : integral) / (moved * moved + damping);
      path[i] = 0;
    }
  };
};

}  // namespace ctp::penalty
