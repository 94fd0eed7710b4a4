#include <ctp/core/philox.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include <doctest/doctest.h>

using ctp::philox4x32;
using ctp::RandomPlace;
using ctp::RandomStream;
using ctp::RandomSubstream;
using Words = std::array<std::uint32_t, 4>;

TEST_CASE("philox: philox4x32-10 gives the published known answers") {
  // Random123, tests/kat_vectors.
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8});
  constexpr std::uint32_t ones = 0xFFFFFFFF;
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) == Words{0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD});
  CHECK(philox4x32({0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344}, {0xA4093822, 0x299F31D0}) ==
        Words{0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1});
}

static_assert(philox4x32({0, 0, 0, 0}, {0, 0})[0] == 0x6627E8D5, "usable in constant expressions");
static_assert(ctp::unit_float(0) == 0.F && ctp::unit_float(0xFFFFFFFF) == 1.F - 0x1p-24F);

TEST_CASE("philox: no two places have the same counter") {
  CHECK(RandomPlace{3, 5, 7}.counter(11, 13) == Words{13, 11, 7, (3U << 16U) | 5U});
  std::set<Words> seen;
  for (std::uint32_t task : {0U, 1U, 65535U})
    for (std::uint32_t epoch : {0U, 1U, 65535U})
      for (std::uint32_t sample : {0U, 1U, 65536U})
        for (std::uint32_t substream : {0U, 1U})
          for (std::uint32_t block : {0U, 1U}) seen.insert(RandomPlace{task, epoch, sample}.counter(substream, block));
  CHECK(seen.size() == 3 * 3 * 3 * 2 * 2);
}

TEST_CASE("philox: streams differ by seed and by name") {
  std::set<std::array<std::uint32_t, 2>> keys;
  for (std::uint64_t seed : {0ULL, 1ULL, 2ULL, 1ULL << 32U, ~0ULL})
    for (const char* name : {"", "a", "b", "ab", "ba", "dropout"}) keys.insert(RandomStream(seed, name).key);
  CHECK(keys.size() == 5 * 6);
}

TEST_CASE("philox: a substream gives the words of its blocks in order, reproducibly") {
  const RandomStream stream(42, "substream");
  const RandomPlace place{1, 2, 3};
  RandomSubstream random(stream, place, 9), again(stream, place, 9), other(stream, place, 10);
  bool differs = false;
  for (std::uint32_t block = 0; block < 3; ++block)
    for (const std::uint32_t expected : philox4x32(place.counter(9, block), stream.key)) {
      const std::uint32_t word = random.word();
      CHECK(word == expected);
      CHECK(word == again.word());
      differs |= word != other.word();
    }
  CHECK(differs);
}

TEST_CASE("philox: uniform numbers stay in range and are evenly spread") {
  RandomSubstream random(RandomStream(1, "uniform"), {});
  std::array<int, 10> bins{};
  double sum = 0;
  constexpr int draws = 100'000;
  for (int i = 0; i < draws; ++i) {
    const double u = random.uniform();
    REQUIRE(u >= 0);
    REQUIRE(u < 1);
    ++bins[static_cast<std::size_t>(u * 10)];
    sum += u;
  }
  // Five standard deviations.
  CHECK(std::abs(sum / draws - 0.5) < 5 * std::sqrt(1.0 / 12 / draws));
  for (const int n : bins) CHECK(std::abs(n - draws / 10) < 5 * std::sqrt(draws * 0.1 * 0.9));
  for (int i = 0; i < 1000; ++i) {
    const double u = random.uniform(-3, -1);
    REQUIRE(u >= -3);
    REQUIRE(u < -1);
  }
}

TEST_CASE("philox: uniform has 53 random bits from two words") {
  const RandomStream stream(3, "bits");
  RandomSubstream random(stream, {});
  const Words w = philox4x32(RandomPlace{}.counter(0, 0), stream.key);
  CHECK(random.uniform() == std::ldexp(static_cast<double>(w[0]) * 0x1p21 + static_cast<double>(w[1] >> 11U), -53));
}

TEST_CASE("philox: integers below n have no modulo bias") {
  // Taking the high word of a product without rejection would give every third number below 3 * 2^30 twice its share.
  constexpr std::uint32_t n = 3U << 30U;
  RandomSubstream random(RandomStream(2, "below"), {});
  std::array<int, 3> classes{};
  constexpr int draws = 30'000;
  for (int i = 0; i < draws; ++i) {
    const std::uint32_t x = random.below(n);
    REQUIRE(x < n);
    ++classes[x % 3];
  }
  for (const int count : classes) CHECK(std::abs(count - draws / 3) < 5 * std::sqrt(draws * 2.0 / 9));
}

TEST_CASE("philox: integers below small numbers are evenly spread and reach both ends") {
  RandomSubstream random(RandomStream(2, "dice"), {});
  std::array<int, 6> faces{};
  constexpr int draws = 60'000;
  for (int i = 0; i < draws; ++i) ++faces.at(random.below(6));
  for (const int count : faces) CHECK(std::abs(count - draws / 6) < 5 * std::sqrt(draws * 5.0 / 36));
  for (int i = 0; i < 100; ++i) REQUIRE(random.below(1) == 0);
}

TEST_CASE("philox: normal numbers have the moments and the tail of the normal distribution") {
  RandomSubstream random(RandomStream(4, "normal"), {});
  constexpr int draws = 100'000;
  double sum = 0, squares = 0, fourth = 0;
  int beyond_two = 0;
  for (int i = 0; i < draws; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    beyond_two += x > 2;
  }
  CHECK(std::abs(sum / draws) < 5 / std::sqrt(draws));
  CHECK(std::abs(squares / draws - 1) < 5 * std::sqrt(2.0 / draws));
  CHECK(std::abs(fourth / draws - 3) < 5 * std::sqrt(96.0 / draws));
  const double p = 0.5 * std::erfc(std::sqrt(2.0));
  CHECK(std::abs(beyond_two - draws * p) < 5 * std::sqrt(draws * p * (1 - p)));
}
