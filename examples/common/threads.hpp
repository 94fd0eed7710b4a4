/// @file   threads.hpp
/// @brief  Ranges of options, and the numbers of threads of a program.
#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

#include <cstdint>
#include <cstdlib>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/thread_probe.hpp>
#include <ctp/data/loader/loader_options.hpp>

namespace examples {

/// Requires low <= value <= high. **Errors.** UsageError naming the option and its range.
inline void require_range(const char* option, std::int64_t value, std::int64_t low, std::int64_t high,
                          const char* remedy = "see --help") {
  if (value >= low && value <= high) return;
  throw ctp::UsageError(ctp::Complaint{option, "",
                                       "a whole number from " + std::to_string(low) + " to " + std::to_string(high),
                                       std::to_string(value), remedy}
                            .text());
}

/// @brief Sets the number of threads for computing (0: all cores, or OMP_NUM_THREADS), and requires that the system can
/// run these threads and `workers` more.
///
/// Call this function before anything is written. **Errors.** UsageError naming the option and its range, or
/// OMP_NUM_THREADS; ResourceError if the system refuses the threads.
inline void use_threads(int threads, int workers) {
  require_range("--threads", threads, 0, ctp::max_threads, "leave the option out, or give 0, to use all cores");
  require_range("--workers", workers, 0, ctp::data::max_workers, "leave the option out for 1");
#ifdef _OPENMP
  if (const char* wanted = std::getenv("OMP_NUM_THREADS");
      threads == 0 && wanted != nullptr && omp_get_max_threads() > ctp::max_threads)
    throw ctp::UsageError(ctp::Complaint{"OMP_NUM_THREADS in the environment", "",
                                         "a whole number from 1 to " + std::to_string(ctp::max_threads), wanted,
                                         "change it or give --threads"}
                              .text());
#endif
  if (threads > 0) ctp::set_threads(threads);
  ctp::require_threads(ctp::threads() - 1 + workers);
}

}  // namespace examples
