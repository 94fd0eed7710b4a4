/// @file   ctp/eval/average_precision.hpp
/// @brief  Average precision at a cut of a ranking with ties: its expectation over random orders of equal scores.
/// @layer  eval
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <span>
#include <utility>

namespace ctp::eval::detail {

/// Items of one score: how many, how many of them are hits, and how many are the query itself. No item is both.
struct TiedItems {
  std::size_t items = 0, hits = 0, own = 0;
};

/// @brief Expected average precision of a ranking, over all orders within each group of equal scores.
///
/// Of the first `places` items those of the query itself are dropped; the first `cut` items that are left are looked
/// at. Their value is the mean over hits of the precision at the hit, 0 without a hit. Exact: the items are drawn one
/// after the other, and states that no later draw can tell apart are kept together.
inline double expected_precision(std::span<const TiedItems> groups, std::size_t places, std::size_t cut) {
  if (cut == 0) return 0.0;
  struct Value {
    double mass = 0, sum = 0;  ///< probability, and the sum of precisions times probability
  };
  using States = std::map<std::array<std::size_t, 4>, Value>;  // hits, own; hits and own of this group alone
  const auto add = [](States& to, const std::array<std::size_t, 4>& key, double mass, double sum) {
    Value& v = to[key];
    v.mass += mass;
    v.sum += sum;
  };
  double result = 0.0;
  const auto finish = [&](std::size_t hits, double sum) {
    result += hits == 0 ? 0.0 : sum / static_cast<double>(hits);
  };
  States states;
  add(states, {0, 0, 0, 0}, 1.0, 0.0);
  std::size_t place = 0;
  for (const TiedItems& group : groups) {
    States begun;
    for (const auto& [key, v] : states) add(begun, {key[0], key[1], 0, 0}, v.mass, v.sum);
    states = std::move(begun);
    for (std::size_t drawn = 0; drawn < group.items && place < places; ++drawn, ++place) {
      const auto left = static_cast<double>(group.items - drawn);
      States next;
      for (const auto& [key, v] : states) {
        const auto [hits, own, group_hits, group_own] = key;
        const std::size_t of_hits = group.hits - group_hits, of_own = group.own - group_own;
        const double hit = static_cast<double>(of_hits) / left, itself = static_cast<double>(of_own) / left,
                     other = static_cast<double>(group.items - drawn - of_hits - of_own) / left;
        const std::size_t rank = place - own + 1;  // of an item that is not the query itself
        if (hit > 0) {
          const double sum = v.sum * hit + v.mass * hit * (static_cast<double>(hits + 1) / static_cast<double>(rank));
          rank == cut ? finish(hits + 1, sum)
                      : add(next, {hits + 1, own, group_hits + 1, group_own}, v.mass * hit, sum);
        }
        if (itself > 0) add(next, {hits, own + 1, group_hits, group_own + 1}, v.mass * itself, v.sum * itself);
        if (other > 0) rank == cut ? finish(hits, v.sum * other) : add(next, key, v.mass * other, v.sum * other);
      }
      states = std::move(next);
    }
  }
  for (const auto& [key, v] : states) finish(key[0], v.sum);
  return result;
}

}  // namespace ctp::eval::detail
