/// @file   ctp/config.hpp
/// @brief  All macros of the library.
#pragma once

#if defined(__CUDACC__)
#define CTP_HD __host__ __device__  ///< callable on host and device
#else
#define CTP_HD
#endif

#if defined(__CUDA_ARCH__)
#define CTP_UNROLL _Pragma("unroll")
#define CTP_KEEP_LOOP _Pragma("unroll 1")
#elif defined(__GNUC__) && !defined(__CUDACC__)
#define CTP_UNROLL _Pragma("GCC unroll 16")  ///< unrolls the next loop, which has few iterations
#define CTP_KEEP_LOOP                        ///< does not unroll the next loop: its body fills a thread's registers
#else
#define CTP_UNROLL
#define CTP_KEEP_LOOP
#endif

// Empty for clang, which warns (-Wpass-failed) about a loop with `omp simd` that it cannot vectorise.
#define CTP_PRAGMA(text) _Pragma(#text)
#if defined(_OPENMP) && !defined(__CUDACC__) && !defined(__clang__)
#define CTP_SIMD CTP_PRAGMA(omp simd)  ///< the next loop's iterations are independent
#define CTP_SIMD_SUM(variable) CTP_PRAGMA(omp simd reduction(+ : variable))    ///< ... except for a sum in `variable`
#define CTP_SIMD_MAX(variable) CTP_PRAGMA(omp simd reduction(max : variable))  ///< ... a maximum
#else
#define CTP_SIMD
#define CTP_SIMD_SUM(variable)
#define CTP_SIMD_MAX(variable)
#endif

#if defined(__GNUC__) && !defined(__CUDACC__)
#define CTP_INLINE inline __attribute__((always_inline))  ///< for an inner loop: its values stay in registers
#else
#define CTP_INLINE inline
#endif

/// 1 if backend/cpu/kernel.hpp has a matrix product: needs vector extensions and registers of 32 bytes.
#if defined(__GNUC__) && !defined(__CUDACC__) && (defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__)))
#define CTP_HAS_KERNEL 1
#else
#define CTP_HAS_KERNEL 0
#endif
