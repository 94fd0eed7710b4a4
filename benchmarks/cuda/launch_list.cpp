/// @file   benchmarks/cuda/launch_list.cpp
/// @brief  Prints what one training step launches on a device, without a device: a line of JSON for each distinct
///         launch. Input of predict.py.
///
/// usage: launch_list bf16|tf32|fp32 [--in-order]
/// With --in-order: a line for each launch, in the order of the step. Input of measured.py.
///
/// The step is the second of the second task of `ctp`, so that all three models run and the step is captured, with the
/// model `base`, 128 pairs and 30 tokens, 15 % of them masked.
#include <cstdio>
#include <exception>
#include <string>

#include <ctp/core/model_config.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/strategy/ctp.hpp>
#include <ctp/testing/synthetic_batch.hpp>
#include <ctp/train/learner.hpp>

#include "logging_runtime.hpp"

namespace {

void run() {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, bench::LoggingCuda>;
  constexpr ctp::ModelConfig config = ctp::sizes::base;
  const ctp::data::Batch batch = ctp::testing::synthetic_batch(
      config, 128, 30,
      {.seed = 1, .masked = 15, .of = 100, .short_last_text = false, .pictures = ctp::data::Pictures::Pixels});
  ctp::Learner<ctp::strategy::Ctp, Model> learner{Model(config)};
  learner.begin_task(1000);
  learner.end_task();
  learner.begin_task(1000);
  learner.step(batch);
  bench::LaunchLog::the().enabled = true;
  learner.step(batch);
  bench::LaunchLog::the().print(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string precision = argc > 1 ? argv[1] : "", order = argc > 2 ? argv[2] : "--in-order";
  if (argc > 3 || order != "--in-order" || (precision != "bf16" && precision != "tf32" && precision != "fp32")) {
    std::fprintf(stderr,
                 "launch_list: expected bf16, tf32 or fp32, and --in-order or nothing; see benchmarks/README.md\n");
    return 2;
  }
  bench::LaunchLog::the().in_order = argc > 2;
  using Choice = ctp::precision::Choice;
  bench::LaunchLog::the().precision = precision == "bf16"   ? Choice::Bf16
                                      : precision == "tf32" ? Choice::Tf32
                                                            : Choice::Fp32;
  try {
    run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "launch_list: %s\n", error.what());
    return 1;
  }
  return 0;
}
