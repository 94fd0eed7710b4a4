/// @file   ctp/io/suggest.hpp
/// @brief  Suggestion of the nearest known name for a mistyped name.
/// @layer  io
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/core/json_line.hpp>

namespace ctp::io {

/// Edit distance of `a` and `b`: insertions, deletions, replacements and swaps of neighbouring bytes.
///
/// **Source.** Optimal string alignment distance; Boytsov 2011, "Indexing methods for approximate dictionary
/// searching", section 2.
[[gnu::cold]] inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

/// Names that suggestion() lists at most; more than any program has options of one kind.
inline constexpr std::size_t most_suggested = 60;

/// The known name nearest to `wanted`, on ties the first. Empty if the nearest name needs more than one change per
/// three bytes of `wanted`, rounded up. `known`: any range of strings. The time is bounded: after 5 10^7 steps of the
/// comparison the rest of `known` is not looked at.
template <class Names>
[[gnu::cold]] std::string nearest_name(std::string_view wanted, const Names& known) {
  std::string nearest;
  if (wanted.size() > 256) return nearest;  // longer than any option; bounds the quadratic time
  std::size_t best = (wanted.size() + 2) / 3 + 1, steps = 50'000'000;
  for (const std::string_view name : known) {
    const std::size_t gap = name.size() > wanted.size() ? name.size() - wanted.size() : wanted.size() - name.size();
    if (gap >= best) continue;
    const std::size_t cost = (wanted.size() + 1) * (name.size() + 1);
    if (cost > steps) break;
    steps -= cost;
    const std::size_t distance = edit_distance(wanted, name);
    if (distance < best) {
      best = distance;
      nearest = name;
    }
  }
  return nearest;
}

/// Text of a suggestion: `did you mean "batch_size"?`, or without a near name the list of known names, at most 60 of
/// them. Names with control characters are quoted.
template <class Names>
[[gnu::cold]] std::string suggestion(std::string_view wanted, const Names& known) {
  if (const std::string name = nearest_name(wanted, known); !name.empty())
    return "did you mean " + ctp::quoted(name) + "?";
  std::string list;
  std::size_t listed = 0;
  for (const std::string_view name : known) {
    list.append(list.empty() ? "known: " : ", ");
    if (++listed > most_suggested) return list.append("...");
    const std::string safe = ctp::quoted(name, 80);
    list.append(safe.size() == name.size() + 2 ? name : std::string_view(safe));  // nothing was escaped or cut
  }
  return list;
}

}  // namespace ctp::io
