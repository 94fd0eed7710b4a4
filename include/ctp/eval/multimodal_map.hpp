/// @file   ctp/eval/multimodal_map.hpp
/// @brief  Retrieval by category with fused features: mean average precision at 1, 5 and 10.
/// @layer  eval
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/generic/ranking.hpp>
#include <ctp/backend/ranking.hpp>
#include <ctp/core/error.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::eval {

/// @brief Id and category of a query or gallery item. Views: the strings must outlive the call.
struct CategoryItem {
  std::string_view id;     ///< a gallery item with the query's own id is not a hit
  std::string_view label;  ///< its category
};

/// @brief Mean average precision in percent, at 1, 5 and 10.
struct MapScores {
  double map1 = 0, map5 = 0, map10 = 0;
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

template <backend::RanksRows Backend, class Real>
MapScores multimodal_map(std::span<const Real> query_features, std::span<const CategoryItem> queries,
                         std::span<const Real> gallery_features, std::span<const CategoryItem> gallery,
                         std::span<const CategoryItem> whole_gallery, std::size_t width) {
  const auto need = [](bool there, const char* what, const char* remedy) {
    if (!there)
      throw DataError(Complaint{"multimodal_map", "", std::string("at least one ") + what, "none", remedy}.text());
  };
  need(!queries.empty(), "query item", "check that query.json has items of the tasks that were trained");
  need(!gallery.empty(), "gallery item", "check that gallery.json has items of the tasks that were trained");
  if (width == 0 || query_features.size() != queries.size() * width ||
      gallery_features.size() != gallery.size() * width) {
    throw ShapeError("multimodal_map: features hold " + std::to_string(query_features.size()) + " and " +
                     std::to_string(gallery_features.size()) + " numbers for " + std::to_string(queries.size()) +
                     " queries and " + std::to_string(gallery.size()) + " gallery items of width " +
                     std::to_string(width) + "; features must be [items, width]");
  }
  std::unordered_map<std::string_view, std::unordered_set<std::string_view>> positives;
  for (const CategoryItem& item : whole_gallery) positives[item.label].insert(item.id);

  const std::vector<std::int32_t> best = ten_best<Backend>(query_features, gallery_features, width);
  std::array<double, 3> total{};
  std::vector<char> hit;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto mine = positives.find(queries[i].label);
    if (mine == positives.end()) continue;  // no positives: average precision 0
    hit.clear();
    for (const std::int32_t j : std::span(best).subspan(i * backend::top_items, backend::top_items)) {
      if (j == backend::no_item) break;
      const std::string_view id = gallery[static_cast<std::size_t>(j)].id;
      if (id != queries[i].id) hit.push_back(mine->second.contains(id) ? 1 : 0);
    }
    constexpr std::size_t cuts[] = {1, 5, 10};
    for (std::size_t k = 0; k < 3; ++k) total[k] += average_precision(hit, std::min(cuts[k], mine->second.size()));
  }
  const double scale = 100.0 / static_cast<double>(queries.size());
  return {scale * total[0], scale * total[1], scale * total[2]};
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
/// **Errors.** DataError if there is no query or no gallery item; ShapeError if features and items do not match;
/// NumericError if a score is not finite.
/// **Source.** Published product_evaluation.py (evaluation_multi_modal), without its failure below ten items.
template <backend::RanksRows Backend = backend::generic::Ranking<float>>
MapScores multimodal_map(std::span<const float> query_features, std::span<const CategoryItem> queries,
                         std::span<const float> gallery_features, std::span<const CategoryItem> gallery,
                         std::span<const CategoryItem> whole_gallery, std::size_t width) {
  return detail::multimodal_map<Backend, float>(query_features, queries, gallery_features, gallery, whole_gallery,
                                                width);
}
/// multimodal_map() of features in double.
template <backend::RanksRows Backend = backend::generic::Ranking<double>>
MapScores multimodal_map(std::span<const double> query_features, std::span<const CategoryItem> queries,
                         std::span<const double> gallery_features, std::span<const CategoryItem> gallery,
                         std::span<const CategoryItem> whole_gallery, std::size_t width) {
  return detail::multimodal_map<Backend, double>(query_features, queries, gallery_features, gallery, whole_gallery,
                                                 width);
}

}  // namespace ctp::eval
