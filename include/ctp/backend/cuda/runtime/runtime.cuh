/// @file   ctp/backend/cuda/runtime/runtime.cuh
/// @brief  Memory, launches and matrix products on a device: the Runtime of Operations.
/// @layer  backend
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <ctp/backend/cuda/kernel/skip_flag.hpp>
#include <ctp/backend/cuda/kernel/weight_copies.hpp>
#include <ctp/backend/cuda/runtime/capture.cuh>
#include <ctp/backend/cuda/runtime/context.cuh>
#include <ctp/backend/cuda/runtime/copy_stream.cuh>
#include <ctp/backend/cuda/runtime/device_thread.cuh>
#include <ctp/backend/cuda/runtime/input_queue.hpp>
#include <ctp/backend/cuda/runtime/product.cuh>

namespace ctp::backend::cuda {

/// @brief The kernel runtime of a device. All work runs on Context::current(), in the order of the calls.
template <class Precision>
struct DeviceRuntime {
  using Block = DeviceMemory;
  using Capture = cuda::Capture;
  using InputQueue = cuda::InputQueue<CopyStream>;

  static Block allocate(std::size_t bytes) {
    static_cast<void>(Context::current());  // selects the device
    return allocate_device(bytes);
  }
  template <class T>
  static void zero(T* p, std::ptrdiff_t n) {
    if (SkipFlag::flag() != nullptr)
      launch_each<DeviceRuntime>(n, kernel::ZeroEach<T>{p});
    else if (n > 0)
      check(cudaMemsetAsync(p, 0, static_cast<std::size_t>(n) * sizeof(T), Context::current().stream()),
            "cudaMemsetAsync");
  }
  template <class T>
  static void copy(const T* from, std::ptrdiff_t n, T* to) {
    if (SkipFlag::flag() != nullptr)
      launch_each<DeviceRuntime>(n, kernel::CopyEach<T>{from, to});
    else if (n > 0)
      check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(n) * sizeof(T), cudaMemcpyDeviceToDevice,
                            Context::current().stream()),
            "cudaMemcpyAsync");
  }
  template <class From, class To>
  static void upload(const From* from, std::ptrdiff_t n, To* to) {
    SkipFlag::require_open("upload");
    Context::current().upload(from, n, to);
  }
  template <class From, class To>
  static void download(const From* from, std::ptrdiff_t n, To* to) {
    SkipFlag::require_open("download");
    Context::current().download(from, n, to);
  }

  static void* scratch(std::size_t bytes) { return Context::current().scratch(bytes); }
  static void* packed_scratch(std::size_t bytes) { return Context::current().packed_scratch(bytes); }
  static void* weight_copy(std::size_t number, std::size_t bytes) {
    return Context::current().weight_copy(number, bytes);
  }
  static std::size_t shared_limit() { return Context::current().shared_limit(); }
  static bool rounds_operands() { return multiplies_in<precision::Bf16>(precision::Choice::Bf16); }
  static bool multiplies_in_tf32() { return multiplies_in<precision::Tf32>(precision::Choice::Tf32); }

  template <class Body>
  static void launch(Index blocks, int threads, std::size_t shared, const Body& body) {
    constexpr std::size_t default_limit = std::size_t{48} * 1024;
    const cudaStream_t stream = Context::current().stream();
    if (shared > default_limit)  // set at each launch: every object file has a kernel of its own, with its own limit
      check(cudaFuncSetAttribute(run_body<Body>, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared)),
            "cudaFuncSetAttribute");
    run_body<Body>
        <<<static_cast<unsigned>(blocks), static_cast<unsigned>(threads), shared, stream>>>(body, SkipFlag::flag());
    check(cudaGetLastError(), "kernel launch");
  }

  /// As SkipFlag::skip_if().
  template <class Work>
  static void skip_if(const std::int32_t* skip_flag, const Work& work) {
    SkipFlag::skip_if(skip_flag, work);
  }

  static void matrix_product(const MatrixProduct<float>& asked) {
    const MatrixProduct<float> p = with_weight_copies<DeviceRuntime>(asked);
    if (SkipFlag::flag() == nullptr) return run_product(p);
    // cuBLASLt ignores the skip flag: the product goes to scratch memory, and a kernel that reads the flag copies it.
    MatrixProduct<float> temporary = p;
    temporary.d = static_cast<float*>(scratch(static_cast<std::size_t>(p.m * p.n) * sizeof(float)));
    temporary.packed_d = nullptr;
    temporary.packed_bias = nullptr;
    if (temporary.c == nullptr) temporary.c = p.d;
    run_product(temporary);
    if (p.packed_d != nullptr)
      launch_each<DeviceRuntime>(p.m * p.n, kernel::Pack<float>{temporary.d, {p.packed_d, rounds_operands()}});
    else
      copy(temporary.d, p.m * p.n, p.d);
  }
  /// The precision of the next products.
  static std::uint32_t numbers()
    requires std::is_same_v<Precision, precision::AtRunTime>
  {
    return static_cast<std::uint32_t>(Context::current().precision);
  }

 private:
  static void run_product(const MatrixProduct<float>& p) {
    if (p.single)
      Product<precision::Fp32>::template run<DeviceRuntime>(p);
    else
      Product<Precision>::template run<DeviceRuntime>(p);
  }
  template <class Asked>
  static bool multiplies_in(precision::Choice asked) {
    if constexpr (std::is_same_v<Precision, precision::AtRunTime>)
      return Context::current().precision == asked;
    else
      return std::is_same_v<Precision, Asked>;
  }
};

}  // namespace ctp::backend::cuda
