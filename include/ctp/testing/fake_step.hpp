/// @file   ctp/testing/fake_step.hpp
/// @brief  Fake step with given model outputs, to compare a loss with its value by hand.
/// @layer  testing
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/objective/concepts.hpp>
#include <ctp/train/batch/device_batch.hpp>
#include <ctp/train/outputs.hpp>

namespace ctp::testing {

/// @brief Fake step with given model, batch, outputs and teachers. Keeps the reported losses.
///
/// The model and the batch must outlive the step.
template <class ModelType, class BatchType, class OutputsType, class TeacherType = std::optional<OutputsType>>
struct FakeStep {
  using Model = ModelType;
  using Backend = typename Model::Backend;

  OutputsType online;
  TeacherType previous, momentum;
  std::vector<std::string> reported;  ///< "<name> <value>" for each reported loss

  FakeStep(const Model& model, const BatchType& batch, OutputsType online_outputs, TeacherType previous_outputs = {},
           TeacherType momentum_outputs = {})
      : online(std::move(online_outputs)),
        previous(std::move(previous_outputs)),
        momentum(std::move(momentum_outputs)),
        model_(&model),
        batch_(&batch) {}

  [[nodiscard]] const Model& model() const { return *model_; }
  [[nodiscard]] const BatchType& batch() const { return *batch_; }
  void report(const char* name, Scalar<Backend> value) {
    double number = 0;
    Backend::download(value.value.data, 1, &number);
    reported.push_back(std::string(name) + " " + std::to_string(number));
  }

 private:
  const Model* model_;
  const BatchType* batch_;
};

/// A model that has sizes and parameters, but no encoders.
template <class BackendType>
struct FakeModel {
  using Backend = BackendType;
  using Real = typename Backend::Real;
  struct Layout {
    Index parameters;
    [[nodiscard]] Index size() const { return parameters; }
  };

  ModelConfig sizes{};
  Index parameters = 1;

  [[nodiscard]] const ModelConfig& config() const { return sizes; }
  [[nodiscard]] Layout layout() const { return {parameters}; }
};

/// @brief Given outputs of a fake model, on the tape. An output that no loss reads may stay empty.
///
/// **Shapes.** as Outputs. The features are also the raw projections.
template <class B>
struct FakeValues {
  Variable<2, B> image{}, text{}, fused{}, masked_scores{}, image_tokens{}, text_tokens{};
};

/// Outputs of one model with given values.
template <class B>
class FakeOutputs {
 public:
  FakeOutputs(const Pass<B>& pass, const FakeValues<B>& values) : pass_(pass), values_(values) {}

  [[nodiscard]] const Pass<B>& pass() const { return pass_; }
  [[nodiscard]] Features<B> image() const { return {values_.image, values_.image, 0}; }
  [[nodiscard]] Features<B> text() const { return {values_.text, values_.text, 0}; }
  [[nodiscard]] Variable<2, B> image_raw() const { return values_.image; }
  [[nodiscard]] Variable<2, B> text_raw() const { return values_.text; }
  [[nodiscard]] Variable<2, B> image_tokens() const { return values_.image_tokens; }
  [[nodiscard]] Variable<2, B> text_tokens() const { return values_.text_tokens; }
  [[nodiscard]] Variable<2, B> fused() const { return values_.fused; }
  [[nodiscard]] Variable<2, B> masked_scores() const { return values_.masked_scores; }

 private:
  Pass<B> pass_;
  FakeValues<B> values_;
};

/// @brief The masked positions and the weights of the tokens of a batch, in host memory.
///
/// **Shapes.** target, weight [capacity]; token_weight [B * L].
template <class B>
struct FakeBatch {
  using Real = typename B::Real;
  std::vector<std::int32_t> target{};
  std::vector<Real> weight{}, token_weight{};
  Index pairs = 0;

  [[nodiscard]] Index size() const { return pairs; }
  [[nodiscard]] Index full_size() const { return pairs; }
  [[nodiscard]] Tensor<const Real, 1, B> token_weights() const {
    return {token_weight.data(), {static_cast<Index>(token_weight.size())}};
  }
  [[nodiscard]] MaskedPositions<B> masked_positions() const {
    const auto n = static_cast<Index>(target.size());
    return {{nullptr, {n}}, {target.data(), {n}}, {weight.data(), {n}}};
  }
};

/// Numbers of a matrix, row by row.
using Numbers = std::vector<std::vector<double>>;

/// Given outputs of a fake model, as numbers on the host.
struct FakeAnswers {
  Numbers image{}, text{}, fused{}, masked_scores{}, image_tokens{}, text_tokens{};
};

/// A value with the given numbers, on the tape of `pass`. Empty if there are no numbers.
template <class B>
Variable<2, B> value_of(const Pass<B>& pass, const Numbers& rows) {
  if (rows.empty()) return {};
  std::vector<double> numbers;
  for (const auto& row : rows) numbers.insert(numbers.end(), row.begin(), row.end());
  const auto count = static_cast<Index>(rows.size()), size = static_cast<Index>(numbers.size());
  auto value = pass.make(Shape<2>{count, size / count});
  B::upload(numbers.data(), size, value.value.data);
  return value;
}

/// The outputs of one model with the given numbers.
template <class B>
FakeOutputs<B> outputs_of(const Pass<B>& pass, const FakeAnswers& answers) {
  return {pass,
          {value_of(pass, answers.image), value_of(pass, answers.text), value_of(pass, answers.fused),
           value_of(pass, answers.masked_scores), value_of(pass, answers.image_tokens),
           value_of(pass, answers.text_tokens)}};
}

}  // namespace ctp::testing
