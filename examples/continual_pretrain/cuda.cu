// Training on an NVIDIA GPU. nvcc compiles this file, so the file includes no header that parses JSON, options or
// picture files.
#include "cuda.hpp"

#include "../common/cuda.cuh"
#include "../common/strategies.hpp"
#include "train_or_replay.hpp"

namespace pretrain {

void use_cuda(const std::string& precision) { examples::use_cuda(precision); }

void train_on_cuda(const RunContext& context) {
  examples::with_strategy(context.settings.strategy,
                          [&]<class Strategy>() { train_or_replay<Strategy, examples::Cuda>(context); });
}

}  // namespace pretrain
