// Properties that hold for any input. Conformance compares whole records of the executable specification.
#include <algorithm>
#include <cstddef>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/rehearsal/choose_herding.hpp>
#include <ctp/rehearsal/choose_kmeans.hpp>
#include <support/reference.hpp>

using ctp::rehearsal::choose_herding;
using ctp::rehearsal::choose_herding_published;
using ctp::rehearsal::choose_kmeans;
using ctp::rehearsal::FeatureMatrix;
using Picks = std::vector<std::size_t>;
using Numbers = std::vector<double>;

namespace {

FeatureMatrix rows(const Numbers& features, std::size_t width) {
  return FeatureMatrix(std::span<const double>(features), width);
}

bool distinct(const Picks& picks, std::size_t below) {
  const std::set<std::size_t> set(picks.begin(), picks.end());
  return set.size() == picks.size() && (set.empty() || *set.rbegin() < below);
}

/// Degenerate features: all equal, all zero, each twice, and too large to square.
std::vector<Numbers> awkward() {
  Numbers twice;
  for (int i = 0; i < 6; ++i)
    for (int copy = 0; copy < 2; ++copy) twice.insert(twice.end(), {std::cos(i), std::sin(i)});
  Numbers huge = twice;
  for (double& x : huge) x *= 1e300;
  return {Numbers(24, 1.0), Numbers(24, 0.0), twice, huge};
}

}  // namespace

TEST_CASE("herding: the mean of the chosen rows stays close to the mean of all rows, by hand") {
  // Mean (0.5, 0.25). w = mean: products 0.5, 0.5, 0.25 -> row 0 (the lower); w = (0, .5): 0, 0, .5 -> row 2; then
  // row 1.
  const Numbers features{1, 0, 1, 0, 0, 1, 0, 0};
  CHECK(choose_herding(rows(features, 2), 3) == Picks{0, 2, 1});
  CHECK(choose_herding(rows(features, 2), 1) == Picks{0});
  CHECK(choose_herding(rows(features, 2), 0).empty());
}

TEST_CASE("herding as released: the same rows in their own order, where none is taken twice") {
  const Numbers features{1, 0, 1, 0, 0, 1, 0, 0};
  CHECK(choose_herding_published(rows(features, 2), 2) == Picks{0, 2});
}

TEST_CASE("herding as released: an error in place of an endless loop") {
  try {
    (void)choose_herding_published(rows(Numbers(24, 0.0), 2), 3, 50);
    FAIL("it ended");
  } catch (const ctp::NumericError& error) {
    CHECK(std::string(error.what()).find("expected 3 exemplars, found 1 after 50 turns") != std::string::npos);
  }
}

TEST_CASE("k-means: one row for each cluster, the largest first, by hand") {
  // Three clusters on a line: {0, 1, 2} around 1, {10, 11} around 10.5, {20}.
  const Numbers features{0, 1, 2, 10, 11, 20};
  CHECK(choose_kmeans(rows(features, 1), 3) == Picks{1, 3, 5});
}

TEST_CASE("exemplars: exactly min(k, n) distinct rows for equal, zero, repeated and huge features") {
  for (const Numbers& features : awkward())
    for (const std::size_t k : {0U, 1U, 5U, 11U, 12U, 40U}) {
      CAPTURE(k);
      CAPTURE(features[0]);
      const FeatureMatrix all = rows(features, 2);
      const Picks herded = choose_herding(all, k), clustered = choose_kmeans(all, k);
      CHECK(herded.size() == std::min<std::size_t>(k, 12));
      CHECK(clustered.size() == std::min<std::size_t>(k, 12));
      CHECK(distinct(herded, 12));
      CHECK(distinct(clustered, 12));
    }
}

TEST_CASE("exemplars: of few points, each repeated, every point is chosen before any point is chosen twice") {
  Numbers features;
  for (int copy = 0; copy < 10; ++copy)
    for (int i = 0; i < 20; ++i) features.insert(features.end(), {std::cos(0.3 * i), std::sin(0.3 * i)});
  const Picks clustered = choose_kmeans(rows(features, 2), 50), herded = choose_herding(rows(features, 2), 50);
  CHECK(clustered.size() == 50);
  CHECK(herded.size() == 50);
  CHECK(distinct(clustered, 200));
  CHECK(distinct(herded, 200));
  std::set<std::size_t> points;
  for (std::size_t i = 0; i < 20; ++i) points.insert(clustered[i] % 20);
  CHECK(points.size() == 20);
}

TEST_CASE("exemplars: k-means with empty clusters still gives one row for each cluster") {
  // Two points only: of five centres at least three are left without a row at once.
  Numbers features(30, 0.0);
  for (std::size_t i = 0; i < 15; ++i) features[i] = 1;
  const Picks clustered = choose_kmeans(rows(features, 1), 5);
  CHECK(clustered.size() == 5);
  CHECK(distinct(clustered, 30));
  CHECK((clustered[0] < 15) != (clustered[1] < 15));
}

TEST_CASE("exemplars: herding agrees with a direct implementation of the rules on many random inputs") {
  // A direct implementation: sums in the order of the columns, no scaling, no threads.
  const auto herding = [](const Numbers& x, std::size_t width, std::size_t k) {
    const std::size_t n = x.size() / width;
    Numbers mean(width), w;
    for (std::size_t i = 0; i < x.size(); ++i) mean[i % width] += x[i] / static_cast<double>(n);
    w = mean;
    Picks taken;
    while (taken.size() < std::min(k, n)) {
      std::size_t best = n;
      double most = 0;
      for (std::size_t i = 0; i < n; ++i) {
        double product = 0;
        for (std::size_t j = 0; j < width; ++j) product += x[i * width + j] * w[j];
        const bool free = std::find(taken.begin(), taken.end(), i) == taken.end();
        if (free && (best == n || product > most)) {
          best = i;
          most = product;
        }
      }
      taken.push_back(best);
      for (std::size_t j = 0; j < width; ++j) w[j] += mean[j] - x[best * width + j];
    }
    return taken;
  };
  for (std::uint32_t substream = 0; substream < 20; ++substream) {
    CAPTURE(substream);
    const std::size_t width = 1 + substream % 7, k = 3 + substream;
    const reference::Values features = reference::random(static_cast<ctp::Index>(width * 41), substream);
    CHECK(choose_herding(rows(features, width), k) == herding(features, width, k));
  }
}

TEST_CASE("exemplars: scaling all features changes nothing, even where squares would overflow") {
  const reference::Values small = reference::random(60, 1);
  Numbers huge = small;
  for (double& x : huge) x = std::ldexp(x, 1000);
  CHECK(choose_herding(rows(huge, 3), 9) == choose_herding(rows(small, 3), 9));
  CHECK(choose_kmeans(rows(huge, 3), 9) == choose_kmeans(rows(small, 3), 9));
}

TEST_CASE("exemplars: the same rows for any number of threads") {
  const reference::Values features = reference::random(3000, 2);
  CHECK(reference::same_bits_for_any_thread_count([&] {
    Picks all = choose_herding(rows(features, 3), 20);
    const Picks more = choose_kmeans(rows(features, 3), 20);
    all.insert(all.end(), more.begin(), more.end());
    return std::vector<double>(all.begin(), all.end());
  }));
}

TEST_CASE("exemplars: a feature that is not finite is an error that names the pair") {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Numbers features(10, 1.0);
    features[7] = bad;
    try {
      const FeatureMatrix refused(std::span<const double>(features), 2,
                                  [](std::size_t row) { return "pair_" + std::to_string(row); });
      FAIL("the feature was accepted");
    } catch (const ctp::NumericError& error) {
      CHECK(std::string(error.what()).find("pair_3") != std::string::npos);
    }
  }
}
