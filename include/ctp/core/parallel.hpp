/// @file   ctp/core/parallel.hpp
/// @brief  Parallel loops on the host. All compute threads of the host start here, by OpenMP.
/// @layer  core
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace ctp {

namespace detail {
inline std::atomic<int>& thread_count() {
#ifdef _OPENMP
  static std::atomic<int> count{omp_get_max_threads()};
#else
  static std::atomic<int> count{1};
#endif
  return count;
}
}  // namespace detail

/// Number of compute threads. Results do not depend on this number.
inline int threads() { return detail::thread_count().load(std::memory_order_relaxed); }

/// Sets threads(); numbers below 1 mean 1. Without OpenMP there is always one thread.
inline void set_threads([[maybe_unused]] int count) {
#ifdef _OPENMP
  detail::thread_count().store(count < 1 ? 1 : count, std::memory_order_relaxed);
#endif
}

/// @brief Parallel loop: calls body(i) for every i in [0, count), on several threads, in any order.
///
/// Results have the same bits for any number of threads if body(i) depends on i alone and no two iterations write to
/// the same place. A nested loop runs on the calling thread. **Errors.** Rethrows the first exception of an iteration:
/// with several threads after all iterations have ended, with one thread at once.
template <class Body>
void parallel_for(std::ptrdiff_t count, const Body& body) {
#ifdef _OPENMP
  if (count > 1 && threads() > 1 && omp_in_parallel() == 0) {
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
