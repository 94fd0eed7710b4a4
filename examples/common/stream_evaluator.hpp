/// @file   stream_evaluator.hpp
/// @brief  Evaluation on a P9D folder.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <ctp/data.hpp>

#include "evaluation.hpp"

namespace examples {

/// Settings of reading pairs for evaluation.
struct EvaluationOptions {
  int max_words = 30, batch_size = 64, workers = 0;
  std::size_t cache_bytes = 0;
  ctp::data::DecodeLimits limits{};
  std::optional<std::uint8_t> background{};
};

/// @brief Evaluates models on the test, query and gallery lists of a P9D folder.
class StreamEvaluator final : public Evaluator {
 public:
  StreamEvaluator(const ctp::data::P9d& stream, const ctp::data::Tokenizer& tokenizer, EvaluationOptions options)
      : stream_(stream),
        options_(options),
        padding_(tokenizer.vocabulary().pad()),
        test_(source(stream.test(), tokenizer)),
        query_(source(stream.query(), tokenizer)),
        gallery_(source(stream.gallery(), tokenizer)) {
    for (const std::string& task : stream.tasks()) tests_.push_back(stream.test(std::span(&task, 1)));
  }

  /// Features of the whole test split in file order.
  [[nodiscard]] ctp::ExtractedFeatures test_features(const FeatureMaker& maker, bool fusion) const {
    std::vector<std::uint32_t> all(stream_.test().size());
    std::iota(all.begin(), all.end(), 0U);
    return features("test", test_, all, maker, {.retrieval = true, .fusion = fusion});
  }

  [[nodiscard]] Evaluation operator()(const FeatureMaker& maker, std::size_t seen) const override {
    const ctp::ExtractedFeatures test = test_features(maker, false);
    Evaluation result;
    std::vector<std::uint32_t> joined;
    for (const auto& members : tests_) {
      result.alone.push_back(recalls(maker, test, members));
      joined.insert(joined.end(), members.begin(), members.end());
      std::sort(joined.begin(), joined.end());  // file order, as published; the order only affects ties
      result.joined.push_back(recalls(maker, test, joined));
    }
    if (seen > 0) result.map = precision(maker, std::span(stream_.tasks()).first(seen));
    return result;
  }

  [[nodiscard]] const std::vector<std::string>& tasks() const override { return stream_.tasks(); }

 private:
  using Source = std::shared_ptr<const ctp::data::FileSource>;

  Source source(const std::vector<ctp::data::Sample>& samples, const ctp::data::Tokenizer& tokenizer) const {
    return std::make_shared<const ctp::data::FileSource>(
        samples, tokenizer,
        ctp::data::FileSourceOptions{.max_words = options_.max_words,
                                     .length = options_.max_words,
                                     .cache_bytes = options_.cache_bytes,
                                     .limits = options_.limits,
                                     .background = options_.background});
  }

  [[nodiscard]] ctp::ExtractedFeatures features(const std::string& name, const Source& from,
                                                const std::vector<std::uint32_t>& ordinals, const FeatureMaker& maker,
                                                ctp::FeatureKinds wanted) const {
    ctp::ModelConfig sizes;
    sizes.image = maker.image_size;
    sizes.pad = padding_;
    const int pairs = std::min(options_.batch_size, static_cast<int>(ordinals.size()));
    ctp::data::OrderedBatches batches(
        name, from, ordinals,
        ctp::data::loader_options({.batch_size = pairs, .workers = options_.workers}, sizes, options_.max_words));
    return maker.extract(batches, wanted);
  }

  static ctp::eval::RetrievalScores recalls(const FeatureMaker& maker, const ctp::ExtractedFeatures& all,
                                            const std::vector<std::uint32_t>& rows) {
    const auto take = [&](const std::vector<float>& x) {
      std::vector<float> y;
      y.reserve(rows.size() * all.embed);
      for (const std::uint32_t row : rows)
        y.insert(y.end(), x.begin() + static_cast<std::ptrdiff_t>(row * all.embed),
                 x.begin() + static_cast<std::ptrdiff_t>((row + 1) * all.embed));
      return y;
    };
    return maker.retrieval(take(all.image), take(all.text), rows.size(), all.embed);
  }

  [[nodiscard]] std::optional<ctp::eval::MapScores> precision(const FeatureMaker& maker,
                                                              std::span<const std::string> seen) const {
    const auto queries = stream_.query(seen), gallery = stream_.gallery(seen);
    if (queries.empty() || gallery.empty()) return std::nullopt;
    const auto items = [](const std::vector<ctp::data::Sample>& samples, const std::vector<std::uint32_t>& ordinals) {
      std::vector<ctp::eval::CategoryItem> list;
      for (const std::uint32_t i : ordinals) list.push_back({samples[i].id, samples[i].category});
      return list;
    };
    std::vector<std::uint32_t> whole(stream_.gallery().size());
    std::iota(whole.begin(), whole.end(), 0U);
    const ctp::FeatureKinds wanted{.retrieval = false, .fusion = true};
    const auto q = features("query", query_, queries, maker, wanted),
               g = features("gallery", gallery_, gallery, maker, wanted);
    return maker.multimodal_map(q.fusion, items(stream_.query(), queries), g.fusion, items(stream_.gallery(), gallery),
                                items(stream_.gallery(), whole), q.width);
  }

  const ctp::data::P9d& stream_;
  EvaluationOptions options_;
  std::int32_t padding_;
  Source test_, query_, gallery_;
  std::vector<std::vector<std::uint32_t>> tests_;
};

}  // namespace examples
