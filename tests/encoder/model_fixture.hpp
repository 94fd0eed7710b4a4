// Fixture: a model with the given encoders on the CPU in double precision, its weights and a synthetic batch.
#pragma once

#include <vector>

#include <ctp/encoder/model.hpp>
#include <ctp/testing/synthetic_batch.hpp>
#include <ctp/train/batch/device_batch.hpp>
#include <ctp/train/outputs.hpp>
#include <support/reference.hpp>

namespace test {

using B = ctp::BasicCpu<double>;

template <class Model>
struct ModelFixture {
  Model model;
  std::vector<double> theta;
  ctp::DeviceBatch<B> batch;
  ctp::Tape<B> tape;

  explicit ModelFixture(const ctp::ModelConfig& sizes, int pairs = 3, int length = 5)
      : model(sizes), theta(ctp::testing::synthetic_weights(model.layout(), 0)) {
    batch.load(ctp::testing::synthetic_batch(sizes, pairs, length), sizes);
  }
  [[nodiscard]] ctp::Outputs<Model> outputs() { return {model, ctp::Pass<B>{theta.data(), &tape}, batch}; }
};

}  // namespace test
