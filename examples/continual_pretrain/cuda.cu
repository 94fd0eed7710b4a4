// The main job on an NVIDIA GPU. nvcc compiles this file, so it sees nothing that reads JSON, options or pictures.
#include "cuda.hpp"

#include "../common/cuda.cuh"
#include "../common/strategies.hpp"

namespace pretrain {

void use_cuda(const std::string& precision) { examples::use_cuda(precision); }

void train_on_cuda(const Workbench& bench) {
  examples::with_strategy(bench.settings.strategy,
                          [&]<class Strategy>() { Training<Strategy, examples::Cuda>(bench).run(); });
}

}  // namespace pretrain
