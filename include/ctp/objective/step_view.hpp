/// @file   ctp/objective/step_view.hpp
/// @brief  A step as one loss sees it: with the teachers, and the outputs of each, that the loss's `needs` name.
/// @layer  objective
#pragma once

#include <type_traits>
#include <utility>

#include <ctp/core/needs.hpp>
#include <ctp/core/shape.hpp>

namespace ctp {

namespace detail {

// The sentence of the compiler. A macro, since a static assertion takes a literal.
#define CTP_UNNAMED(what, member, output)                                                          \
  "[ctp.objective.needs] this policy reads " what ", which its 'needs' do not name: add '." member \
  " = ctp::Output::" output "' to 'needs', or '| ctp::Output::" output                             \
  "' if they name other outputs of it already. See docs/policies/objective.md"

/// Name of a teacher, and the check of an output that a policy reads against the outputs that its needs name.
struct PreviousModel {
  static constexpr const char* name = "the previous model";

  template <Output named, Output read>
  static consteval void require_named() {
    constexpr bool ok = includes(named, read);
    static_assert(ok || read != Output::Weights, CTP_UNNAMED("the previous model", "previous", "Weights"));
    static_assert(ok || read != Output::Features,
                  CTP_UNNAMED("features of the previous model", "previous", "Features"));
    static_assert(ok || read != Output::Tokens, CTP_UNNAMED("tokens of the previous model", "previous", "Tokens"));
    static_assert(ok || read != Output::MaskedScores,
                  CTP_UNNAMED("masked-language scores of the previous model", "previous", "MaskedScores"));
    static_assert(ok || read != Output::Fused,
                  CTP_UNNAMED("the fused feature of the previous model", "previous", "Fused"));
  }
};

/// As PreviousModel.
struct MomentumModel {
  static constexpr const char* name = "the momentum model";

  template <Output named, Output read>
  static consteval void require_named() {
    constexpr bool ok = includes(named, read);
    static_assert(ok || read != Output::Weights, CTP_UNNAMED("the momentum model", "momentum", "Weights"));
    static_assert(ok || read != Output::Features,
                  CTP_UNNAMED("features of the momentum model", "momentum", "Features"));
    static_assert(ok || read != Output::Tokens, CTP_UNNAMED("tokens of the momentum model", "momentum", "Tokens"));
    static_assert(ok || read != Output::MaskedScores,
                  CTP_UNNAMED("masked-language scores of the momentum model", "momentum", "MaskedScores"));
    static_assert(ok || read != Output::Fused,
                  CTP_UNNAMED("the fused feature of the momentum model", "momentum", "Fused"));
  }
};

#undef CTP_UNNAMED

}  // namespace detail

/// @brief The outputs of a teacher that a policy's `needs` name. An output that they do not name stops the compilation.
///
/// `Teacher`: whose outputs these are, with the sentences of the compiler. **Errors.** each function: UsageError if the
/// teacher does not exist in this step.
template <class Teacher, Output named, class Outputs>
class OutputsView {
 public:
  explicit OutputsView(Outputs* outputs) : outputs_(outputs) {}

  [[nodiscard]] const auto& pass() const { return read<Output::Weights>().pass(); }
  auto image() const { return read<Output::Features>().image(); }
  auto text() const { return read<Output::Features>().text(); }
  auto image_raw() const { return read<Output::Features>().image_raw(); }
  auto text_raw() const { return read<Output::Features>().text_raw(); }
  auto image_tokens() const { return read<Output::Tokens>().image_tokens(); }
  auto text_tokens() const { return read<Output::Tokens>().text_tokens(); }
  auto fused() const { return read<Output::Fused>().fused(); }
  auto masked_scores() const { return read<Output::MaskedScores>().masked_scores(); }

  [[nodiscard]] bool exists() const { return outputs_ != nullptr; }

 private:
  template <Output part>
  Outputs& read() const {
    Teacher::template require_named<named, part>();
    require(outputs_ != nullptr, Teacher::name, "it is read in a step in which it does not exist");
    return *outputs_;
  }

  Outputs* outputs_;
};

/// @brief A teacher of a step as one policy sees it: tested with `if`, then dereferenced, like a pointer to its
/// outputs.
template <class Teacher, Output named, class Outputs>
class TeacherView {
 public:
  explicit TeacherView(Outputs* outputs) : outputs_(outputs) {}

  [[nodiscard]] explicit operator bool() const { return has_value(); }
  [[nodiscard]] bool has_value() const {
    Teacher::template require_named<named, Output::Weights>();
    return exists();
  }
  const OutputsView<Teacher, named, Outputs>& operator*() const { return outputs_; }
  const OutputsView<Teacher, named, Outputs>* operator->() const { return &outputs_; }
  /// As has_value(), also for a teacher that the needs do not name.
  [[nodiscard]] bool exists() const { return outputs_.exists(); }

 private:
  OutputsView<Teacher, named, Outputs> outputs_;
};

namespace detail {

template <class Teacher>
using OutputsIn = std::remove_reference_t<decltype(*std::declval<Teacher&>())>;

template <class Teacher>
OutputsIn<Teacher>* outputs_if_any(Teacher& teacher) {
  return teacher_exists(teacher) ? &*teacher : nullptr;
}

}  // namespace detail

/// @brief A step as one loss sees it: model, batch, all outputs of the online model, and of the teachers what `needs`
/// names. Anything else of a teacher stops the compilation with one sentence.
///
/// All makes the view for each of its losses: loss(step) and commit(step) receive it. `previous_named` and
/// `momentum_named`: the outputs that the needs name. `Previous` and `Momentum`: the sentences of the compiler. The
/// step must outlive the view.
template <class Step, Output previous_named, Output momentum_named, class Previous = detail::PreviousModel,
          class Momentum = detail::MomentumModel>
class StepView {
 public:
  using Model = typename Step::Model;
  using Backend = typename Step::Backend;

  std::remove_reference_t<decltype(std::declval<Step&>().online)>& online;
  TeacherView<Previous, previous_named, detail::OutputsIn<decltype(Step::previous)>> previous;
  TeacherView<Momentum, momentum_named, detail::OutputsIn<decltype(Step::momentum)>> momentum;

  explicit StepView(Step& step)
      : online(step.online),
        previous(detail::outputs_if_any(step.previous)),
        momentum(detail::outputs_if_any(step.momentum)),
        step_(&step) {}

  [[nodiscard]] const Model& model() const { return step_->model(); }
  [[nodiscard]] decltype(auto) batch() const { return std::as_const(*step_).batch(); }
  /// Adds a part of the loss to the step's report: for a policy that contains an All.
  template <class Value>
  void report(const char* name, Value value) const {
    step_->report(name, value);
  }

 private:
  Step* step_;
};

/// The view of a step that a policy with `needs` sees.
template <class Policy, class Step>
using ViewFor = StepView<Step, Policy::needs.previous, Policy::needs.momentum>;

}  // namespace ctp
