/// @file   ctp/data/synthetic/write_stream.hpp
/// @brief  Writer of the synthetic stream: nine industries of drawn products with Chinese titles, in P9D layout.
/// @layer  data
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/codec/encode.hpp>
#include <ctp/data/pairs/p9d_writer.hpp>
#include <ctp/data/pairs/split.hpp>
#include <ctp/data/sample.hpp>
#include <ctp/data/synthetic/draw.hpp>
#include <ctp/data/synthetic/plan.hpp>
#include <ctp/data/synthetic/settings.hpp>

namespace ctp::data {

/// Callback after every picture: number of pictures written, total number.
using SyntheticProgress = std::function<void(std::size_t, std::size_t)>;

/// @brief Writes the synthetic stream into `folder`, as P9dWriter does: an empty or new folder unless `overwrite`.
///
/// The same build writes the same bytes for the same settings. The industries have P9D's order and, softened, P9D's
/// proportions. Categories have a long tail. Test and query pairs show combinations of kind, colour and pattern that
/// are held out of training. **Errors.** UsageError for settings out of range; ResourceError if the system refuses.
inline void write_synthetic_stream(const std::string& folder, const synthetic::Settings& settings,
                                   const SyntheticProgress& progress = {},
                                   io::Overwrite overwrite = io::Overwrite::No) {
  std::vector<std::vector<synthetic::Item>> splits;
  std::size_t total = 0, done = 0;
  for (const Split split : {Split::Train, Split::Test, Split::Query, Split::Gallery}) {
    splits.push_back(synthetic::plan(settings, split));
    total += splits.back().size();
  }
  P9dWriter writer(folder, overwrite);
  for (const auto& items : splits) {
    for (const synthetic::Item& item : items) {
      const auto& industry = synthetic::industries()[static_cast<std::size_t>(item.industry)];
      const auto& kind = industry.kinds[static_cast<std::size_t>(item.attributes.kind)];
      Sample sample;
      sample.id = item.id;
      sample.title = item.title;
      sample.category = kind.name;
      sample.industry = industry.name;
      writer.add(item.split, sample, encode_jpeg(synthetic::draw(settings, item), settings.jpeg_quality));
      if (progress) progress(++done, total);
    }
  }
  writer.finish();
}

}  // namespace ctp::data
