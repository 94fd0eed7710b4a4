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
/// The types of a step, without its members.
struct StepTypes {
  using Model = FakeModel;
  using Backend = FakeBackend;
};
