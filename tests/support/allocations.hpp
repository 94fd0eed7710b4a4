// Allocations of a test program: how many there are, and which of them fails. The functions that count and fail are in
// count_allocations.hpp, which one file of the program includes.
#pragma once

#include <atomic>
#include <cstdint>

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
/// The number of this thread's allocation from which on all fail; 0: none fails.
inline std::uint64_t& failing_allocation() {
  thread_local std::uint64_t number = 0;
  return number;
}
/// Pieces of memory of all threads that are not freed.
inline std::atomic<std::int64_t>& live_allocations() {
  static std::atomic<std::int64_t> pieces{0};
  return pieces;
}

/// Counts an allocation. False if the allocation is to fail.
inline bool may_allocate() {
  ++allocations();
  return failing_allocation() == 0 || allocations() < failing_allocation();
}

/// Lets the allocations of this thread fail from the n-th one on, counted from 1, as long as the object lives.
class FailingAllocations {
 public:
  explicit FailingAllocations(std::uint64_t n) : begin_(allocations()) { failing_allocation() = begin_ + n; }
  FailingAllocations(const FailingAllocations&) = delete;
  FailingAllocations& operator=(const FailingAllocations&) = delete;
  ~FailingAllocations() { failing_allocation() = 0; }
  /// Whether one failed.
  [[nodiscard]] bool reached() const { return allocations() >= failing_allocation(); }

 private:
  std::uint64_t begin_;
};

}  // namespace test
