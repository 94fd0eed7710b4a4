/// @file   ctp/optim/require.hpp
/// @brief  Compile-time checks of optimisers, with one sentence for each missing member.
/// @layer  optim
#pragma once

#include <concepts>

#include <ctp/optim/concepts.hpp>

namespace ctp::optim {

/// Stops the compilation with one sentence for the first requirement that `Policy` does not meet.
template <class Policy, class Model>
consteval bool require_optimizer() {
  static_assert(std::copyable<Policy>,
                "[ctp.optim.copyable] an optimiser holds settings only and must be copyable; move its buffers into "
                "'template <class Model> struct State'. See docs/policies/optim.md");
  static_assert(MakesState<Policy, Model>,
                "[ctp.optim.init] an optimiser with a State needs 'State<Model> init(const Model&, std::uint64_t seed) "
                "const'. See docs/policies/optim.md");
  if constexpr (MakesState<Policy, Model>) {  // else the next three would repeat this error
    static_assert(
        VisitsState<Policy, Model>,
        "[ctp.optim.visit] the State of an optimiser needs 'template <class Archive> void visit(Archive&)', which "
        "calls archive(\"name\", member) for each member. See docs/policies/optim.md");
    static_assert(
        Resets<Policy, Model>,
        "[ctp.optim.reset] an optimiser needs 'template <class Model> void reset(State<Model>&) const', called when "
        "a task begins. See docs/policies/optim.md");
    static_assert(
        Steps<Policy, Model>,
        "[ctp.optim.step] an optimiser needs 'template <class Model> void step(State<Model>&, Model::Real* theta, "
        "Model::Real* gradient, double rate) const', which leaves the gradient zero. See docs/policies/optim.md");
  }
  return true;
}

}  // namespace ctp::optim
