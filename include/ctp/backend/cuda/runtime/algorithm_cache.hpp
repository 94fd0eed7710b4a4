/// @file   ctp/backend/cuda/runtime/algorithm_cache.hpp
/// @brief  Cache of the algorithm chosen for each shape of product.
/// @layer  backend
#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::backend::cuda {

/// @brief Stores one algorithm for each key: the first candidate, which the library ranks best; or, if `measure` is
/// set, the fastest candidate.
///
/// Another algorithm may give other bits, and two runs may measure different algorithms as fastest. So measure in
/// benchmarks only, or in runs that need not be repeated bit for bit.
template <class Key, class Algorithm>
class AlgorithmCache {
 public:
  bool measure = false;

  /// @brief The algorithm for `key`. `candidates()` returns a std::vector<Algorithm>, best first; `seconds(algorithm)`
  /// runs an algorithm and returns its time. Both are called at a key's first use only. References stay valid.
  /// **Errors.** Error (internal) if there is no candidate; exceptions of candidates() and seconds(), after which
  /// nothing is stored.
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
