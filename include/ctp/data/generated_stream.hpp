/// @file   ctp/data/generated_stream.hpp
/// @brief  The generated stream: nine industries of drawn products with Chinese titles, in P9D layout.
/// @layer  data - may include: core, backend, tensor, io
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/encode.hpp>
#include <ctp/data/generated/draw.hpp>
#include <ctp/data/generated/p9d_writer.hpp>
#include <ctp/data/generated/plan.hpp>
#include <ctp/data/generated/settings.hpp>

namespace ctp::data {

/// Told after every picture: how many are written, of how many.
using GeneratedProgress = std::function<void(std::size_t, std::size_t)>;

/// @brief Writes the generated stream into `folder`, which is made if needed.
///
/// The same settings write the same bytes on the same build. The industries come in P9D's order and, softened, in P9D's
/// proportions; categories have a long tail; test and query pairs show combinations of kind, colour and pattern that
/// training never shows. **Errors.** UsageError for settings out of range; ResourceError if the disk refuses.
inline void write_generated_stream(const std::string& folder, const generated::Settings& settings,
                                   const GeneratedProgress& progress = {}) {
  using generated::Split;
  std::vector<std::vector<generated::Item>> splits;
  std::size_t total = 0, done = 0;
  for (const Split split : {Split::Train, Split::Test, Split::Query, Split::Gallery}) {
    splits.push_back(generated::plan(settings, split));
    total += splits.back().size();
  }
  generated::P9dWriter writer(folder);
  for (const auto& items : splits) {
    for (const generated::Item& item : items) {
      const auto& industry = generated::industries()[static_cast<std::size_t>(item.industry)];
      const auto& kind = industry.kinds[static_cast<std::size_t>(item.attributes.kind)];
      writer.add(item.split, {std::string(industry.name), item.id, item.title, std::string(kind.name)},
                 encode_jpeg(generated::draw(settings, item), settings.jpeg_quality));
      if (progress) progress(++done, total);
    }
  }
  writer.finish();
}

}  // namespace ctp::data
