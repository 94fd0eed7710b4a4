/// @file   ctp/core/parallel.hpp
/// @brief  Parallel loops on the host. All compute threads of the host start here, by OpenMP.
/// @layer  core
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/core/thread_probe.hpp>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace ctp {

inline constexpr int max_threads = 1024;  ///< largest number of compute threads

namespace detail {
inline std::atomic<int>& thread_count() {
#ifdef _OPENMP
  static std::atomic<int> count{omp_get_max_threads() < max_threads ? omp_get_max_threads() : max_threads};
#else
  static std::atomic<int> count{1};
#endif
  return count;
}

/// Tests once for each higher number that the system can create the threads of a loop. The calling thread is one.
inline void probe_threads(int count) {
  static std::atomic<int> probed{1};
  static std::mutex guard;
  if (count <= probed.load(std::memory_order_acquire)) return;
  const std::lock_guard<std::mutex> lock(guard);
  const int before = probed.load(std::memory_order_relaxed);
  if (count <= before) return;
  require_threads(count - 1);
  probed.store(count, std::memory_order_release);
}
}  // namespace detail

/// Number of compute threads. At first OpenMP's default: OMP_NUM_THREADS or all cores, at most max_threads. Results do
/// not depend on this number.
inline int threads() { return detail::thread_count().load(std::memory_order_relaxed); }

/// @brief Sets threads(); numbers below 1 mean 1. Without OpenMP there is always one thread.
/// **Errors.** UsageError above max_threads.
inline void set_threads(int count) {
  if (count > max_threads)
    throw UsageError(Complaint{"threads", "", "a number from 1 to " + std::to_string(max_threads),
                               std::to_string(count), "more threads than cores do not help"}
                         .text());
#ifdef _OPENMP
  detail::thread_count().store(count < 1 ? 1 : count, std::memory_order_relaxed);
#endif
}

/// @brief Parallel loop: calls body(i) for every i in [0, count), on several threads, in any order.
///
/// Results have the same bits for any number of threads if body(i) depends on i alone and no two iterations write to
/// the same place. A nested loop runs on the calling thread. **Errors.** Rethrows the first exception of an iteration:
/// with several threads after all iterations have ended, with one thread at once. ResourceError if the system cannot
/// create the threads.
template <class Body>
void parallel_for(std::ptrdiff_t count, const Body& body) {
#ifdef _OPENMP
  if (count > 1 && threads() > 1 && omp_in_parallel() == 0) {
    detail::probe_threads(threads());
    std::exception_ptr failure;
    std::mutex guard;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads())
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(guard);
        if (!failure) failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
    return;
  }
#endif
  for (std::ptrdiff_t i = 0; i < count; ++i) body(i);
}

/// @brief Parallel loop over blocks: calls body(begin, end) for consecutive blocks of [0, count) of at most `block`
/// elements.
///
/// The boundaries of the blocks depend on `count` and `block` only. **Errors.** as parallel_for().
template <class Body>
void parallel_blocks(std::ptrdiff_t count, std::ptrdiff_t block, const Body& body) {
  parallel_for((count + block - 1) / block, [&](std::ptrdiff_t i) {
    const std::ptrdiff_t begin = i * block;
    body(begin, begin + block < count ? begin + block : count);
  });
}

}  // namespace ctp
