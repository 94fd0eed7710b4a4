// A step whose models return given outputs, so that a test can work out a policy's loss by hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/train/device_batch.hpp>
#include <ctp/train/outputs.hpp>
#include <support/reference.hpp>

namespace made {

using B = ctp::BasicCpu<double>;
using ctp::Index;
using Rows = std::vector<std::vector<double>>;

/// Outputs of one model, as rows of numbers.
struct Answers {
  Rows image{}, text{}, masked_scores{}, image_tokens{}, text_tokens{};
};

struct Model {
  using Backend = B;
  using Real = double;
  ctp::ModelConfig sizes;
  [[nodiscard]] const ctp::ModelConfig& config() const { return sizes; }
};

/// Answers as values on a tape.
class Outputs {
 public:
  Outputs(const ctp::Pass<B>& pass, const Answers& answers) : pass_(pass), answers_(&answers) {}

  [[nodiscard]] const ctp::Pass<B>& pass() const { return pass_; }
  [[nodiscard]] ctp::Features<B> image() const { return features(answers_->image); }
  [[nodiscard]] ctp::Features<B> text() const { return features(answers_->text); }
  [[nodiscard]] ctp::Variable<2, B> image_raw() const { return value(answers_->image); }
  [[nodiscard]] ctp::Variable<2, B> text_raw() const { return value(answers_->text); }
  [[nodiscard]] ctp::Variable<2, B> image_tokens() const { return value(answers_->image_tokens); }
  [[nodiscard]] ctp::Variable<2, B> text_tokens() const { return value(answers_->text_tokens); }
  [[nodiscard]] ctp::Variable<2, B> fused() const { return value(answers_->masked_scores); }
  [[nodiscard]] ctp::Variable<2, B> masked_scores() const { return value(answers_->masked_scores); }

 private:
  [[nodiscard]] ctp::Variable<2, B> value(const Rows& rows) const {
    const auto columns = static_cast<Index>(rows.front().size());
    auto x = pass_.make(ctp::Shape<2>{static_cast<Index>(rows.size()), columns});
    double* to = x.value.data;
    for (const auto& row : rows)
      for (double value : row) *to++ = value;
    return x;
  }
  [[nodiscard]] ctp::Features<B> features(const Rows& rows) const {
    const auto x = value(rows);
    return {x, x, 0};
  }

  ctp::Pass<B> pass_;
  const Answers* answers_;
};

/// The masked positions of a batch.
struct Batch {
  std::vector<std::int32_t> target;
  std::vector<double> weight;
  std::vector<double> token_weight{};
  Index pairs = 0;
  [[nodiscard]] Index size() const { return pairs; }
  [[nodiscard]] ctp::Tensor<const double, 1, B> token_weights() const {
    return {token_weight.data(), {static_cast<Index>(token_weight.size())}};
  }
  [[nodiscard]] ctp::MaskedPositions<B> masked_positions() const {
    const auto n = static_cast<Index>(target.size());
    return {{nullptr, {n}}, {target.data(), {n}}, {weight.data(), {n}}};
  }
};

/// The step that a policy receives.
struct Step {
  using Model = made::Model;
  using Backend = B;

  made::Model sizes;
  Batch labels;
  ctp::Tape<B> tape;
  Outputs online;
  std::optional<Outputs> previous, momentum;
  std::vector<std::string> reported{};

  explicit Step(const Answers& answers) : online({nullptr, &tape, nullptr, {}}, answers) {}
  Step(const Step&) = delete;

  void remember(const Answers& answers) { previous.emplace(online.pass(), answers); }
  void follow(const Answers& answers) { momentum.emplace(online.pass(), answers); }
  [[nodiscard]] const made::Model& model() const { return sizes; }
  [[nodiscard]] const Batch& batch() const { return labels; }
  [[nodiscard]] bool can_run(ctp::Needs needs) const {
    return (needs.previous == ctp::Output::Nothing || previous) && (needs.momentum == ctp::Output::Nothing || momentum);
  }
  void report(const char* name, ctp::Scalar<B> value) {
    reported.push_back(std::string(name) + " " + std::to_string(*value.value.data));
  }
};

/// Cross entropy of two scores when the first is right, or a distribution over both: log(1 + exp(-(a - b))).
inline double two_way(double right, double wrong) { return std::log1p(std::exp(wrong - right)); }

}  // namespace made
