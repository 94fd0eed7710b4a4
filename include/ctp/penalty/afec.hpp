/// @file   ctp/penalty/afec.hpp
/// @brief  Active forgetting with synaptic expansion and convergence.
/// @layer  penalty
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include <ctp/optim/adamw.hpp>
#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/state.hpp>
#include <ctp/penalty/terms.hpp>

namespace ctp::penalty {

/// @brief EWC's lambda/2 * sum F (theta - theta*)^2 plus forward_lambda/2 * sum F' (theta - theta')^2, where theta' is
/// a second model that learns the new task alone, without any penalty, one epoch ahead, and F' its Fisher diagonal.
///
/// The second model starts each task from the online weights. It has an optimiser of its own, with the online model's
/// learning rates. Costs six parameter vectors, a seventh while importances are computed, and three times the passes
/// over the data.
/// **Source.** Wang et al. 2021, arXiv:2110.12187, eq. 8, the second model trained alternately with the first as in
/// the released benchmark (the paper trains the second model to the end first).
struct Afec {
  static constexpr const char* name = "afec";
  static constexpr bool active = true;
  double lambda = 5000;
  double forward_lambda = 1;

  template <class Model>
  struct State : AnchoredState<Model> {
    using Vector = typename AnchoredState<Model>::Vector;
    Vector forward, forward_importance;
    optim::AdamW::State<Model> forward_optimizer;

    explicit State(const Model& model)
        : AnchoredState<Model>(model.layout().size()),
          forward(model.layout().size()),
          forward_importance(model.layout().size()),
          forward_optimizer(optim::AdamW{}.init(model, 0)) {}
    template <class Archive>
    void visit(Archive& archive) {
      AnchoredState<Model>::visit(archive);
      archive("forward", forward);
      archive("forward_importance", forward_importance);
      // With a prefix: the online model's optimiser is visited under the plain names.
      auto prefixed = [&archive](const std::string& name, auto& value) { archive("forward." + name, value); };
      forward_optimizer.visit(prefixed);
    }
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return State<Model>(model);
  }
  template <class Model>
  void begin_task(State<Model>& state, const typename Model::Real* theta) const {
    using B = typename Model::Backend;
    state.set_anchor(theta);
    B::copy(theta, state.forward.size(), state.forward.data());
    optim::AdamW{}.reset(state.forward_optimizer);
  }
  /// Trains the second model for one epoch, then computes its Fisher diagonal. Does nothing on the first task.
  template <class Model, class Passes>
  void begin_epoch(State<Model>& state, Passes& passes) const {
    if (passes.task() == 0) return;
    static_assert(std::is_same_v<typename Passes::Optimizer, optim::AdamW>,
                  "[ctp.penalty.afec] the second model of Afec is trained with AdamW; use it for the strategy too: "
                  "'using Optimizer = ctp::optim::AdamW'. See docs/policies/penalty.md");
    passes.objective(state.forward.data(), [&](typename Model::Real* gradient, std::size_t batch) {
      passes.optimizer().step(state.forward_optimizer, state.forward.data(), gradient, passes.rate(batch),
                              backend::NoTerm{}, passes.ranges(), nullptr);
    });
    state.forward_importance = fisher(passes, state.forward.data());
  }
  template <class Model>
  auto term(State<Model>& state) const {
    using Term = Quadratic<typename Model::Real>;
    return SumOfTerms<Term, Term>{state.quadratic(lambda / 2),
                                  {forward_lambda / 2, state.forward.data(), state.forward_importance.data()}};
  }
  template <class Model, class Passes>
  void end_task(State<Model>& state, Passes& passes) const {
    const auto fisher_diagonal = fisher(passes, passes.theta());
    blend<typename Model::Backend>(fisher_diagonal.size(), passes.task(), fisher_diagonal.data(),
                                   state.importance.data());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("lambda", lambda);
    visitor("forward_lambda", forward_lambda);
  }
};

}  // namespace ctp::penalty
