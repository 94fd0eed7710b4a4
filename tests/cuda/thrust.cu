// Algorithms of Thrust on the library's memory. Without a device, prints a message and exits with 77, which CTest shows
// as skipped.
#include <thrust/functional.h>
#include <thrust/reduce.h>
#include <thrust/transform.h>

#include <cstdio>
#include <vector>

#include <ctp/backend/cuda/backend.cuh>
#include <ctp/backend/cuda/runtime/device.cuh>
#include <ctp/interop/thrust.cuh>
#include <ctp/tensor/buffer.hpp>

int main() {
  if (const auto device = ctp::backend::cuda::describe_device(); !device.usable) {
    std::printf("skipped: %s\n", device.text.c_str());
    return 77;
  }
  ctp::Buffer<float, ctp::Cuda> buffer(6);
  buffer.assign(std::vector<float>{1, 2, 3, 4, 5, 6});
  const auto on = ctp::interop::thrust_policy();

  const auto range = ctp::interop::as_thrust(buffer);
  const float sum = thrust::reduce(on, range.begin(), range.end());
  const auto row = ctp::interop::as_thrust(ctp::Tensor<float, 1, ctp::Cuda>{buffer.data() + 3, {3}});
  thrust::transform(on, row.begin(), row.end(), row.begin(), thrust::negate<float>());

  const bool ok = sum == 21 && buffer.to_host() == std::vector<float>{1, 2, 3, -4, -5, -6};
  std::printf("Thrust on the library's memory: %s\n", ok ? "ok" : "FAIL");
  return ok ? 0 : 1;
}
