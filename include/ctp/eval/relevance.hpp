/// @file   ctp/eval/relevance.hpp
/// @brief  Which gallery items are relevant to a query, by category.
/// @layer  eval
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ctp::eval {

/// @brief Id and category of a query or gallery item. Views: the strings must outlive the call.
struct CategoryItem {
  std::string_view id;     ///< a gallery item with the query's own id is not a hit
  std::string_view label;  ///< its category
};

/// @brief How multimodal_map() treats equal scores, queries without a hit in the ranked gallery, and empty categories.
enum class MapRule {
  Published,  ///< the lower index first; such a query counts 0; an empty label is a category like any other
  OrderFree   ///< expectation over the orders of equal scores; such a query is left out of the mean, as one without
              ///< label
};

namespace detail {

/// @brief The positives of each category: ids in the whole gallery, and places in the gallery that is ranked.
///
/// `rule`: under MapRule::OrderFree an empty label is no category, and no item is relevant to it; under
/// MapRule::Published an empty label is a category like any other.
class Relevance {
 public:
  struct Category {
    std::unordered_set<std::string_view> ids;  ///< in the whole gallery
    std::vector<std::int32_t> places;          ///< of these ids in the ranked gallery
  };

  Relevance(std::span<const CategoryItem> gallery, std::span<const CategoryItem> whole_gallery, MapRule rule) {
    const bool needs_label = rule == MapRule::OrderFree;
    std::unordered_map<std::string_view, std::vector<std::string_view>> labels;  // of each id
    for (const CategoryItem& item : whole_gallery)
      if (!(needs_label && item.label.empty()) && categories_[item.label].ids.insert(item.id).second)
        labels[item.id].push_back(item.label);
    for (std::size_t j = 0; j < gallery.size(); ++j) {
      places_[gallery[j].id].push_back(static_cast<std::int32_t>(j));
      if (const auto found = labels.find(gallery[j].id); found != labels.end())
        for (const std::string_view label : found->second)
          categories_[label].places.push_back(static_cast<std::int32_t>(j));
    }
  }

  /// Null for a category that the whole gallery does not have.
  [[nodiscard]] const Category* find(std::string_view label) const {
    const auto found = categories_.find(label);
    return found == categories_.end() ? nullptr : &found->second;
  }
  /// Places of gallery items with this id.
  [[nodiscard]] std::span<const std::int32_t> places_of(std::string_view id) const {
    const auto found = places_.find(id);
    return found == places_.end() ? std::span<const std::int32_t>() : std::span(found->second);
  }
  /// Number of gallery items that are hits of this query.
  [[nodiscard]] std::size_t positives(const CategoryItem& query) const {
    const Category* mine = find(query.label);
    if (mine == nullptr) return 0;
    return mine->places.size() - (mine->ids.contains(query.id) ? places_of(query.id).size() : 0);
  }

 private:
  std::unordered_map<std::string_view, Category> categories_;
  std::unordered_map<std::string_view, std::vector<std::int32_t>> places_;
};

}  // namespace detail

}  // namespace ctp::eval
