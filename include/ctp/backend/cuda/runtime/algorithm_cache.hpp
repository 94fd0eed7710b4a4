/// @file   ctp/backend/cuda/runtime/algorithm_cache.hpp
/// @brief  Cache of the algorithm chosen for each shape of product.
/// @layer  backend
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace ctp::backend::cuda {

/// @brief Stores one algorithm, or that there is none, for each key: the first candidate, which the library ranks best;
/// or, if `measure` is set, the fastest candidate.
///
/// Another algorithm may give other bits, and two runs may measure different algorithms as fastest. So measure in
/// benchmarks only, or in runs that need not be repeated bit for bit.
template <class Key, class Algorithm>
class AlgorithmCache {
 public:
  bool measure = false;

  /// @brief The algorithm for `key`, or null if there is no candidate. `candidates()` returns a std::vector<Algorithm>,
  /// best first; `seconds(algorithm)` runs an algorithm and returns its time. Both are called at a key's first use
  /// only: that there is no candidate is stored, too. Pointers stay valid.
  /// **Errors.** exceptions of candidates() and seconds(), after which nothing is stored.
  template <class Candidates, class Seconds>
  const Algorithm* find(const Key& key, const Candidates& candidates, const Seconds& seconds) {
    if (const auto known = chosen_.find(key); known != chosen_.end()) return address(known->second);
    std::vector<Algorithm> offered = candidates();
    if (offered.empty()) return address(chosen_.emplace(key, std::nullopt).first->second);
    std::size_t best = 0;
    if (measure && offered.size() > 1) {
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < offered.size(); ++i) {
        const double took = seconds(offered[i]);
        if (took < least) {
          least = took;
          best = i;
        }
      }
    }
    return address(chosen_.emplace(key, std::move(offered[best])).first->second);
  }

  /// Number of keys with an answer.
  [[nodiscard]] std::size_t size() const { return chosen_.size(); }

 private:
  static const Algorithm* address(const std::optional<Algorithm>& stored) { return stored ? &*stored : nullptr; }

  std::map<Key, std::optional<Algorithm>> chosen_;
};

}  // namespace ctp::backend::cuda
