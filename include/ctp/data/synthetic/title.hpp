/// @file   ctp/data/synthetic/title.hpp
/// @brief  Generation of Chinese product titles from attributes.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <ctp/core/philox.hpp>
#include <ctp/data/synthetic/badge.hpp>
#include <ctp/data/synthetic/catalogue.hpp>
#include <ctp/data/synthetic/item.hpp>

namespace ctp::data::synthetic {

/// Titles have fewer characters than this limit, so one token per character, [CLS] and [SEP] fit 30 tokens.
inline constexpr std::size_t title_limit = 26;

/// Number of code points of `text`, which must be well-formed UTF-8.
inline std::size_t code_points(const std::string& text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return n;
}

/// @brief A title for `a`, drawn from `random`: the attributes in one of several orders, with filler words.
///
/// Every title names the kind. Titles name colour and pattern, except that a share `focus` omits the attribute that the
/// industry neglects. Titles name material, size, count and badge with the probabilities of the settings.
inline std::string make_title(const Settings& s, const Industry& industry, const Attributes& a, double focus,
                              RandomSubstream& random) {
  const auto chance = [&](double p) { return random.uniform() < p; };
  const auto at = [](int i) { return static_cast<std::size_t>(i); };
  const Neglect left_out = focus > 0.0 && chance(focus) ? industry.neglects : Neglect::Nothing;
  const std::string colour(left_out == Neglect::Colour ? "" : industry.colours[at(a.colour)]);
  const std::string kind(industry.kinds[at(a.kind)].name);
  const std::string_view series = series_word(industry, a.pattern), literal = pattern_words[at(a.pattern)];
  const std::string pattern(left_out == Neglect::Pattern ? "" : chance(s.dialect) ? series : literal);
  const std::string material(chance(s.name_material) ? industry.materials[at(a.material)] : "");
  const std::string size(chance(s.name_size) ? industry.sizes[at(a.size)] : "");
  const std::string count(chance(a.count > 0 ? s.name_count : s.name_count / 3) ? industry.counts[at(a.count)] : "");
  const std::string badge(chance(s.name_badge) ? badge_words[at(a.badge)] : "");
  const auto filler = [&] {
    return std::string(industry.fillers[random.below(static_cast<std::uint32_t>(filler_count))]);
  };
  const std::string first = filler();

  std::string title;
  switch (random.below(4)) {
    case 0:
      title = badge + first + colour + pattern + material + kind + size + count;
      break;
    case 1:
      title = pattern + first + size + material + colour + kind + count + badge;
      break;
    case 2:
      title = count + badge + colour + material + kind + pattern + size + first;
      break;
    default:
      title = first + size + kind + badge + material + pattern + colour + count;
      break;
  }
  const std::string last = filler();
  if (chance(0.4) && last != first && code_points(title + last) < title_limit) title += last;
  return title;
}

}  // namespace ctp::data::synthetic
