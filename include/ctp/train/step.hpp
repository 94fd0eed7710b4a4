/// @file   ctp/train/step.hpp
/// @brief  One training step as policies see it: batch, outputs of the models, loss parts.
/// @layer  train
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include <ctp/train/outputs.hpp>

namespace ctp {

/// One unweighted loss of a step, with the name of its policy.
template <class B>
struct LossPart {
  const char* name = "";
  Scalar<B> value;
};

/// @brief The batch and the outputs of the models on it.
///
/// `previous` and `momentum` are empty if the strategy does not need the model or the model does not exist yet.
template <class ModelType>
class Step {
 public:
  using Model = ModelType;
  using Backend = typename Model::Backend;

  Outputs<Model> online;
  std::optional<Outputs<Model>> previous, momentum;

  Step(const Model& model, const DeviceBatch<Backend>& batch, Pass<Backend> pass, FrozenTowers frozen = {})
      : online(model, pass, batch, frozen), model_(&model), batch_(&batch) {}

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] const DeviceBatch<Backend>& batch() const { return *batch_; }
  /// Forbids further outputs: the losses are computed.
  void seal() {
    online.seal();
    if (previous) previous->seal();
    if (momentum) momentum->seal();
  }
  /// Adds a part of the loss to the report. **Errors.** UsageError beyond 16 parts.
  void report(const char* name, Scalar<Backend> value) {
    require(count_ < parts_.size(), "Step::report", "more than 16 loss parts in one strategy");
    parts_[count_++] = {name, value};
  }
  [[nodiscard]] std::span<const LossPart<Backend>> parts() const { return {parts_.data(), count_}; }

 private:
  const Model* model_;
  const DeviceBatch<Backend>* batch_;
  std::array<LossPart<Backend>, 16> parts_{};
  std::size_t count_ = 0;
};

}  // namespace ctp
