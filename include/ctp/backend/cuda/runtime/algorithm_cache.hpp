/// @file   ctp/backend/cuda/runtime/algorithm_cache.hpp
/// @brief  Which of several algorithms a product of some shape uses, decided once.
/// @layer  backend
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::backend::cuda {

/// @brief Remembers one algorithm for each key. The first candidate wins, as its maker thinks best of it; or, where
/// `measure` is on, the one that took the least time.
///
/// Another algorithm may give other bits, so what is measured need not be the same in two runs: measuring is for
/// benchmarks, and for runs that need no repetition.
template <class Key, class Algorithm>
class AlgorithmCache {
 public:
  bool measure = false;

  /// @brief The algorithm for `key`. `candidates()` returns a std::vector<Algorithm>, best first; `seconds(algorithm)`
  /// runs it and returns how long it took. Both are called at a key's first use only, references stay valid.
  /// **Errors.** Error (internal) if there is no candidate; whatever candidates() and seconds() throw, and then nothing
  /// is remembered.
  template <class Candidates, class Seconds>
  const Algorithm& find(const Key& key, const Candidates& candidates, const Seconds& seconds) {
    if (const auto known = chosen_.find(key); known != chosen_.end()) return known->second;
    std::vector<Algorithm> offered = candidates();
    if (offered.empty())
      throw Error(ErrorCode::Internal, "matrix product: expected an algorithm for this shape, found none");
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
    return chosen_.emplace(key, std::move(offered[best])).first->second;
  }

  [[nodiscard]] std::size_t size() const { return chosen_.size(); }

 private:
  std::map<Key, Algorithm> chosen_;
};

}  // namespace ctp::backend::cuda
