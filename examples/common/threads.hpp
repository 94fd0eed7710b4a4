/// @file   threads.hpp
/// @brief  Ranges of options, and the numbers of threads of a program.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <ctp/core/error.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/quoted.hpp>
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

/// The first of the whole numbers, separated by commas, that OMP_NUM_THREADS may have: one for each level of nesting.
/// nullopt for another text.
inline std::optional<int> first_of_list(std::string_view list) {
  std::optional<int> first;
  const auto skip_spaces = [&] { list.remove_prefix(std::min(list.find_first_not_of(" \t\n"), list.size())); };
  while (true) {
    skip_spaces();
    int number = 0;
    const auto [stop, error] = std::from_chars(list.data(), list.data() + list.size(), number);
    if (error != std::errc() || number < 1) return std::nullopt;
    if (!first) first = number;
    list.remove_prefix(static_cast<std::size_t>(stop - list.data()));
    skip_spaces();
    if (list.empty()) return first;
    if (list.front() != ',') return std::nullopt;
    list.remove_prefix(1);
  }
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
  if (const char* wanted = std::getenv("OMP_NUM_THREADS"); threads == 0 && wanted != nullptr)
    if (const std::optional<int> first = first_of_list(wanted); !first || *first > ctp::max_threads)
      throw ctp::UsageError(ctp::Complaint{"OMP_NUM_THREADS in the environment", "",
                                           "a whole number from 1 to " + std::to_string(ctp::max_threads),
                                           ctp::quoted(wanted), "change it or give --threads"}
                                .text());
#endif
  if (threads > 0) ctp::set_threads(threads);
  ctp::require_threads(ctp::threads() - 1 + workers);
}

}  // namespace examples
