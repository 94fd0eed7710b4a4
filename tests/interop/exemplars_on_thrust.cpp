// Herding and k-means by Thrust choose the rows that the host chooses: with Thrust's host system, and on a device.
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#if !defined(CTP_THRUST_BACKEND)  // tests/cuda defines the device's
#include <ctp/backend/cpu/backend.hpp>
#define CTP_THRUST_BACKEND ctp::Cpu
#endif

#include <ctp/core/error.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/interop/exemplars.cuh>
#include <ctp/rehearsal/choose_herding.hpp>
#include <ctp/rehearsal/choose_kmeans.hpp>

namespace rehearsal = ctp::rehearsal;
namespace interop = ctp::interop;
using B = CTP_THRUST_BACKEND;
using Picks = std::vector<std::size_t>;
using Numbers = std::vector<double>;
using rehearsal::FeatureMatrix;

namespace {

FeatureMatrix rows(const Numbers& features, std::size_t width) {
  return FeatureMatrix(std::span<const double>(features), width);
}

/// Rows of normal numbers around four centres; every seventh row stands twice.
Numbers clustered(std::size_t n, std::size_t width, std::uint64_t seed) {
  ctp::RandomSubstream random(ctp::RandomStream(seed, "rows"), {});
  Numbers x(n * width);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < width; ++j)
      x[i * width + j] = i % 7 == 6 ? x[(i - 1) * width + j] : random.normal() + (j % 4 == i % 4 ? 3.0 : 0.0);
  return x;
}

}  // namespace

TEST_CASE("by hand: herding and k-means") {
  // The numbers of tests/rehearsal/choose.test.cpp.
  const Numbers square{1, 0, 1, 0, 0, 1, 0, 0}, line{0, 1, 2, 10, 11, 20};
  CHECK(interop::choose_herding<B>(rows(square, 2), 3) == Picks{0, 2, 1});
  CHECK(interop::choose_herding<B>(rows(square, 2), 0).empty());
  CHECK(interop::choose_herding_published<B>(rows(square, 2), 2) == Picks{0, 2});
  CHECK(interop::choose_kmeans<B>(rows(line, 1), 3) == Picks{1, 3, 5});
  CHECK(interop::choose_kmeans<B>(rows(line, 1), 0).empty());
  CHECK_THROWS_AS((void)interop::choose_herding_published<B>(rows(Numbers(24, 0.0), 2), 3, 50), ctp::NumericError);
}

TEST_CASE("the same rows as on the host, in the same order") {
  for (const std::size_t n : {1U, 13U, 300U})
    for (const std::size_t width : {1U, 5U, 32U}) {
      CAPTURE(n);
      CAPTURE(width);
      const Numbers features = clustered(n, width, n + width);
      const FeatureMatrix all = rows(features, width);
      for (const std::size_t k : {1U, 4U, 40U, 400U}) {
        CAPTURE(k);
        CHECK(interop::choose_herding<B>(all, k) == rehearsal::choose_herding(all, k));
        for (const int iterations : {0, 1, 100})
          CHECK(interop::choose_kmeans<B>(all, k, iterations) == rehearsal::choose_kmeans(all, k, iterations));
      }
      if (width > 1)  // herding as released does not end on a line
        CHECK(interop::choose_herding_published<B>(all, n / 8) == rehearsal::choose_herding_published(all, n / 8));
    }
}

TEST_CASE("equal rows, and zeros: each row once, the lowest first") {
  for (const double value : {0.0, 1.0}) {
    const FeatureMatrix all = rows(Numbers(24, value), 2);
    Picks everything(12);
    std::iota(everything.begin(), everything.end(), std::size_t{0});
    CHECK(interop::choose_herding<B>(all, 40) == everything);
    CHECK(interop::choose_kmeans<B>(all, 40) == rehearsal::choose_kmeans(all, 40));
  }
}

TEST_CASE("policies: the host's memory after two tasks, and its error") {
  const auto kept = [](const auto& policy) {
    rehearsal::TaskMemory memory;
    for (std::uint32_t task = 0; task < 2; ++task) {
      const std::size_t n = 20 + 10 * task;
      std::vector<std::uint32_t> members(n);
      std::iota(members.begin(), members.end(), 100 * task);
      const Numbers features = clustered(n, 6, task + 1);
      const std::vector<float> values(features.begin(), features.end());
      policy.choose(memory, {task, members, [&] { return rehearsal::FeatureRows{6, values}; },
                             [](std::uint32_t pair) { return std::to_string(pair); }});
    }
    return memory.members;
  };
  const std::vector<std::uint32_t> herded = kept(rehearsal::Herding{.budget = 12}),
                                   clustered_rows = kept(rehearsal::KMeans{.budget = 12});
  REQUIRE(herded.size() == 12);
  CHECK(kept(interop::HerdingOn<B>{{.budget = 12}}) == herded);
  CHECK(kept(interop::HerdingOn<B>{{.budget = 12, .published = true}}) ==
        kept(rehearsal::Herding{.budget = 12, .published = true}));
  CHECK(kept(interop::KMeansOn<B>{{.budget = 12}}) == clustered_rows);
  CHECK_THROWS_AS((void)kept(interop::KMeansOn<B>{{.budget = -1}}), ctp::UsageError);
}
