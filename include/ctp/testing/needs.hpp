/// @file   ctp/testing/needs.hpp
/// @brief  Checks that a loss names the teachers it reads, and reads those it names.
/// @layer  testing
#pragma once

#include <optional>
#include <string>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/made_batch.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/train/step.hpp>

namespace ctp::testing {

/// @brief The outputs of a teacher that remembers which of them were asked for.
template <class Model>
class WatchedOutputs {
 public:
  explicit WatchedOutputs(Outputs<Model> outputs) : outputs_(outputs) {}

  [[nodiscard]] const auto& pass() { return note(Output::Weights).pass(); }
  auto image_tokens() { return note(Output::Tokens).image_tokens(); }
  auto text_tokens() { return note(Output::Tokens).text_tokens(); }
  auto image_raw() { return note(Output::Features).image_raw(); }
  auto text_raw() { return note(Output::Features).text_raw(); }
  auto image() { return note(Output::Features).image(); }
  auto text() { return note(Output::Features).text(); }
  auto fused() { return note(Output::Weights).fused(); }  // no Output names it
  auto masked_scores() { return note(Output::MaskedScores).masked_scores(); }

  [[nodiscard]] Output read() const { return read_; }

 private:
  Outputs<Model>& note(Output part) {
    read_ = read_ | part;
    return outputs_;
  }

  Outputs<Model> outputs_;
  Output read_ = Output::Nothing;
};

/// A teacher as a policy sees it in a step, which may not be there.
template <class Model>
class WatchedTeacher {
 public:
  explicit WatchedTeacher(const char* name) : name_(name) {}

  explicit operator bool() const { return outputs_.has_value(); }
  [[nodiscard]] bool has_value() const { return outputs_.has_value(); }
  /// **Errors.** UsageError if it is not there; the real one is undefined then.
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

/// A Step whose teachers are watched.
template <class ModelType>
struct WatchedStep {
  using Model = ModelType;
  using Backend = typename Model::Backend;

  WatchedStep(const Model& structure, const DeviceBatch<Backend>& pairs, Pass<Backend> pass)
      : online(structure, pass, pairs), model_(&structure), batch_(&pairs) {}

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] const DeviceBatch<Backend>& batch() const { return *batch_; }
  [[nodiscard]] bool can_run(Needs needs) const {
    return (needs.previous == Output::Nothing || previous) && (needs.momentum == Output::Nothing || momentum);
  }
  void report(const char*, Scalar<Backend>) { ++parts; }

  Outputs<Model> online;
  WatchedTeacher<Model> previous{"the previous model"}, momentum{"the momentum model"};
  int parts = 0;  ///< losses that ran

 private:
  const Model* model_;
  const DeviceBatch<Backend>* batch_;
};

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

/// @brief Runs a loss on a made batch, with all teachers, with only those that its `needs` name, and with none.
///
/// Reported: an output of a teacher that `needs` does not name; a teacher named and not read; a teacher read where it
/// does not exist, as on the first task; a loss that is not silent without the teachers it needs.
template <class Policy, class Model>
Report check_needs(const Policy& policy, const Model& model) {
  using B = typename Model::Backend;
  const All<Policy> losses{{policy}};
  auto state = losses.init(model, 0);
  DeviceBatch<B> batch;
  batch.load(made_batch(model.config(), 4, 5, 0), model.config());
  Buffer<typename Model::Real, B> online(model.layout().size()), teacher(model.layout().size());
  online.assign(made_weights(model.layout(), 0));
  teacher.assign(made_weights(model.layout(), 1));
  Tape<B> tape;
  Report report;

  const auto run = [&](const char* when, Needs existing, const auto& look) {
    tape.rewind();
    WatchedStep<Model> step(model, batch, {online.data(), &tape});
    const Outputs<Model> outputs(model, {teacher.data(), &tape}, batch);
    if (existing.previous != Output::Nothing) step.previous.emplace(outputs);
    if (existing.momentum != Output::Nothing) step.momentum.emplace(outputs);
    try {
      const Scalar<B> loss = losses.loss(step, state);
      losses.commit(step, state);
      double value = 0;
      B::download(loss.value.data, 1, &value);
      look(step, value);
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
    if (!needs_none && (step.parts != 0 || value != 0)) report.fail("without teachers: expected silence, found a loss");
  });
  return report;
}

}  // namespace ctp::testing
