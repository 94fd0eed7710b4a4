/// @file   ctp/data/codec/stb.hpp
/// @brief  stb_image and stb_image_write with internal linkage, in namespace ctp::data::detail::stb.
/// @layer  data
///
/// A program may include its own copy of either header before or after this one: this header exports no symbol and
/// leaves no macro defined.
#pragma once

// Headers that stb includes. Including them here first keeps their declarations out of namespace stb.
#include <cassert>
#include <climits>
#include <cmath>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__) || defined(_M_X64)
#include <emmintrin.h>
#endif
#if defined(_MSC_VER)
#include <intrin.h>
#endif
#if defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace ctp::data::detail {

/// Largest single allocation that stb may make on this thread, bytes; the bound against decompression bombs.
inline thread_local std::size_t stb_allowance = 0;

/// Zeroed memory: pixels missing from a damaged file are black, not uninitialised.
inline void* stb_allocate(std::size_t size) { return size > stb_allowance ? nullptr : std::calloc(1, size); }
inline void* stb_reallocate(void* old, std::size_t size) {
  return size > stb_allowance ? nullptr : std::realloc(old, size);
}

}  // namespace ctp::data::detail

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#pragma float_control(push)
#pragma clang fp contract(off)
// Coefficients of damaged files overflow. stb clamps the results afterwards, so any value will do.
#pragma clang attribute push(__attribute__((no_sanitize("undefined"))), apply_to = function)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wuseless-cast"
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wduplicated-branches"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC push_options
// wrapv: coefficients of damaged files overflow. fp-contract=off: fused multiply-add would round the encoder's sums
// differently and so write other bytes on machines that have it.
#pragma GCC optimize("wrapv", "fp-contract=off")
#endif

// Macros left defined by a copy of stb included earlier.
#include <ctp/data/codec/stb_undef.inc>
// stb_image declares these functions extern "C", so a namespace does not separate them: rename ours.
#define stbi_convert_iphone_png_to_rgb ctp_stbi_convert_iphone_png_to_rgb
#define stbi_convert_iphone_png_to_rgb_thread ctp_stbi_convert_iphone_png_to_rgb_thread
#define stbi_convert_wchar_to_utf8 ctp_stbi_convert_wchar_to_utf8
#define stbi_failure_reason ctp_stbi_failure_reason
#define stbi_hdr_to_ldr_gamma ctp_stbi_hdr_to_ldr_gamma
#define stbi_hdr_to_ldr_scale ctp_stbi_hdr_to_ldr_scale
#define stbi_image_free ctp_stbi_image_free
#define stbi_info ctp_stbi_info
#define stbi_info_from_callbacks ctp_stbi_info_from_callbacks
#define stbi_info_from_file ctp_stbi_info_from_file
#define stbi_info_from_memory ctp_stbi_info_from_memory
#define stbi_is_16_bit ctp_stbi_is_16_bit
#define stbi_is_16_bit_from_callbacks ctp_stbi_is_16_bit_from_callbacks
#define stbi_is_16_bit_from_file ctp_stbi_is_16_bit_from_file
#define stbi_is_16_bit_from_memory ctp_stbi_is_16_bit_from_memory
#define stbi_is_hdr ctp_stbi_is_hdr
#define stbi_is_hdr_from_callbacks ctp_stbi_is_hdr_from_callbacks
#define stbi_is_hdr_from_file ctp_stbi_is_hdr_from_file
#define stbi_is_hdr_from_memory ctp_stbi_is_hdr_from_memory
#define stbi_ldr_to_hdr_gamma ctp_stbi_ldr_to_hdr_gamma
#define stbi_ldr_to_hdr_scale ctp_stbi_ldr_to_hdr_scale
#define stbi_load ctp_stbi_load
#define stbi_load_16 ctp_stbi_load_16
#define stbi_load_16_from_callbacks ctp_stbi_load_16_from_callbacks
#define stbi_load_16_from_memory ctp_stbi_load_16_from_memory
#define stbi_load_from_callbacks ctp_stbi_load_from_callbacks
#define stbi_load_from_file ctp_stbi_load_from_file
#define stbi_load_from_file_16 ctp_stbi_load_from_file_16
#define stbi_load_from_memory ctp_stbi_load_from_memory
#define stbi_load_gif_from_memory ctp_stbi_load_gif_from_memory
#define stbi_loadf ctp_stbi_loadf
#define stbi_loadf_from_callbacks ctp_stbi_loadf_from_callbacks
#define stbi_loadf_from_file ctp_stbi_loadf_from_file
#define stbi_loadf_from_memory ctp_stbi_loadf_from_memory
#define stbi_set_flip_vertically_on_load ctp_stbi_set_flip_vertically_on_load
#define stbi_set_flip_vertically_on_load_thread ctp_stbi_set_flip_vertically_on_load_thread
#define stbi_set_unpremultiply_on_load ctp_stbi_set_unpremultiply_on_load
#define stbi_set_unpremultiply_on_load_thread ctp_stbi_set_unpremultiply_on_load_thread
#define stbi_zlib_decode_buffer ctp_stbi_zlib_decode_buffer
#define stbi_zlib_decode_malloc ctp_stbi_zlib_decode_malloc
#define stbi_zlib_decode_malloc_guesssize ctp_stbi_zlib_decode_malloc_guesssize
#define stbi_zlib_decode_malloc_guesssize_headerflag ctp_stbi_zlib_decode_malloc_guesssize_headerflag
#define stbi_zlib_decode_noheader_buffer ctp_stbi_zlib_decode_noheader_buffer
#define stbi_zlib_decode_noheader_malloc ctp_stbi_zlib_decode_noheader_malloc
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_MAX_DIMENSIONS (1 << 28)
#define STBI_ASSERT(x) ((void)0)
#define STBI_MALLOC(size) ctp::data::detail::stb_allocate(size)
#define STBI_REALLOC(old, size) ctp::data::detail::stb_reallocate(old, size)
#define STBI_FREE(old) std::free(old)
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO

namespace ctp::data::detail::stb {
#if __has_include(<stb_image.h>)
#include <stb_image.h>
#include <stb_image_write.h>
#else
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#endif
}  // namespace ctp::data::detail::stb

// Leaves no macro defined for a copy of stb included later.
#undef stbi_convert_iphone_png_to_rgb
#undef stbi_convert_iphone_png_to_rgb_thread
#undef stbi_convert_wchar_to_utf8
#undef stbi_failure_reason
#undef stbi_hdr_to_ldr_gamma
#undef stbi_hdr_to_ldr_scale
#undef stbi_image_free
#undef stbi_info
#undef stbi_info_from_callbacks
#undef stbi_info_from_file
#undef stbi_info_from_memory
#undef stbi_is_16_bit
#undef stbi_is_16_bit_from_callbacks
#undef stbi_is_16_bit_from_file
#undef stbi_is_16_bit_from_memory
#undef stbi_is_hdr
#undef stbi_is_hdr_from_callbacks
#undef stbi_is_hdr_from_file
#undef stbi_is_hdr_from_memory
#undef stbi_ldr_to_hdr_gamma
#undef stbi_ldr_to_hdr_scale
#undef stbi_load
#undef stbi_load_16
#undef stbi_load_16_from_callbacks
#undef stbi_load_16_from_memory
#undef stbi_load_from_callbacks
#undef stbi_load_from_file
#undef stbi_load_from_file_16
#undef stbi_load_from_memory
#undef stbi_load_gif_from_memory
#undef stbi_loadf
#undef stbi_loadf_from_callbacks
#undef stbi_loadf_from_file
#undef stbi_loadf_from_memory
#undef stbi_set_flip_vertically_on_load
#undef stbi_set_flip_vertically_on_load_thread
#undef stbi_set_unpremultiply_on_load
#undef stbi_set_unpremultiply_on_load_thread
#undef stbi_zlib_decode_buffer
#undef stbi_zlib_decode_malloc
#undef stbi_zlib_decode_malloc_guesssize
#undef stbi_zlib_decode_malloc_guesssize_headerflag
#undef stbi_zlib_decode_noheader_buffer
#undef stbi_zlib_decode_noheader_malloc
#include <ctp/data/codec/stb_undef.inc>

#if defined(__clang__)
#pragma clang attribute pop
#pragma float_control(pop)
#pragma clang diagnostic pop
#elif defined(__GNUC__)
#pragma GCC pop_options
#pragma GCC diagnostic pop
#endif
