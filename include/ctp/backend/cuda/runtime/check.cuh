/// @file   ctp/backend/cuda/runtime/check.cuh
/// @brief  Status codes of CUDA and cuBLASLt as the library's exceptions.
/// @layer  backend
#pragma once

#if !defined(__CUDACC__)
#error "ctp: a .cuh header was included from a file nvcc does not compile; include it from .cu files only"
#endif

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <string>

#include <ctp/core/error.hpp>

namespace ctp::backend::cuda {

/// @brief Throws unless `status` is success. **Errors.** ResourceError for memory, UsageError without a usable device,
/// Error (internal) for everything else.
inline void check(cudaError_t status, const char* call) {
  if (status == cudaSuccess) [[likely]]
    return;
  static_cast<void>(cudaGetLastError());  // clears the error, so that a later call does not report it again
  const std::string found = std::string(cudaGetErrorName(status)) + " (" + cudaGetErrorString(status) + ")";
  if (status == cudaErrorMemoryAllocation)
    throw ResourceError(std::string(call) + ": expected memory for the device, found " + found +
                        "; use a smaller batch, a smaller model or --device cpu");
  if (status == cudaErrorNoDevice || status == cudaErrorInsufficientDriver || status == cudaErrorInvalidDevice ||
      status == cudaErrorNoKernelImageForDevice || status == cudaErrorUnsupportedPtxVersion ||
      status == cudaErrorSystemNotReady || status == cudaErrorDevicesUnavailable)
    throw UsageError(std::string(call) + ": expected a CUDA device that this driver can use, found " + found +
                     "; use --device cpu");
  throw Error(ErrorCode::Internal, std::string(call) + ": expected success, found " + found);
}

inline void check(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) [[likely]]
    return;
  const std::string text = std::string(call) + ": expected success, found " + cublasLtGetStatusString(status);
  if (status == CUBLAS_STATUS_ALLOC_FAILED) throw ResourceError(text + "; use a smaller batch");
  throw Error(ErrorCode::Internal, text);
}

}  // namespace ctp::backend::cuda
