/// @file   ctp/eval/multimodal_map.hpp
/// @brief  Retrieval by category with fused features: mean average precision at 1, 5 and 10.
/// @layer  eval
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/generic/ranking.hpp>
#include <ctp/backend/ranking.hpp>
#include <ctp/core/error.hpp>
#include <ctp/eval/average_precision.hpp>
#include <ctp/eval/equal_pairs.hpp>
#include <ctp/eval/relevance.hpp>
#include <ctp/eval/taken_rows.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::eval {

/// @brief Mean average precision in percent, at 1, 5 and 10, and the queries of the mean.
struct MapScores {
  double map1 = 0, map5 = 0, map10 = 0;  ///< 0 if the mean has no queries
  std::size_t queries = 0;               ///< in the mean
  std::size_t without_positive = 0;      ///< queries for which the ranked gallery has no hit
};

namespace detail {

/// Mean over hits of the precision at the hit, within the first `cut` places; 0 without a hit.
inline double average_precision(std::span<const char> hit, std::size_t cut) {
  double sum = 0.0;
  std::size_t hits = 0;
  for (std::size_t r = 0; r < std::min(cut, hit.size()); ++r) {
    if (hit[r] == 0) continue;
    ++hits;
    sum += static_cast<double>(hits) / static_cast<double>(r + 1);
  }
  return hits == 0 ? 0.0 : sum / static_cast<double>(hits);
}

/// The ten best items of every query, [queries, 10], best first, then backend::no_item.
template <backend::RanksRows Backend, class Real>
std::vector<std::int32_t> ten_best(std::span<const Real> query, std::span<const Real> gallery, std::size_t width) {
  const auto queries = uploaded<Backend>(query), items = uploaded<Backend>(gallery);
  const auto n = static_cast<Index>(query.size() / width), g = static_cast<Index>(gallery.size() / width);
  Buffer<std::int32_t, Backend> best(n * backend::top_items);
  Backend::top_ten(n, g, static_cast<Index>(width), queries.data(), items.data(), best.data());
  std::vector<std::int32_t> result = best.to_host();
  const auto bad = std::find(result.begin(), result.end(), backend::not_finite);
  if (bad != result.end()) {
    const auto row = (bad - result.begin()) / backend::top_items;
    throw NumericError(Complaint{"multimodal_map", "scores of query " + std::to_string(row), "finite numbers",
                                 "one that is not", "the weights or the features hold NaN or infinity"}
                           .text());
  }
  return result;
}

/// @brief For each query its groups of equal scores that reach the first ten places. `best`: of ten_best().
template <backend::RanksRows Backend, class Real>
class TiedGroups {
  using Score = typename Backend::Real;

 public:
  TiedGroups(std::span<const Real> query, std::span<const CategoryItem> queries, std::span<const Real> gallery,
             std::size_t width, const Relevance& relevance, const std::vector<std::int32_t>& best)
      : query_(query), queries_(queries), gallery_(gallery), width_(width), relevance_(relevance) {
    std::vector<std::int32_t> left, right;
    for (std::size_t at = 0; at < best.size(); ++at) {
      if (best[at] == backend::no_item) continue;
      left.push_back(static_cast<std::int32_t>(at / ten));
      right.push_back(best[at]);
    }
    scores_ = pair_scores(left, right);
    std::vector<Score> bar(queries.size());  // the last score of each list
    for (std::size_t at = 0; at < left.size(); ++at) bar[static_cast<std::size_t>(left[at])] = scores_[at];
    const std::vector<std::int32_t> all_items = counts_at(query, gallery, bar);
    groups_.resize(queries.size());
    for (std::size_t at = 0; at < left.size(); ++at) {
      const auto i = static_cast<std::size_t>(left[at]);
      std::vector<TiedItems>& mine = groups_[i];
      if (mine.empty() || scores_[at] != scores_[at - 1]) mine.emplace_back();
      ++mine.back().items;
      count(relevance, i, right[at], mine.back());
    }
    std::unordered_map<std::string_view, std::vector<std::size_t>>
        cut;  // queries whose last group goes on, by category
    for (std::size_t i = 0; i < queries.size(); ++i) {
      if (groups_[i].empty() || static_cast<std::size_t>(all_items[i]) <= groups_[i].back().items) continue;
      groups_[i].back() = {static_cast<std::size_t>(all_items[i]), 0, 0};
      cut[queries[i].label].push_back(i);
    }
    for (const auto& [label, members] : cut) count_whole_hits(label, members, bar);
    count_whole_own(cut, bar);
  }
  [[nodiscard]] std::span<const TiedItems> operator[](std::size_t query) const { return groups_[query]; }

 private:
  static constexpr std::size_t ten = backend::top_items;

  /// Adds gallery item j to the hits or to the query's own items.
  void count(const Relevance& relevance, std::size_t i, std::int32_t j, TiedItems& group) const {
    const auto own = relevance.places_of(queries_[i].id);
    if (std::find(own.begin(), own.end(), j) != own.end()) {
      ++group.own;
      return;
    }
    const auto* mine = relevance.find(queries_[i].label);
    if (mine != nullptr && std::binary_search(mine->places.begin(), mine->places.end(), j)) ++group.hits;
  }
  /// Counts hits and own items, together, of groups that reach beyond the tenth place, for queries of one category.
  void count_whole_hits(std::string_view label, const std::vector<std::size_t>& members,
                        const std::vector<Score>& bar) {
    const auto* mine = relevance_.find(label);
    if (mine == nullptr || mine->places.empty()) return;
    std::vector<Score> bars;
    for (const std::size_t i : members) bars.push_back(bar[i]);
    const std::vector<Real> some = taken_rows(query_, width_, members),
                            positives = taken_rows(gallery_, width_, mine->places);
    const std::vector<std::int32_t> hits =
        counts_at(std::span<const Real>(some), std::span<const Real>(positives), bars);
    for (std::size_t m = 0; m < members.size(); ++m)
      groups_[members[m]].back().hits = static_cast<std::size_t>(hits[m]);
  }
  /// Takes own items out of the hits of these groups, for queries of all categories.
  void count_whole_own(const std::unordered_map<std::string_view, std::vector<std::size_t>>& cut,
                       const std::vector<Score>& bar) {
    std::vector<std::int32_t> left, right;  // each query with its own gallery items
    for (const auto& [label, members] : cut)
      for (const std::size_t i : members)
        for (const std::int32_t j : relevance_.places_of(queries_[i].id)) {
          left.push_back(static_cast<std::int32_t>(i));
          right.push_back(j);
        }
    const std::vector<Score> own = pair_scores(left, right);
    for (std::size_t at = 0; at < left.size(); ++at) {
      const auto i = static_cast<std::size_t>(left[at]);
      if (own[at] != bar[i]) continue;
      TiedItems& group = groups_[i].back();
      ++group.own;
      const auto* mine = relevance_.find(queries_[i].label);
      if (mine != nullptr && std::binary_search(mine->places.begin(), mine->places.end(), right[at])) --group.hits;
    }
  }
  std::vector<Score> pair_scores(const std::vector<std::int32_t>& left, const std::vector<std::int32_t>& right) const {
    const auto n = static_cast<Index>(left.size());
    if (n == 0) return {};
    Buffer<std::int32_t, Backend> rows(n), columns(n);
    rows.assign(left);
    columns.assign(right);
    const auto a = uploaded<Backend>(query_), b = uploaded<Backend>(gallery_);
    Buffer<Score, Backend> score(n);
    Backend::pair_scores(n, static_cast<Index>(width_), a.data(), rows.data(), b.data(), columns.data(), score.data());
    return score.to_host();
  }
  /// How many gallery rows score the bar, for each query row.
  std::vector<std::int32_t> counts_at(std::span<const Real> query, std::span<const Real> gallery,
                                      const std::vector<Score>& bar) const {
    const auto n = static_cast<Index>(query.size() / width_), g = static_cast<Index>(gallery.size() / width_);
    const auto a = uploaded<Backend>(query), b = uploaded<Backend>(gallery);
    Buffer<Score, Backend> bars(n);
    bars.assign(bar);
    Buffer<std::int32_t, Backend> above(n), equal(n);
    Backend::rank_counts(n, g, static_cast<Index>(width_), a.data(), b.data(), bars.data(), above.data(), equal.data());
    return equal.to_host();
  }

  std::span<const Real> query_;
  std::span<const CategoryItem> queries_;
  std::span<const Real> gallery_;
  std::size_t width_;
  const Relevance& relevance_;
  std::vector<Score> scores_;
  std::vector<std::vector<TiedItems>> groups_;
};

inline void require_items(std::size_t queries, std::size_t gallery) {
  const auto need = [](bool there, const char* what, const char* remedy) {
    if (!there)
      throw DataError(Complaint{"multimodal_map", "", std::string("at least one ") + what, "none", remedy}.text());
  };
  need(queries > 0, "query item", "check that query.json has items of the tasks that were trained");
  need(gallery > 0, "gallery item", "check that gallery.json has items of the tasks that were trained");
}

/// The mean over the queries of `precision(query, cut)` in percent, by the rule.
template <class Precision>
MapScores mean_precision(std::span<const CategoryItem> queries, const Relevance& relevance, MapRule rule,
                         const Precision& precision) {
  std::array<std::vector<double>, 3> terms;
  MapScores scores;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const bool found = relevance.positives(queries[i]) > 0;
    scores.without_positive += found ? 0U : 1U;
    if (rule == MapRule::OrderFree && !found) continue;
    ++scores.queries;
    const Relevance::Category* mine = relevance.find(queries[i].label);
    if (mine == nullptr) continue;
    constexpr std::size_t cuts[] = {1, 5, 10};
    for (std::size_t k = 0; k < 3; ++k) terms[k].push_back(precision(i, std::min(cuts[k], mine->ids.size())));
  }
  if (scores.queries == 0) return scores;
  const double scale = 100.0 / static_cast<double>(scores.queries);
  const auto mean = [&](std::vector<double>& list) {
    return scale * (rule == MapRule::OrderFree ? sorted_sum(list) : std::accumulate(list.begin(), list.end(), 0.0));
  };
  scores.map1 = mean(terms[0]), scores.map5 = mean(terms[1]), scores.map10 = mean(terms[2]);
  return scores;
}

template <backend::RanksRows Backend, class Real>
MapScores multimodal_map(std::span<const Real> query_features, std::span<const CategoryItem> queries,
                         std::span<const Real> gallery_features, std::span<const CategoryItem> gallery,
                         std::span<const CategoryItem> whole_gallery, std::size_t width, MapRule rule) {
  require_items(queries.size(), gallery.size());
  if (width == 0 || query_features.size() != queries.size() * width ||
      gallery_features.size() != gallery.size() * width) {
    throw ShapeError("multimodal_map: features hold " + std::to_string(query_features.size()) + " and " +
                     std::to_string(gallery_features.size()) + " numbers for " + std::to_string(queries.size()) +
                     " queries and " + std::to_string(gallery.size()) + " gallery items of width " +
                     std::to_string(width) + "; features must be [items, width]");
  }
  const Relevance relevance(gallery, whole_gallery, rule);
  const std::vector<std::int32_t> best = ten_best<Backend>(query_features, gallery_features, width);
  if (rule == MapRule::OrderFree) {
    const TiedGroups<Backend, Real> groups(query_features, queries, gallery_features, width, relevance, best);
    return mean_precision(queries, relevance, rule, [&](std::size_t i, std::size_t cut) {
      return expected_precision(groups[i], backend::top_items, cut);
    });
  }
  std::vector<char> hit;
  return mean_precision(queries, relevance, rule, [&](std::size_t i, std::size_t cut) {
    hit.clear();
    const auto& ids = relevance.find(queries[i].label)->ids;
    for (const std::int32_t j : std::span(best).subspan(i * backend::top_items, backend::top_items)) {
      if (j == backend::no_item) break;
      const std::string_view id = gallery[static_cast<std::size_t>(j)].id;
      if (id != queries[i].id) hit.push_back(ids.contains(id) ? 1 : 0);
    }
    return average_precision(hit, cut);
  });
}

}  // namespace detail

/// @brief Mean average precision of retrieval by category, ranked by inner product.
///
/// Each query's ten best gallery items are ranked (of equal scores the lower index first), then the item with the
/// query's own id is dropped. AP@k is the mean over hits of the precision at the hit, over the first min(k, positives,
/// items left) places; 0 without a hit. Positives are all ids of the query's category in `whole_gallery`, including ids
/// of unseen tasks and the query's own id; an unknown category has no positives. Galleries of fewer than ten items are
/// legal. Scores are computed by `Backend`, in its own Real.
///
/// **Shapes.** query_features: [queries, width], gallery_features: [gallery, width], row-major.  **Units.** percent.
/// `rule`: the default is the published evaluation; MapRule::OrderFree does not depend on the order of the items.
/// **Errors.** DataError if there is no query or no gallery item; ShapeError if features and items do not match;
/// NumericError if a score is not finite.
/// **Source.** Published product_evaluation.py (evaluation_multi_modal), without its failure below ten items.
template <backend::RanksRows Backend = backend::generic::Ranking<float>>
MapScores multimodal_map(std::span<const float> query_features, std::span<const CategoryItem> queries,
                         std::span<const float> gallery_features, std::span<const CategoryItem> gallery,
                         std::span<const CategoryItem> whole_gallery, std::size_t width,
                         MapRule rule = MapRule::Published) {
  return detail::multimodal_map<Backend, float>(query_features, queries, gallery_features, gallery, whole_gallery,
                                                width, rule);
}
/// multimodal_map() of features in double.
template <backend::RanksRows Backend = backend::generic::Ranking<double>>
MapScores multimodal_map(std::span<const double> query_features, std::span<const CategoryItem> queries,
                         std::span<const double> gallery_features, std::span<const CategoryItem> gallery,
                         std::span<const CategoryItem> whole_gallery, std::size_t width,
                         MapRule rule = MapRule::Published) {
  return detail::multimodal_map<Backend, double>(query_features, queries, gallery_features, gallery, whole_gallery,
                                                 width, rule);
}

/// @brief The expected mean average precision of a random ranking. `rule`: which queries are in the mean.
/// **Errors.** DataError if there is no query or no gallery item.
inline MapScores chance_of_map(std::span<const CategoryItem> queries, std::span<const CategoryItem> gallery,
                               std::span<const CategoryItem> whole_gallery, MapRule rule = MapRule::OrderFree) {
  detail::require_items(queries.size(), gallery.size());
  const detail::Relevance relevance(gallery, whole_gallery, rule);
  std::map<std::array<std::size_t, 3>, double> known;
  return detail::mean_precision(queries, relevance, rule, [&](std::size_t i, std::size_t cut) {
    const std::size_t hits = relevance.positives(queries[i]), own = relevance.places_of(queries[i].id).size();
    const auto [at, unknown] = known.try_emplace({hits, own, cut});
    if (unknown) {
      const detail::TiedItems all{gallery.size(), hits, own};
      at->second = detail::expected_precision(std::span(&all, 1), backend::top_items, cut);
    }
    return at->second;
  });
}

}  // namespace ctp::eval
