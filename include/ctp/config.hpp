/// @file   ctp/config.hpp
/// @brief  Every macro of the library.
#pragma once

#if defined(__CUDACC__)
#define CTP_HD __host__ __device__  ///< callable on host and device
#else
#define CTP_HD
#endif

#if defined(__CUDA_ARCH__)
#define CTP_UNROLL _Pragma("unroll")
#elif defined(__GNUC__) && !defined(__CUDACC__)
#define CTP_UNROLL _Pragma("GCC unroll 16")  ///< the next loop has few turns; write them out
#else
#define CTP_UNROLL
#endif

// clang warns (-Wpass-failed) where it cannot vectorise what it is asked to, so it is not asked.
#define CTP_PRAGMA(text) _Pragma(#text)
#if defined(_OPENMP) && !defined(__CUDACC__) && !defined(__clang__)
#define CTP_SIMD CTP_PRAGMA(omp simd)                                        ///< the next loop's turns are independent
#define CTP_SIMD_SUM(variable) CTP_PRAGMA(omp simd reduction(+ : variable))  ///< ... but that they add to `variable`
#define CTP_SIMD_MAX(variable) CTP_PRAGMA(omp simd reduction(max : variable))
#else
#define CTP_SIMD
#define CTP_SIMD_SUM(variable)
#define CTP_SIMD_MAX(variable)
#endif

#if defined(__GNUC__) && !defined(__CUDACC__)
#define CTP_INLINE inline __attribute__((always_inline))  ///< a piece of an inner loop: its values stay in registers
#else
#define CTP_INLINE inline
#endif

/// Whether backend/cpu/kernel.hpp offers a product: not without vector extensions and registers of 32 bytes.
#if defined(__GNUC__) && !defined(__CUDACC__) && (defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__)))
#define CTP_HAS_KERNEL 1
#else
#define CTP_HAS_KERNEL 0
#endif
