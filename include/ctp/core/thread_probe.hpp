/// @file   ctp/core/thread_probe.hpp
/// @brief  Test that the system can create a number of threads, before a run-time library ends the process over it.
/// @layer  core
#pragma once

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp {

namespace detail {

/// Threads of this process that the kernel still counts; 0 where /proc does not say it.
inline std::size_t counted_threads() {
  struct stat folder{};
  return stat("/proc/self/task", &folder) == 0 && folder.st_nlink > 2 ? folder.st_nlink - 2 : 0;
}

}  // namespace detail

/// @brief Requires that the system can run `wanted` more threads at the same time: starts and ends that many.
///
/// OpenMP's run-time library ends the process when a thread cannot be created; this function throws before.
/// **Errors.** ResourceError with the number that could be created.
[[gnu::cold]] inline void require_threads(int wanted) {
  const std::size_t before = detail::counted_threads();
  std::atomic<bool> done{false};
  const auto wait = +[](void* flag) -> void* {
    static_cast<std::atomic<bool>*>(flag)->wait(false);
    return nullptr;
  };
  std::vector<pthread_t> started;
  started.reserve(wanted > 0 ? static_cast<std::size_t>(wanted) : 0);  // no exception once threads wait
  int error = 0;
  for (int i = 0; i < wanted && error == 0; ++i) {
    pthread_t thread{};
    error = pthread_create(&thread, nullptr, wait, &done);
    if (error == 0) started.push_back(thread);
  }
  done = true;
  done.notify_all();
  for (const pthread_t thread : started) pthread_join(thread, nullptr);
  // A joined thread counts until the kernel has released it: threads created meanwhile could still be refused.
  for (int i = 0; i < 1000 && before > 0 && detail::counted_threads() > before; ++i) usleep(50);
  if (error == 0) return;
  throw ResourceError(Complaint{"threads", "", std::to_string(wanted) + " more threads",
                                std::to_string(started.size()) + " (" + std::strerror(error) + ")",
                                "use fewer threads or workers, or raise the system's limit of processes or memory"}
                          .text());
}

}  // namespace ctp
