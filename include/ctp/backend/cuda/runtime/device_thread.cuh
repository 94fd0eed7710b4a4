/// @file   ctp/backend/cuda/runtime/device_thread.cuh
/// @brief  A kernel's thread on a device.
/// @layer  backend
#pragma once

#if !defined(__CUDACC__)
#error "ctp: a .cuh header was included from a file nvcc does not compile; include it from .cu files only"
#endif

#include <cstddef>
#include <cstdint>

#include <ctp/backend/cuda/kernel/thread.hpp>

namespace ctp::backend::cuda {

/// @brief KernelThread by CUDA's built-in variables. Host versions of the members exist only because kernel bodies also
/// compile for the host.
struct DeviceThread {
#if defined(__CUDA_ARCH__)
  [[nodiscard]] CTP_HD Index block() const { return static_cast<Index>(blockIdx.x); }
  [[nodiscard]] CTP_HD Index blocks() const { return static_cast<Index>(gridDim.x); }
  [[nodiscard]] CTP_HD int id() const { return static_cast<int>(threadIdx.x); }
  [[nodiscard]] CTP_HD int threads() const { return static_cast<int>(blockDim.x); }
  template <class T>
  [[nodiscard]] CTP_HD T* shared() const {
    extern __shared__ __align__(16) unsigned char memory[];
    return reinterpret_cast<T*>(memory);
  }
  CTP_HD void sync() const { __syncthreads(); }
  CTP_HD void sync_warp() const { __syncwarp(); }
  template <class T>
  [[nodiscard]] CTP_HD T shuffle_xor(T x, int mask) const {
    return __shfl_xor_sync(0xFFFFFFFFU, x, mask);
  }
  CTP_HD void mma(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) const {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
  CTP_HD void mma_tf32(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) const {
    asm volatile(
        "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
  }
  CTP_HD void load_matrices(const std::uint16_t* row, int offset, std::uint32_t (&words)[4]) const {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                 : "r"(static_cast<unsigned>(__cvta_generic_to_shared(row)) + 2U * static_cast<unsigned>(offset))
                 : "memory");
  }
  CTP_HD void load_transposed(const std::uint16_t* row, int offset, std::uint32_t (&words)[4]) const {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
                 : "r"(static_cast<unsigned>(__cvta_generic_to_shared(row)) + 2U * static_cast<unsigned>(offset))
                 : "memory");
  }
  CTP_HD void start_copy(void* to, const void* from, bool valid) const {
    asm volatile(
        "cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(to))),
        "l"(__cvta_generic_to_global(from)), "r"(valid ? 16 : 0)
        : "memory");
  }
  CTP_HD void commit_copies() const { asm volatile("cp.async.commit_group;" ::: "memory"); }
  template <int Behind>
  CTP_HD void wait_copies() const {
    asm volatile("cp.async.wait_group %0;" ::"n"(Behind) : "memory");
  }
#else
  [[nodiscard]] CTP_HD Index block() const { return 0; }
  [[nodiscard]] CTP_HD Index blocks() const { return 1; }
  [[nodiscard]] CTP_HD int id() const { return 0; }
  [[nodiscard]] CTP_HD int threads() const { return warp_size; }
  template <class T>
  [[nodiscard]] CTP_HD T* shared() const {
    return nullptr;
  }
  CTP_HD void sync() const {}
  CTP_HD void sync_warp() const {}
  template <class T>
  [[nodiscard]] CTP_HD T shuffle_xor(T x, int /*mask*/) const {
    return x;
  }
  CTP_HD void mma(float (&)[4], const std::uint32_t (&)[4], const std::uint32_t (&)[2]) const {}
  CTP_HD void mma_tf32(float (&)[4], const std::uint32_t (&)[4], const std::uint32_t (&)[2]) const {}
  CTP_HD void load_matrices(const std::uint16_t* /*row*/, int /*offset*/, std::uint32_t (&)[4]) const {}
  CTP_HD void load_transposed(const std::uint16_t* /*row*/, int /*offset*/, std::uint32_t (&)[4]) const {}
  CTP_HD void start_copy(void* /*to*/, const void* /*from*/, bool /*valid*/) const {}
  CTP_HD void commit_copies() const {}
  template <int Behind>
  CTP_HD void wait_copies() const {}
#endif
};
static_assert(KernelThread<DeviceThread>);

/// The entry point of all kernels; does nothing if `*skip_flag` is not 0. `static`: objects built for different
/// architectures keep kernels of their own.
template <class Body>
static __global__ void __launch_bounds__(threads_of<Body>(), least_blocks_of<Body>())
    run_body(const __grid_constant__ Body body, const std::int32_t* skip_flag) {
  if (skip_flag != nullptr && *skip_flag != 0) return;
  body(DeviceThread{});
}

}  // namespace ctp::backend::cuda
