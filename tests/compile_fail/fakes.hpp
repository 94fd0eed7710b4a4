// A model and a step with their types only, so that these files compile quickly.
#pragma once

#include <ctp/autograd/pass.hpp>

struct FakeBackend {
  using Real = float;
};
struct FakeModel {
  using Backend = FakeBackend;
  using Real = float;
};
/// Outputs of one model, none of which is computed.
struct FakeOutputs {
  const ctp::Pass<FakeBackend>& pass() const;
  ctp::Variable<2, FakeBackend> image_raw() const;
  ctp::Variable<2, FakeBackend> image_tokens() const;
  ctp::Variable<2, FakeBackend> masked_scores() const;
  ctp::Variable<2, FakeBackend> fused() const;
};
/// The types of a step. Its members are only declared.
struct StepTypes {
  using Model = FakeModel;
  using Backend = FakeBackend;

  FakeOutputs online;
  FakeOutputs *previous, *momentum;

  const FakeModel& model() const;
  int batch() const;
};
