// Counts allocations. Replaces the allocation functions of the program: only one file of a program may include this.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "sanitizers.hpp"

#if CTP_TEST_SANITIZED || !defined(__GLIBC__)
#define CTP_TEST_COUNTS_MALLOC 0
#else
#define CTP_TEST_COUNTS_MALLOC 1
#endif

namespace test {
/// Number of allocations of this thread since its start.
inline std::uint64_t& allocations() {
  thread_local std::uint64_t calls = 0;
  return calls;
}
}  // namespace test

#if CTP_TEST_COUNTS_MALLOC
// The allocation functions of the C library, which operator new and Eigen call: each call is counted and passed on.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) noexcept {
  ++test::allocations();
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++test::allocations();
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) noexcept {
  ++test::allocations();
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++test::allocations();
  return __libc_memalign(alignment, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  ++test::allocations();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** to, std::size_t alignment, std::size_t size) noexcept {
  ++test::allocations();
  void* memory = __libc_memalign(alignment, size);
  if (memory == nullptr) return ENOMEM;
  *to = memory;
  return 0;
}
}
#endif
