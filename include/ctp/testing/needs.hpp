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
  auto fused() { return mark_read(Output::Weights).fused(); }  // no Output names the fused feature
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

/// A teacher of a step, which may be missing, with a record of the outputs that were read.
template <class Model>
class WatchedTeacher {
 public:
  explicit WatchedTeacher(const char* name) : name_(name) {}

  explicit operator bool() const { return outputs_.has_value(); }
  [[nodiscard]] bool has_value() const { return outputs_.has_value(); }
  /// **Errors.** UsageError if the teacher is missing, where the access in a real Step is undefined.
  WatchedOutputs<Model>& operator*() {
    if (!outputs_) throw UsageError(std::string(name_) + " is read where it does not exist");
    return *outputs_;
  }
  WatchedOutputs<Model>* operator->() { return &**this; }
  void emplace(const Outputs<Model>& outputs) { outputs_.emplace(outputs); }
  [[nodiscard]] Output read() const { return outputs_ ? outputs_->read() : Output::Nothing; }

 private:
  const char* name_;
  std::optional<WatchedOutputs<Model>> outputs_;
};

/// A step of a real model with watched teachers.
template <class Model>
using WatchedStep = FakeStep<Model, DeviceBatch<typename Model::Backend>, Outputs<Model>, WatchedTeacher<Model>>;

namespace detail {
inline std::string name_of(Output output) {
  std::string text;
  const auto add = [&](Output part, const char* name) {
    if (includes(output, part)) text += (text.empty() ? "Output::" : " | Output::") + std::string(name);
  };
  add(Output::Features, "Features");
  add(Output::Tokens, "Tokens");
  add(Output::MaskedScores, "MaskedScores");
  if (text.empty()) text = output == Output::Nothing ? "Output::Nothing" : "Output::Weights";
  return text;
}

inline void compare_needs(const char* teacher, Output declared, Output read, Report& report) {
  if (!includes(declared, read))
    report.fail("needs." + std::string(teacher) + " is " + name_of(declared) + ", but the loss reads " + name_of(read));
  if (read == Output::Nothing && declared != Output::Nothing)
    report.fail("needs." + std::string(teacher) + " is " + name_of(declared) + ", but the loss reads nothing of it");
}
}  // namespace detail

/// @brief Runs a loss on a synthetic batch with all teachers, with only the teachers that `needs` names, and with none.
///
/// Reported: an output that the loss reads and `needs` does not name; a teacher that `needs` names and the loss does
/// not read; a teacher that the loss reads although the teacher does not exist, as on the first task; a loss that is
/// not silent without the teachers that it needs.
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
  Report report;

  const auto run = [&](const char* when, Needs existing, const auto& examine) {
    tape.rewind();
    WatchedStep<Model> step(model, batch, Outputs<Model>(model, Pass<B>{online.data(), &tape}, batch),
                            WatchedTeacher<Model>("the previous model"), WatchedTeacher<Model>("the momentum model"));
    const Outputs<Model> outputs(model, {teacher.data(), &tape}, batch);
    if (existing.previous != Output::Nothing) step.previous.emplace(outputs);
    if (existing.momentum != Output::Nothing) step.momentum.emplace(outputs);
    try {
      const Scalar<B> loss = losses.loss(step, state);
      losses.commit(step, state);
      double value = 0;
      B::download(loss.value.data, 1, &value);
      examine(step, value);
    } catch (const UsageError& error) {
      report.fail(std::string(when) + ": " + error.what() + "; 'needs' must name what a loss reads");
    }
  };
  run("with all teachers", {Output::Weights, Output::Weights}, [&](auto& step, double) {
    detail::compare_needs("previous", Policy::needs.previous, step.previous.read(), report);
    detail::compare_needs("momentum", Policy::needs.momentum, step.momentum.read(), report);
  });
  run("with the teachers it needs", Policy::needs, [](auto&, double) {});
  run("without teachers", {}, [&](auto& step, double value) {
    const bool needs_none = Policy::needs.previous == Output::Nothing && Policy::needs.momentum == Output::Nothing;
    if (!needs_none && (!step.reported.empty() || value != 0))
      report.fail("without teachers: expected silence, found a loss");
  });
  return report;
}

}  // namespace ctp::testing
