// Counts allocations, and lets some fail: see allocations.hpp. Replaces the allocation functions of the program: only
// one file of a program may include this.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "allocations.hpp"

#if CTP_TEST_COUNTS_MALLOC
// The allocation functions of the C library, which operator new and Eigen call: each call is counted and passed on.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace test {
/// Calls allocate() unless this allocation is to fail. `replaces`: it takes the place of another piece of memory.
template <class Allocate>
void* counted(bool replaces, const Allocate& allocate) noexcept {
  if (!may_allocate()) {
    errno = ENOMEM;
    return nullptr;
  }
  void* const memory = allocate();
  if (memory != nullptr && !replaces) ++live_allocations();
  return memory;
}
}  // namespace test

extern "C" {
void* malloc(std::size_t size) noexcept {
  return test::counted(false, [=] { return __libc_malloc(size); });
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  return test::counted(false, [=] { return __libc_calloc(count, size); });
}
void* realloc(void* old, std::size_t size) noexcept {
  return test::counted(old != nullptr, [=] { return __libc_realloc(old, size); });
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return test::counted(false, [=] { return __libc_memalign(alignment, size); });
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  return test::counted(false, [=] { return __libc_memalign(alignment, size); });
}
int posix_memalign(void** to, std::size_t alignment, std::size_t size) noexcept {
  void* const memory = test::counted(false, [=] { return __libc_memalign(alignment, size); });
  if (memory == nullptr) return ENOMEM;
  *to = memory;
  return 0;
}
void free(void* memory) noexcept {
  if (memory != nullptr) --test::live_allocations();
  __libc_free(memory);
}
}
#endif
