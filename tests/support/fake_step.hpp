// A step in double precision on the host, with its own tape, model and batch.
#pragma once

#include <cmath>

#include <ctp/testing/fake_step.hpp>
#include <support/reference.hpp>

namespace fake {

using B = ctp::BasicCpu<double>;
using Model = ctp::testing::FakeModel<B>;
using Answers = ctp::testing::FakeAnswers;
using Outputs = ctp::testing::FakeOutputs<B>;
using Batch = ctp::testing::FakeBatch<B>;

struct StepParts {
  Model structure{};
  Batch labels{};
  ctp::Tape<B> tape{};
};

struct Step : StepParts, ctp::testing::FakeStep<Model, Batch, Outputs> {
  explicit Step(const Answers& answers)
      : FakeStep(structure, labels, ctp::testing::outputs_of<B>({nullptr, &tape, nullptr, {}}, answers)) {}
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  void set_previous(const Answers& answers) { previous = ctp::testing::outputs_of(online.pass(), answers); }
  void set_momentum(const Answers& answers) { momentum = ctp::testing::outputs_of(online.pass(), answers); }
  ctp::ModelConfig& sizes() { return structure.sizes; }
};

/// Cross entropy of two scores when the first is right: log(1 + exp(wrong - right)).
inline double two_way(double right, double wrong) { return std::log1p(std::exp(wrong - right)); }

}  // namespace fake
