#include <ctp/backend/cuda/runtime/algorithm_cache.hpp>

#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

namespace {

using Cache = ctp::backend::cuda::AlgorithmCache<int, int>;

/// Candidates 7, 8 and 9, of which 8 is the fastest, with a count of the calls.
struct Maker {
  int offers = 0, runs = 0;

  int find(Cache& cache, int key) {
    return *cache.find(
        key,
        [this] {
          ++offers;
          return std::vector<int>{7, 8, 9};
        },
        [this](int algorithm) {
          ++runs;
          return algorithm == 8 ? 0.5 : 1.0;
        });
  }
};

}  // namespace

TEST_CASE("algorithm cache: without measuring, the first candidate is used and nothing is timed") {
  Cache cache;
  Maker maker;
  CHECK(maker.find(cache, 1) == 7);
  CHECK(maker.offers == 1);
  CHECK(maker.runs == 0);
}

TEST_CASE("algorithm cache: with measuring, the fastest candidate is used, of equal times the first") {
  Cache cache;
  cache.measure = true;
  Maker maker;
  CHECK(maker.find(cache, 1) == 8);
  CHECK(maker.runs == 3);
  const auto offer = [] { return std::vector<int>{4, 5, 6}; };
  CHECK(*cache.find(2, offer, [](int) { return 1.0; }) == 4);
}

TEST_CASE("algorithm cache: a single candidate is not timed") {
  Cache cache;
  cache.measure = true;
  const auto offer = [] { return std::vector<int>{3}; };
  CHECK(*cache.find(1, offer, [](int) -> double { throw std::logic_error("timed"); }) == 3);
}

TEST_CASE("algorithm cache: candidates are requested once for each key, and pointers stay valid") {
  Cache cache;
  Maker maker;
  const auto offer = [] { return std::vector<int>{7}; };
  const auto seconds = [](int) { return 1.0; };
  const int* first = cache.find(0, offer, seconds);
  for (int key = 1; key < 100; ++key) maker.find(cache, key);
  for (int key = 1; key < 100; ++key) maker.find(cache, key);
  CHECK(maker.offers == 99);
  CHECK(cache.size() == 100);
  CHECK(cache.find(0, offer, seconds) == first);
  cache.measure = true;  // earlier choices stay
  CHECK(maker.find(cache, 1) == 7);
}

TEST_CASE("algorithm cache: that there is no candidate is stored, and another key's choice is not affected") {
  Cache cache;
  cache.measure = true;
  int offers = 0;
  const auto offer = [&] {
    ++offers;
    return std::vector<int>{};
  };
  const auto seconds = [](int) -> double { throw std::logic_error("timed"); };
  CHECK(cache.find(1, offer, seconds) == nullptr);
  CHECK(cache.find(1, offer, seconds) == nullptr);
  CHECK(offers == 1);
  CHECK(cache.size() == 1);
  Maker maker;
  CHECK(maker.find(cache, 2) == 8);
  CHECK(cache.find(1, offer, seconds) == nullptr);
}

TEST_CASE("algorithm cache: after an exception nothing is stored") {
  Cache cache;
  cache.measure = true;
  const auto offer = [] { return std::vector<int>{7, 8}; };
  CHECK_THROWS_AS(cache.find(1, offer, [](int) -> double { throw std::runtime_error("timing failed"); }),
                  std::runtime_error);
  CHECK_THROWS_AS(cache.find(
                      1, []() -> std::vector<int> { throw std::runtime_error("no offer"); }, [](int) { return 1.0; }),
                  std::runtime_error);
  CHECK(cache.size() == 0);
  Maker maker;
  CHECK(maker.find(cache, 1) == 8);
}
