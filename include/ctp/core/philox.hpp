/// @file   ctp/core/philox.hpp
/// @brief  Random numbers as a pure function of (seed, stream, task, epoch, sample, substream).
/// @layer  core
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

#include <ctp/config.hpp>

namespace ctp {

/// One block of Philox4x32-10, in place: replaces the counter `c` by four random 32-bit words.
///
/// The words depend on counter and key alone. The arguments are plain arrays, since device code must not call the
/// members of std::array.
/// **Source.** Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 4.3 and table 2.
CTP_HD constexpr void philox4x32(std::uint32_t (&c)[4], std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53U} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * c[2];
    c[0] = static_cast<std::uint32_t>(b >> 32U) ^ c[1] ^ k0;
    c[1] = static_cast<std::uint32_t>(b);
    c[2] = static_cast<std::uint32_t>(a >> 32U) ^ c[3] ^ k1;
    c[3] = static_cast<std::uint32_t>(a);
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
}

/// philox4x32() by value, for the host.
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) {
  std::uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
  philox4x32(c, key[0], key[1]);
  return {c[0], c[1], c[2], c[3]};
}

/// A word as a float in [0, 1) with 24 random bits.
CTP_HD constexpr float unit_float(std::uint32_t word) { return static_cast<float>(word >> 8U) * 0x1p-24F; }

/// Philox key of a stream, by seed and name. Streams of different seeds or names are independent.
struct RandomStream {
  std::array<std::uint32_t, 2> key{};

  /// FNV-1a of the name, mixed with the seed by the finaliser of SplitMix64.
  constexpr RandomStream(std::uint64_t seed, std::string_view name) {
    std::uint64_t h = 0xCBF29CE484222325U;
    for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    h ^= seed + 0x9E3779B97F4A7C15U;
    h = (h ^ (h >> 30U)) * 0xBF58476D1CE4E5B9U;
    h = (h ^ (h >> 27U)) * 0x94D049BB133111EBU;
    h ^= h >> 31U;
    key = {static_cast<std::uint32_t>(h), static_cast<std::uint32_t>(h >> 32U)};
  }
};

/// Position in a run, as part of the Philox counter. `sample` is a pair's ordinal in the data stream, not its row in
/// the batch.
struct RandomPlace {
  std::uint32_t task = 0;   ///< below 65,536
  std::uint32_t epoch = 0;  ///< below 65,536
  std::uint32_t sample = 0;

  /// The counter of block `block` of substream `substream` at this place.
  CTP_HD constexpr std::array<std::uint32_t, 4> counter(std::uint32_t substream, std::uint32_t block) const {
    return {block, substream, sample, (task << 16U) | (epoch & 0xFFFFU)};
  }
};

/// @brief Generator of the numbers of one substream at one place.
///
/// Substreams are independent sequences at the same place: one for each token position, for example. A dropout_id is
/// the substream of a dropout layer (Pass::dropout_layer()).
class RandomSubstream {
 public:
  constexpr RandomSubstream(RandomStream stream, RandomPlace place, std::uint32_t substream = 0)
      : stream_(stream), place_(place), substream_(substream) {}

  /// Uniform 32-bit word.
  constexpr std::uint32_t word() {
    if (used_ == 4) {
      words_ = philox4x32(place_.counter(substream_, block_++), stream_.key);
      used_ = 0;
    }
    return words_[used_++];
  }
  /// Uniform in [0, 1), 53 random bits.
  constexpr double uniform() {
    const std::uint64_t high = word();
    return static_cast<double>((high << 21U) ^ (word() >> 11U)) * 0x1p-53;
  }
  /// Uniform in [low, high).
  constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform integer in [0, n), without modulo bias. n >= 1.
  constexpr std::uint32_t below(std::uint32_t n) {
    const std::uint32_t reject = (0U - n) % n;  // 2^32 mod n
    for (;;) {
      const std::uint64_t product = std::uint64_t{word()} * n;
      if (static_cast<std::uint32_t>(product) >= reject) return static_cast<std::uint32_t>(product >> 32U);
    }
  }
  /// Standard normal (Box and Muller).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }

 private:
  RandomStream stream_;
  RandomPlace place_;
  std::uint32_t substream_;
  std::uint32_t block_ = 0;
  std::array<std::uint32_t, 4> words_{};
  unsigned used_ = 4;
};

}  // namespace ctp
