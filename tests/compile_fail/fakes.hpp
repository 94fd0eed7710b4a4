// A model and a step that offer no more than their types, so that these files compile in a moment.
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
