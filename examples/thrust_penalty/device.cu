// The penalty of sparse_ewc.cuh on a GPU: nvcc -std=c++20 -arch=sm_90 -Iinclude device.cu -lcublasLt
// Without a device, prints a message and ends with 77, which CTest shows as skipped.
#include <ctp/cuda.cuh>

#include <cstdio>

#include "program.hpp"

int main() {
  if (const auto device = ctp::backend::cuda::describe_device(); !device.usable) {
    std::printf("skipped: %s\n", device.text.c_str());
    return 77;
  }
  const bool selected = selects_rightly<ctp::Cuda>();
  return trains<ctp::Cuda>() && selected ? 0 : 1;
}
