#include <ctp/core/thread_probe.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <string>

#include <doctest/doctest.h>
#include <sanitizers.hpp>

#include <ctp/core/parallel.hpp>

TEST_CASE("thread probe: threads that the system can create pass, and none is left behind") {
  ctp::require_threads(1);  // the thread sanitizer starts a thread of its own beside the first one
  const std::size_t before = ctp::detail::counted_threads();
  ctp::require_threads(0);
  ctp::require_threads(20);
  CHECK(ctp::detail::counted_threads() == before);
}

#if !CTP_TEST_SANITIZED  // sanitizers reserve terabytes of addresses
TEST_CASE("thread probe: threads that cannot be created are a ResourceError, in a loop as well") {
  // In a child process: addresses for no more than a few stacks. A limit of processes would not bind root.
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit stack{8U << 20U, 8U << 20U};
    setrlimit(RLIMIT_STACK, &stack);
    const rlimit addresses{600U << 20U, 600U << 20U};
    setrlimit(RLIMIT_AS, &addresses);
    int right = 0;
    try {
      ctp::require_threads(1000);
    } catch (const ctp::ResourceError& error) {
      right += std::string(error.what()).starts_with("threads: expected 1000 more threads, found ") ? 1 : 0;
    }
#ifdef _OPENMP
    ctp::set_threads(1000);
    std::atomic<int> runs{0};
    try {
      ctp::parallel_for(1000, [&](std::ptrdiff_t) { ++runs; });
    } catch (const ctp::ResourceError&) {
      right += runs == 0 ? 1 : 0;
    }
#else
    ++right;
#endif
    _exit(right == 2 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif
