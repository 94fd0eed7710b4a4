#include <ctp/data/loader/sampler.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <data/synthetic_source.hpp>

using ctp::data::LastBatch;
using ctp::data::shuffle_for_epoch;

namespace {
std::vector<std::uint32_t> shuffled(std::uint32_t n, std::uint64_t seed, std::uint32_t task, std::uint32_t epoch) {
  std::vector<std::uint32_t> members(n);
  std::iota(members.begin(), members.end(), 0U);
  shuffle_for_epoch(members, seed, task, epoch);
  return members;
}
std::size_t batches(const char* task, std::size_t members, int batch_size, LastBatch last, int least_pairs = 1) {
  ctp::data::LoaderOptions options;
  options.batch_size = batch_size;
  options.last_batch = last;
  options.least_pairs = least_pairs;
  return ctp::data::batches_per_epoch(task, members, options);
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
  CHECK(batches("t", 10, 4, LastBatch::Drop) == 2);
  CHECK(batches("t", 10, 4, LastBatch::Keep) == 3);
  CHECK(batches("t", 8, 4, LastBatch::Keep) == 2);
  CHECK(batches("t", 3, 4, LastBatch::Keep) == 1);
  CHECK(batches("t", 4, 4, LastBatch::Drop) == 1);
}

TEST_CASE("sampler: a kept last batch of fewer pairs than a loss needs is dropped") {
  CHECK(batches("t", 9, 4, LastBatch::Keep, 2) == 2);
  CHECK(batches("t", 10, 4, LastBatch::Keep, 2) == 3);
  CHECK(batches("t", 2, 4, LastBatch::Keep, 2) == 1);
  CHECK(
      test::message_of<ctp::UsageError>([] { batches("Food", 1, 4, LastBatch::Keep, 2); }) ==
      "task 'Food': pairs: expected at least 2: a loss contrasts the pairs of a batch, found 1; add pairs to the task, "
      "or join it with another task");
}

TEST_CASE("sampler: a batch larger than the task names both sizes and the remedies") {
  const std::string text = test::message_of<ctp::UsageError>([] { batches("Food", 3, 4, LastBatch::Drop); });

  for (const char* part : {"Food", "3", "4", "--last-batch keep"}) CHECK(text.find(part) != std::string::npos);
  CHECK_THROWS_AS(batches("t", 0, 1, LastBatch::Keep), ctp::UsageError);
  CHECK_THROWS_AS(batches("t", 5, 0, LastBatch::Keep), ctp::UsageError);
}
