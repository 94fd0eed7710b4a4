#include <ctp/core/parallel.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace {
class Threads {
 public:
  explicit Threads(int count) : before_(ctp::threads()) { ctp::set_threads(count); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { ctp::set_threads(before_); }

 private:
  int before_;
};
}  // namespace

TEST_CASE("parallel: every iteration runs exactly once, with any number of threads") {
  for (const int threads : {1, 2, 5})
    for (const std::ptrdiff_t count : {0, 1, 2, 1000}) {
      const Threads use(threads);
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
      ctp::parallel_for(count, [&](std::ptrdiff_t i) { ++runs.at(static_cast<std::size_t>(i)); });
      for (const auto& n : runs) CHECK(n == 1);
    }
}

TEST_CASE("parallel: an exception of an iteration is rethrown to the caller") {
  for (const int threads : {1, 3}) {
    const Threads use(threads);
    std::atomic<int> turns{0};
    CHECK_THROWS_WITH_AS(ctp::parallel_for(100,
                                           [&](std::ptrdiff_t i) {
                                             if (i == 7) throw std::out_of_range("turn 7");
                                             ++turns;
                                           }),
                         "turn 7", std::out_of_range);
    const bool several = ctp::threads() > 1;
    CHECK(turns == (several ? 99 : 7));  // one thread starts no iteration after the exception
    int later = 0;
    ctp::parallel_for(1, [&](std::ptrdiff_t) { ++later; });
    CHECK(later == 1);
  }
}

TEST_CASE("parallel: a nested call runs on the thread that made it") {
  const Threads use(3);
  std::mutex guard;
  std::set<std::pair<std::ptrdiff_t, std::thread::id>> inner;
  ctp::parallel_for(4, [&](std::ptrdiff_t i) {
    const auto outer = std::this_thread::get_id();
    ctp::parallel_for(50, [&](std::ptrdiff_t) {
      const std::lock_guard<std::mutex> lock(guard);
      inner.insert({i, std::this_thread::get_id()});
      if (std::this_thread::get_id() != outer) throw std::logic_error("another thread");
    });
  });
  CHECK(inner.size() == 4);
}

#ifdef _OPENMP
TEST_CASE("parallel: with two threads two iterations run at the same time") {
  const Threads use(2);
  std::atomic<int> inside{0};
  std::atomic<bool> met{false};
  ctp::parallel_for(2, [&](std::ptrdiff_t) {
    ++inside;
    for (int i = 0; i < 100'000'000 && !met; ++i)
      if (inside == 2) met = true;
  });
  CHECK(met);
}
#endif

TEST_CASE("parallel: blocks cover the range without overlap, with boundaries that depend on the lengths alone") {
  using Borders = std::set<std::pair<std::ptrdiff_t, std::ptrdiff_t>>;
  for (const int threads : {1, 2, 3}) {
    const Threads use(threads);
    std::mutex guard;
    const auto borders = [&](std::ptrdiff_t count, std::ptrdiff_t block) {
      Borders seen;
      ctp::parallel_blocks(count, block, [&](std::ptrdiff_t begin, std::ptrdiff_t end) {
        const std::lock_guard<std::mutex> lock(guard);
        CHECK(seen.insert({begin, end}).second);
      });
      return seen;
    };
    CHECK(borders(10, 4) == Borders{{0, 4}, {4, 8}, {8, 10}});
    CHECK(borders(8, 4) == Borders{{0, 4}, {4, 8}});
    CHECK(borders(3, 4) == Borders{{0, 3}});
    CHECK(borders(0, 4).empty());
  }
}

TEST_CASE("parallel: a number of threads below one means one") {
  const Threads keep(ctp::threads());
  ctp::set_threads(0);
  CHECK(ctp::threads() == 1);
  ctp::set_threads(-5);
  CHECK(ctp::threads() == 1);
}

TEST_CASE("parallel: more threads than the limit are refused with the range, and the number stays as it was") {
  const Threads keep(ctp::threads());
  ctp::set_threads(1);
  for (const int count : {1025, 50000, 100000, 2147483647})
    CHECK_THROWS_WITH_AS(ctp::set_threads(count), doctest::Contains("from 1 to 1024, found "), ctp::UsageError);
  CHECK(ctp::threads() == 1);
}
