/// @file   ctp/backend/cuda/runtime/context.cuh
/// @brief  The backend's device resources: a stream, a cuBLASLt handle, and scratch memory.
/// @layer  backend
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/backend/cuda/kernel/weight_copies.hpp>
#include <ctp/backend/cuda/runtime/check.cuh>
#include <ctp/backend/cuda/runtime/event.cuh>
#include <ctp/backend/precision.hpp>

namespace ctp::backend::cuda {

namespace detail {
struct FreeDevice {
  void operator()(std::byte* p) const { static_cast<void>(cudaFree(p)); }
};
struct FreePinned {
  void operator()(std::byte* p) const { static_cast<void>(cudaFreeHost(p)); }
};
}  // namespace detail

/// Owns device memory, aligned to 256 bytes, not initialised. Never managed memory.
using DeviceMemory = std::unique_ptr<std::byte[], detail::FreeDevice>;

/// **Errors.** ResourceError that names the requested and the free memory.
inline DeviceMemory allocate_device(std::size_t bytes) {
  void* p = nullptr;
  if (bytes == 0) return {};
  const cudaError_t status = cudaMalloc(&p, bytes);
  if (status == cudaErrorMemoryAllocation) {
    static_cast<void>(cudaGetLastError());
    std::size_t free = 0, total = 0;
    static_cast<void>(cudaMemGetInfo(&free, &total));
    throw ResourceError("device memory: expected " + std::to_string(bytes >> 20U) + " MiB, found " +
                        std::to_string(free >> 20U) + " MiB free of " + std::to_string(total >> 20U) +
                        "; use a smaller batch, a smaller model or --device cpu");
  }
  check(status, "cudaMalloc");
  return DeviceMemory(static_cast<std::byte*>(p));
}

/// Owns page-locked host memory, which a device reads and writes directly.
using PinnedMemory = std::unique_ptr<std::byte[], detail::FreePinned>;

inline PinnedMemory allocate_pinned(std::size_t bytes) {
  void* p = nullptr;
  if (bytes == 0) return {};
  check(cudaHostAlloc(&p, bytes, cudaHostAllocDefault), "cudaHostAlloc");
  return PinnedMemory(static_cast<std::byte*>(p));
}

/// Staging memory of uploads and downloads, except the input of steps (InputQueue).
class Staging {
 public:
  static constexpr std::size_t bytes = std::size_t{4} << 20U;

  /// Waits until the device has read or written the previous content, and returns the memory.
  std::byte* wait() {
    free_.wait();
    return memory_.get();
  }
  void in_use(cudaStream_t stream) { free_.record(stream); }

 private:
  PinnedMemory memory_ = allocate_pinned(bytes);
  Event free_;
};

/// @brief Stream and handles of one device. Operations of the backend run on the stream of current(), in order.
class Context {
 public:
  /// The process's context, created at first use on the device that CUDA has selected. That device stays the backend's:
  /// each call makes it the device of the calling thread again if another has been selected there.
  /// **Errors.** UsageError if there is no device.
  static Context& current() {
    static Context context;
    context.select();
    return context;
  }

  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() {
    static_cast<void>(cudaStreamSynchronize(stream_));
    static_cast<void>(cublasLtDestroy(blas_));
    static_cast<void>(cudaStreamDestroy(stream_));
  }

  /// The number that CUDA gives the device.
  [[nodiscard]] int ordinal() const { return ordinal_; }
  /// For backends of precision::AtRunTime.
  precision::Choice precision = precision::Choice::Fp32;

  [[nodiscard]] cudaStream_t stream() const { return stream_; }
  [[nodiscard]] cublasLtHandle_t blas() const { return blas_; }
  [[nodiscard]] std::byte* workspace() const { return workspace_.get(); }
  static constexpr std::size_t workspace_bytes = std::size_t{64} << 20U;
  [[nodiscard]] std::size_t shared_limit() const { return shared_limit_; }

  /// Memory for intermediate results of one operation, valid until the next call. If the memory grows, the old memory
  /// is kept: a captured step goes on using its addresses.
  void* scratch(std::size_t bytes) { return grown(scratch_, scratch_bytes_, bytes); }
  /// Scratch memory for operands that an operation rounds for its products.
  void* packed_scratch(std::size_t bytes) { return grown(packed_, packed_bytes_, bytes); }
  /// Scratch memory for operands that a product rounds itself.
  void* converted(std::size_t bytes) { return grown(converted_, converted_bytes_, bytes); }
  /// Memory for the rounded copy `number` of WeightCopies; its content stays.
  void* weight_copy(std::size_t number, std::size_t bytes) {
    return grown(weights_.at(number), weights_bytes_.at(number), bytes);
  }

  /// @brief Copies n values to the device, converting. On return, the caller may change `from`.
  template <class From, class To>
  void upload(const From* from, std::ptrdiff_t n, To* to) {
    require_no_capture("upload");
    constexpr auto most = static_cast<std::ptrdiff_t>(Staging::bytes / sizeof(To));
    for (std::ptrdiff_t done = 0; done < n; done += most) {
      const std::ptrdiff_t part = std::min(most, n - done);
      Staging& staging = staging_[turn_++ % staging_.size()];
      auto* values = reinterpret_cast<To*>(staging.wait());
      if constexpr (std::is_same_v<From, To>)
        std::memcpy(values, from + done, static_cast<std::size_t>(part) * sizeof(To));
      else
        for (std::ptrdiff_t i = 0; i < part; ++i) values[i] = static_cast<To>(from[done + i]);
      check(cudaMemcpyAsync(to + done, values, static_cast<std::size_t>(part) * sizeof(To), cudaMemcpyHostToDevice,
                            stream_),
            "cudaMemcpyAsync to the device");
      staging.in_use(stream_);
    }
  }
  /// @brief Copies n values from the device, converting, after all earlier operations. Waits for the copy.
  template <class From, class To>
  void download(const From* from, std::ptrdiff_t n, To* to) {
    require_no_capture("download");
    constexpr auto most = static_cast<std::ptrdiff_t>(Staging::bytes / sizeof(From));
    for (std::ptrdiff_t done = 0; done < n; done += most) {
      const std::ptrdiff_t part = std::min(most, n - done);
      Staging& staging = staging_[turn_++ % staging_.size()];
      auto* values = reinterpret_cast<From*>(staging.wait());
      check(cudaMemcpyAsync(values, from + done, static_cast<std::size_t>(part) * sizeof(From), cudaMemcpyDeviceToHost,
                            stream_),
            "cudaMemcpyAsync from the device");
      staging.in_use(stream_);
      staging.wait();
      for (std::ptrdiff_t i = 0; i < part; ++i) to[done + i] = static_cast<To>(values[i]);
    }
  }

 private:
  Context() {
    int shared = 0;
    check(cudaGetDevice(&ordinal_), "cudaGetDevice");
    check(cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, ordinal_), "cudaDeviceGetAttribute");
    shared_limit_ = static_cast<std::size_t>(shared);
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    check(cublasLtCreate(&blas_), "cublasLtCreate");
    workspace_ = allocate_device(workspace_bytes);
  }

  void select() const {
    int device = 0;
    check(cudaGetDevice(&device), "cudaGetDevice");
    if (device != ordinal_) check(cudaSetDevice(ordinal_), "cudaSetDevice");
  }
  /// A copy through staging memory is not part of a captured step: a replay would copy what lies there then.
  void require_no_capture(const char* what) const {
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    check(cudaStreamIsCapturing(stream_, &status), "cudaStreamIsCapturing");
    if (status != cudaStreamCaptureStatusNone)
      throw Error(ErrorCode::Internal, std::string(what) +
                                           ": expected no capture, found one of a step; keep the values "
                                           "that a step needs in the backend's memory");
  }

  void* grown(DeviceMemory& memory, std::size_t& capacity, std::size_t bytes) {
    if (bytes > capacity) {
      const std::size_t wanted =
          std::max(bytes, 2 * capacity);  // doubling: the memory kept is less than the memory in use
      DeviceMemory larger = allocate_device(wanted);
      retired_.push_back(std::exchange(memory, std::move(larger)));
      capacity = wanted;
    }
    return memory.get();
  }

  int ordinal_ = 0;
  cudaStream_t stream_ = nullptr;
  cublasLtHandle_t blas_ = nullptr;
  std::size_t shared_limit_ = 0, scratch_bytes_ = 0, packed_bytes_ = 0, converted_bytes_ = 0;
  DeviceMemory workspace_, scratch_, packed_, converted_;
  std::array<DeviceMemory, WeightCopies::most> weights_;
  std::array<std::size_t, WeightCopies::most> weights_bytes_{};
  std::vector<DeviceMemory> retired_;
  std::array<Staging, 4> staging_;
  std::size_t turn_ = 0;
};

}  // namespace ctp::backend::cuda
