/// @file   ctp/testing/needs.hpp
/// @brief  Check of a loss policy's `needs` against the teacher outputs that the loss reads.
/// @layer  testing
#pragma once

#include <optional>
#include <string>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/objective/parameters.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/fake_step.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/testing/synthetic_batch.hpp>
#include <ctp/train/outputs.hpp>

namespace ctp::testing {

/// @brief The outputs of a teacher, with a record of the outputs that were read.
template <class Model>
class WatchedOutputs {
 public:
  explicit WatchedOutputs(Outputs<Model> outputs) : outputs_(outputs) {}

  [[nodiscard]] const auto& pass() { return mark_read(Output::Weights).pass(); }
  auto image_tokens() { return mark_read(Output::Tokens).image_tokens(); }
  auto text_tokens() { return mark_read(Output::Tokens).text_tokens(); }
  auto image_raw() { return mark_read(Output::Features).image_raw(); }
  auto text_raw() { return mark_read(Output::Features).text_raw(); }
  auto image() { return mark_read(Output::Features).image(); }
  auto text() { return mark_read(Output::Features).text(); }
  auto fused() { return mark_read(Output::Fused).fused(); }
  auto masked_scores() { return mark_read(Output::MaskedScores).masked_scores(); }

  [[nodiscard]] Output read() const { return read_; }

 private:
  Outputs<Model>& mark_read(Output part) {
    read_ = read_ | part;
    return outputs_;
  }

  Outputs<Model> outputs_;
  Output read_ = Output::Nothing;
};

/// A step of a real model with watched teachers.
template <class Model>
using WatchedStep =
    FakeStep<Model, DeviceBatch<typename Model::Backend>, Outputs<Model>, std::optional<WatchedOutputs<Model>>>;

namespace detail {
inline std::string name_of(Output output) {
  std::string text;
  const auto add = [&](Output part, const char* name) {
    if (includes(output, part)) text += (text.empty() ? "Output::" : " | Output::") + std::string(name);
  };
  add(Output::Features, "Features");
  add(Output::Tokens, "Tokens");
  add(Output::MaskedScores, "MaskedScores");
  add(Output::Fused, "Fused");
  if (text.empty()) text = output == Output::Nothing ? "Output::Nothing" : "Output::Weights";
  return text;
}

template <class Model>
void compare_needs(const std::string& policy, const char* teacher, Output named,
                   const std::optional<WatchedOutputs<Model>>& watched, Report& report) {
  const Output read = watched->read();
  if (read == named) return;
  const std::string needs = policy + ": needs." + teacher;
  report.fail(needs + " is " + name_of(named) + ", but the loss reads " +
              (read == Output::Nothing ? "nothing of it" : name_of(read) + " only") + "; name what is read");
}
}  // namespace detail

/// @brief Runs a loss, and its commit(), on a synthetic batch with all teachers. Reports a teacher, or an output of a
/// teacher, that `needs` names and nobody reads.
///
/// An output that is read and not named does not compile. `policy`: one loss, not an All. **Errors.** as the loss.
template <class Policy, class Model>
Report check_needs(const Policy& policy, Model model) {
  using B = typename Model::Backend;
  All<Policy> losses{{policy}};
  register_parameters(losses, model);
  auto state = losses.init(model, 0);
  DeviceBatch<B> batch;
  batch.load(synthetic_batch(model.config(), 4, 5), model.config());
  Buffer<typename Model::Real, B> online(model.layout().size()), teacher(model.layout().size());
  online.assign(synthetic_weights(model.layout(), 0));
  teacher.assign(synthetic_weights(model.layout(), 1));
  Tape<B> tape;
  const WatchedOutputs<Model> outputs(Outputs<Model>(model, {teacher.data(), &tape}, batch));
  WatchedStep<Model> step(model, batch, Outputs<Model>(model, Pass<B>{online.data(), &tape}, batch), outputs, outputs);
  losses.loss(step, state);
  losses.commit(step, state);
  Report report;
  detail::compare_needs(Policy::name, "previous", Policy::needs.previous, step.previous, report);
  detail::compare_needs(Policy::name, "momentum", Policy::needs.momentum, step.momentum, report);
  return report;
}

}  // namespace ctp::testing
