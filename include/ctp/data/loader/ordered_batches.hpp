/// @file   ctp/data/loader/ordered_batches.hpp
/// @brief  Batches for evaluation: every pair once, in the order given, neither augmented nor masked.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/batch.hpp>
#include <ctp/data/loader/loader.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/data/source.hpp>

namespace ctp::data {

/// @brief A Loader that neither shuffles, augments, masks nor drops pairs; the last batch may be short.
///
/// A picture that cannot be read is an error under every OnBadImage: a replacement would falsify the result.
class OrderedBatches final : public BatchSource {
 public:
  /// `name`: name of this list in messages. Of `options`, sizes, `masking.pad`, `workers` and `prefetch` are used.
  OrderedBatches(std::string name, std::shared_ptr<const Source> source, std::vector<std::uint32_t> ordinals,
                 LoaderOptions options)
      : loader_(Task{std::move(name), std::move(source), std::move(ordinals)}, plain(std::move(options))) {
    loader_.start(0);
  }

  [[nodiscard]] std::size_t steps() const override { return loader_.steps(); }
  /// Goes back to the first batch. All epochs are equal; the constructor has started the first one.
  void start(std::uint32_t epoch) override { loader_.start(epoch); }
  const Batch* next() override { return loader_.next(); }
  [[nodiscard]] std::string sample_name(std::uint32_t ordinal) const override { return loader_.sample_name(ordinal); }

 private:
  static LoaderOptions plain(LoaderOptions options) {
    options.shuffle = options.augment = options.mask = false;
    options.last_batch = LastBatch::Keep;
    options.least_pairs = 1;
    options.on_bad_image = OnBadImage::Error;
    options.quarantined.clear();
    return options;
  }

  Loader loader_;
};

}  // namespace ctp::data
