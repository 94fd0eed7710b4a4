// The sizes of tests that run a whole check of ctp/testing several times: a quarter of the weights of `micro`, and so
// of the time of central differences.
#pragma once

#include <ctp/core/model_config.hpp>
#include <ctp/testing/synthetic_batch.hpp>

inline constexpr ctp::ModelConfig nano = [] {
  ctp::ModelConfig config = ctp::testing::micro;
  config.vision_width = config.text_width = config.intermediate = 4;
  return config;
}();
