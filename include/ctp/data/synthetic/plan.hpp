/// @file   ctp/data/synthetic/plan.hpp
/// @brief  Planning of a split: attributes, titles and ids of all pairs.
/// @layer  data
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include <ctp/core/philox.hpp>
#include <ctp/data/pairs/p9d_writer.hpp>
#include <ctp/data/synthetic/catalogue.hpp>
#include <ctp/data/synthetic/item.hpp>
#include <ctp/data/synthetic/share.hpp>
#include <ctp/data/synthetic/title.hpp>

namespace ctp::data::synthetic {

/// Number of pairs of a split over all industries; zeros of the settings replaced by their defaults.
inline int split_size(const Settings& s, Split split) {
  switch (split) {
    case Split::Train:
      return s.train;
    case Split::Test:
      return s.test;
    case Split::Query:
      return s.query > 0 ? s.query : std::max(s.test / 2, industry_count);
    case Split::Gallery:
      return s.gallery > 0 ? s.gallery : s.test * 2;
  }
  return 0;
}

/// Number of pairs of a split in each industry.
inline std::vector<int> split_shares(const Settings& s, Split split) {
  std::vector<int> sizes;
  for (const Industry& i : industries()) sizes.push_back(split == Split::Train ? i.p9d_train : i.p9d_test);
  return share_out(split_size(s, split), sizes, split == Split::Train ? s.size_tail : s.test_tail);
}

namespace detail {

/// Draws a kind from the long-tailed distribution of the settings.
inline int draw_kind(const Settings& s, RandomSubstream& random) {
  double sum = 0.0;
  for (int k = 0; k < s.kinds; ++k) sum += std::pow(k + 2.0, -s.kind_tail);
  double left = random.uniform() * sum;
  for (int k = 0; k + 1 < s.kinds; ++k) {
    left -= std::pow(k + 2.0, -s.kind_tail);
    if (left < 0.0) return k;
  }
  return s.kinds - 1;
}

/// Draws attributes permitted in `split`: training has no held-out combination, test and query only these, gallery any.
inline Attributes draw_attributes(const Settings& s, Split split, int industry, RandomSubstream& random) {
  const auto below = [&](int n) { return static_cast<int>(random.below(static_cast<std::uint32_t>(n))); };
  Attributes a;
  a.kind = draw_kind(s, random);
  for (int attempt = 0; attempt < 10000; ++attempt) {
    a.colour = below(s.colours);
    a.pattern = below(s.patterns);
    if (split == Split::Gallery || held_out(s, industry, a) == (split != Split::Train)) break;
    if (attempt % 100 == 99) a.kind = below(s.kinds);  // with few colours a kind may have no such combination
  }
  a.material = below(material_count);
  a.size = below(size_count);
  a.count = below(s.counts);
  a.badge = below(s.badges);
  return a;
}

}  // namespace detail

/// @brief The pairs of one split, industry after industry.
///
/// Test pairs of an industry differ in (kind, colour, pattern) as long as the draws find unused combinations, then in
/// the combination of all attributes; titles are distinct within the whole split. Repetitions occur only in a split
/// that is too large for distinct combinations. **Errors.** UsageError for settings out of range.
inline std::vector<Item> plan(const Settings& s, Split split) {
  check(s);
  const std::vector<int> shares = split_shares(s, split);
  const RandomStream stream(s.seed, std::string("make_stream/") + std::string(split_name(split)));
  const bool distinct = split == Split::Test;
  std::unordered_set<std::string> titles;
  std::vector<Item> items;
  for (int industry = 0; industry < industry_count; ++industry) {
    const Industry& trade = industries()[static_cast<std::size_t>(industry)];
    std::unordered_set<int> triples, combinations;
    for (int n = 0; n < shares[static_cast<std::size_t>(industry)]; ++n) {
      Item item;
      item.split = split;
      item.industry = industry;
      item.ordinal = static_cast<std::uint32_t>(n);
      const RandomPlace place{static_cast<std::uint32_t>(industry), 0, item.ordinal};
      RandomSubstream attributes(stream, place, 0), words(stream, place, 1);
      for (int attempt = 0; attempt < 400; ++attempt) {
        item.attributes = detail::draw_attributes(s, split, industry, attributes);
        if (!distinct) break;
        if (attempt < 200 && triples.count(item.attributes.triple()) != 0) continue;
        if (combinations.count(item.attributes.all()) == 0) break;
      }
      triples.insert(item.attributes.triple());
      combinations.insert(item.attributes.all());
      for (int attempt = 0; attempt < (distinct ? 64 : 1); ++attempt) {
        item.title = make_title(s, trade, item.attributes, split == Split::Train ? s.focus : 0.0, words);
        if (titles.count(item.title) == 0) break;
      }
      titles.insert(item.title);
      std::string number = std::to_string(n);
      number.insert(0, 6 - std::min<std::size_t>(6, number.size()), '0');
      item.id = std::to_string(static_cast<int>(split) + 1) + std::to_string(industry) + number;
      items.push_back(std::move(item));
    }
  }
  return items;
}

}  // namespace ctp::data::synthetic
