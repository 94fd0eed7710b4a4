/// @file   ctp/penalty/rwalk.hpp
/// @brief  Riemannian walk.
/// @layer  penalty
#pragma once

#include <cstdint>

#include <ctp/config.hpp>
#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/state.hpp>

namespace ctp::penalty {

/// @brief RWalk penalty lambda * sum (s + F) (theta - theta*)^2: F is the mean Fisher diagonal of the tasks so far, s
/// the score of each parameter's path, halved with every task.
///
/// At the end of a task s <- (s + relu(path / (F (theta - theta*)^2 + damping))) / 2, with F of the same task's end.
/// Costs five parameter vectors, a sixth while a task ends, and one more pass over the task's data.
/// **Source.** Chaudhry et al. 2018, arXiv:1801.10112, eqs. 7 to 9, with the end of a task as the only check point;
/// `tests/oracle: rwalk_consolidate`.
struct RWalk {
  static constexpr const char* name = "rwalk";
  static constexpr bool active = true;
  double lambda = 1000;
  double damping = 0.1;

  /// `importance` is score + Fisher. **Shapes.** each [n].
  template <class Model>
  struct State : PathState<Model> {
    typename PathState<Model>::Vector fisher, score;

    explicit State(Index n) : PathState<Model>(n), fisher(n), score(n) {}
    template <class Archive>
    void visit(Archive& archive) {
      PathState<Model>::visit(archive);
      archive("fisher", fisher);
      archive("score", score);
    }
  };
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
  void end_task(State<Model>& state, Passes& passes) const {
    using B = typename Model::Backend;
    using Real = typename Model::Real;
    const auto fisher_diagonal = penalty::fisher(passes, passes.theta());
    blend<B>(fisher_diagonal.size(), passes.task(), fisher_diagonal.data(), state.fisher.data());
    B::for_each(fisher_diagonal.size(),
                Consolidate<Real>{passes.theta(), state.anchor.data(), state.fisher.data(), static_cast<Real>(damping),
                                  state.path.data(), state.score.data(), state.importance.data()});
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("lambda", lambda);
    visitor("damping", damping);
  }

  /// @brief Renews score and importance of one parameter and resets its path. Public, since nvcc instantiates
  /// kernels with this type.
  template <class Real>
  struct Consolidate {
    const Real *theta, *anchor, *fisher;
    Real damping;
    Real *path, *score, *importance;

    CTP_HD void operator()(Index i) const {
      const Real moved = theta[i] - anchor[i];
      const Real ratio = path[i] / (fisher[i] * moved * moved + damping);
      score[i] = (score[i] + (ratio > 0 ? ratio : Real(0))) / 2;
      importance[i] = score[i] + fisher[i];
      path[i] = 0;
    }
  };
};

}  // namespace ctp::penalty
