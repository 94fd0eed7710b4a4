/// @file   ctp/data/synthetic/settings.hpp
/// @brief  Settings of the synthetic stream: size, variety, difficulty.
/// @layer  data
#pragma once

#include <cstdint>
#include <string>

#include <ctp/core/error.hpp>

namespace ctp::data::synthetic {

inline constexpr int industry_count = 9;
inline constexpr int max_kinds = 10;
inline constexpr int max_colours = 12;
inline constexpr int max_patterns = 8;
inline constexpr int max_counts = 4;
inline constexpr int max_badges = 6;
inline constexpr int material_count = 4;
inline constexpr int size_count = 2;

/// @brief Settings of the synthetic stream. The same settings give the same files.
///
/// **Units.** Numbers of pairs are over all industries; shares and probabilities lie in [0, 1].
struct Settings {
  std::uint64_t seed = 0;

  int train = 5400;
  int test = 480;
  int query = 0;    ///< 0: half of `test`, which keeps P9D's order of sizes
  int gallery = 0;  ///< 0: twice `test`

  int image_size = 96;    ///< pixels, square
  int jpeg_quality = 90;  ///< 1 to 100

  int kinds = 5;           ///< per industry; each kind is one category
  int colours = 8;         ///< shared by all industries
  int patterns = 5;        ///< shared by all industries; each names them in its dialect
  int badges = 6;          ///< shared by all industries
  int counts = 3;          ///< largest number of products in one picture
  int held_out_every = 3;  ///< one in this many (kind, colour, pattern) combinations is held out of training

  double size_tail = 0.8;  ///< weight of P9D's industry sizes in training: 0 all equal, 1 as published
  double test_tail = 0.1;  ///< the same for test, query and gallery; small, so that small industries can be measured
  double kind_tail = 0.6;  ///< kind of rank r occurs in proportion to (r + 2)^-kind_tail

  double dialect = 0;      ///< share of titles that name the pattern by the industry's series instead of literally
  double hue_dialect = 0;  ///< largest rotation of hues by an industry's light, degrees in either direction
  double focus = 0.95;     ///< share of training titles without the attribute that the industry neglects
  double name_material = 0.9;
  double name_size = 0.9;
  double name_badge = 0.9;
  double name_count = 1.0;  ///< for two products or more; a third of it for one product
  double noise = 4;         ///< standard deviation of the pixel noise, grey levels of 255
  double jitter = 1;        ///< scales the variation of place, angle, size and light; 0: none
};

/// @brief Checks every field. **Errors.** UsageError naming the field, its range and the value found.
inline void check(const Settings& s) {
  const auto in = [](const char* field, double value, double low, double high) {
    if (value >= low && value <= high) return;
    const auto number = [](double x) {
      std::string text = std::to_string(x);
      text.erase(text.find_last_not_of('0') + 1);
      if (text.back() == '.') text.pop_back();
      return text;
    };
    throw UsageError(Complaint{"synthetic stream", field, number(low) + " to " + number(high), number(value),
                               "choose a value in that range"}
                         .text());
  };
  in("train", s.train, industry_count, 90000 * industry_count);
  in("test", s.test, industry_count, 90000 * industry_count);
  in("query", s.query, 0, 90000 * industry_count);
  in("gallery", s.gallery, 0, 90000 * industry_count);
  in("image_size", s.image_size, 32, 1024);
  in("jpeg_quality", s.jpeg_quality, 1, 100);
  in("kinds", s.kinds, 2, max_kinds);
  in("colours", s.colours, 2, max_colours);
  in("patterns", s.patterns, 1, max_patterns);
  in("badges", s.badges, 1, max_badges);
  in("counts", s.counts, 1, max_counts);
  in("held_out_every", s.held_out_every, 2, 100);
  in("size_tail", s.size_tail, 0, 1);
  in("test_tail", s.test_tail, 0, 1);
  in("kind_tail", s.kind_tail, 0, 3);
  in("dialect", s.dialect, 0, 1);
  in("hue_dialect", s.hue_dialect, 0, 180);
  in("focus", s.focus, 0, 1);
  in("name_material", s.name_material, 0, 1);
  in("name_size", s.name_size, 0, 1);
  in("name_badge", s.name_badge, 0, 1);
  in("name_count", s.name_count, 0, 1);
  in("noise", s.noise, 0, 64);
  in("jitter", s.jitter, 0, 2);
}

}  // namespace ctp::data::synthetic
