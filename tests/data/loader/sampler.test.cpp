#include <ctp/data/loader/sampler.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

using ctp::data::batches_per_epoch;
using ctp::data::shuffle_for_epoch;

namespace {
std::vector<std::uint32_t> shuffled(std::uint32_t n, std::uint64_t seed, std::uint32_t task, std::uint32_t epoch) {
  std::vector<std::uint32_t> members(n);
  std::iota(members.begin(), members.end(), 0U);
  shuffle_for_epoch(members, seed, task, epoch);
  return members;
}
}  // namespace

TEST_CASE("sampler: an epoch visits every member once") {
  std::vector<std::uint32_t> members = shuffled(1000, 1, 2, 3);
  CHECK_FALSE(std::is_sorted(members.begin(), members.end()));

  std::sort(members.begin(), members.end());

  for (std::uint32_t i = 0; i < 1000; ++i) REQUIRE(members[i] == i);
}

TEST_CASE("sampler: the order depends on seed, task and epoch alone") {
  const auto order = shuffled(50, 1, 2, 3);

  CHECK(shuffled(50, 1, 2, 3) == order);
  CHECK(shuffled(50, 9, 2, 3) != order);
  CHECK(shuffled(50, 1, 3, 3) != order);
  CHECK(shuffled(50, 1, 2, 4) != order);
}

TEST_CASE("sampler: all 24 orders of four members are equally frequent (chi-square, 99.9 %)") {
  std::map<std::vector<std::uint32_t>, int> counts;
  constexpr std::uint32_t epochs = 48000;
  for (std::uint32_t epoch = 0; epoch < epochs; ++epoch) ++counts[shuffled(4, 5, 0, epoch)];

  double chi_square = 0.0;
  for (const auto& [order, count] : counts) chi_square += (count - 2000.0) * (count - 2000.0) / 2000.0;

  CHECK(counts.size() == 24);
  CHECK(chi_square < 49.73);  // 23 degrees of freedom
}

TEST_CASE("sampler: an incomplete last batch is dropped or kept") {
  CHECK(batches_per_epoch("t", 10, 4, true) == 2);
  CHECK(batches_per_epoch("t", 10, 4, false) == 3);
  CHECK(batches_per_epoch("t", 8, 4, false) == 2);
  CHECK(batches_per_epoch("t", 3, 4, false) == 1);
  CHECK(batches_per_epoch("t", 4, 4, true) == 1);
}

TEST_CASE("sampler: a batch larger than its task names both sizes and a remedy") {
  const std::string text = test::message_of<ctp::UsageError>([] { batches_per_epoch("Food", 3, 4, true); });

  CHECK(text ==
        "batch_size: task 'Food': expected at most its 3 pairs, found 4; use a batch size of 3 or less, or add "
        "pairs to the task");
  CHECK_THROWS_AS(batches_per_epoch("t", 0, 1, false), ctp::UsageError);
  CHECK_THROWS_AS(batches_per_epoch("t", 5, 0, false), ctp::UsageError);
}
