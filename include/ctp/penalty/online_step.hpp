/// @file   ctp/penalty/online_step.hpp
/// @brief  A step as a loss that a penalty differentiates sees it: without teachers.
/// @layer  penalty
#pragma once

#include <ctp/core/needs.hpp>
#include <ctp/objective/step_view.hpp>

namespace ctp::penalty {

namespace detail {
/// In place of both teachers. Any use stops the compilation.
struct NoTeacher {
  static constexpr const char* name = "a teacher";

  template <Output named, Output read>
  static consteval void require_named() {
    static_assert(
        includes(named, read),
        "[ctp.penalty.teachers] a loss that a penalty differentiates sees the online model only, at the theta "
        "of the pass: a penalty has no 'needs'. Read 'step.online'; for a teacher, write a distillation. See "
        "docs/policies/penalty.md");
  }
};
}  // namespace detail

/// @brief A step as a loss that a penalty differentiates sees it: model, batch and the outputs of the online model.
template <class Step>
using OnlineStep = StepView<Step, Output::Nothing, Output::Nothing, detail::NoTeacher, detail::NoTeacher>;

}  // namespace ctp::penalty
