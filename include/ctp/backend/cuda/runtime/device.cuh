/// @file   ctp/backend/cuda/runtime/device.cuh
/// @brief  Description of the CUDA device, also if there is none.
/// @layer  backend
#pragma once

#include <string>

#include <ctp/backend/cuda/runtime/check.cuh>

namespace ctp::backend::cuda {

/// Description of the device that CUDA has selected.
struct DeviceReport {
  bool usable = false;
  std::string text;  ///< name, compute capability, memory and driver; or the reason why no device is usable
};

/// Does not throw if there is no device or no driver.
inline DeviceReport describe_device() {
  int count = 0;
  if (const cudaError_t status = cudaGetDeviceCount(&count); status != cudaSuccess || count == 0) {
    static_cast<void>(cudaGetLastError());
    return {false, std::string("no CUDA device: ") +
                       (status == cudaSuccess ? "the driver lists none" : cudaGetErrorString(status))};
  }
  int device = 0, driver = 0;
  cudaDeviceProp properties{};
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties");
  check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  const std::string name = std::string(properties.name) + ", compute capability " + std::to_string(properties.major) +
                           "." + std::to_string(properties.minor);
  if (properties.major < 8) return {false, "no CUDA device that serves: " + name + "; 8.0 or newer is needed"};
  return {true, name + ", " + std::to_string(properties.totalGlobalMem >> 20U) + " MiB, driver for CUDA " +
                    std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10)};
}

}  // namespace ctp::backend::cuda
