/// @file   evaluation.hpp
/// @brief  Everything a task line of metrics.jsonl says, measured on a P9D folder.
#pragma once

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/data.hpp>
#include <ctp/eval/multimodal_map.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/train/extract.hpp>

namespace examples {

/// Recalls of every task by itself and of the tasks so far together, and the precision by category.
struct Evaluation {
  std::vector<ctp::eval::RetrievalScores> alone;   ///< [task]
  std::vector<ctp::eval::RetrievalScores> joined;  ///< [task], on the union of tasks 0 to this one
  std::optional<ctp::eval::MapScores> map;         ///< on the tasks seen; empty if they have no queries or no gallery
};

/// How pairs are read for evaluation.
struct EvaluationOptions {
  int max_words = 30, batch_size = 64, workers = 0;
  std::size_t cache_bytes = 0;
};

/// @brief Evaluates models on the test, query and gallery lists of a P9D folder.
class StreamEvaluator {
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
  template <class Model>
  ctp::ExtractedFeatures test_features(const Model& model, const typename Model::Real* theta, bool fusion) const {
    std::vector<std::uint32_t> all(stream_.test().size());
    std::iota(all.begin(), all.end(), 0U);
    return features("test", test_, all, model, theta, {.retrieval = true, .fusion = fusion});
  }

  /// Recalls of all tasks, and precision by category on the first `seen` of them (none: it is not measured).
  template <class Model>
  Evaluation operator()(const Model& model, const typename Model::Real* theta, std::size_t seen) const {
    const ctp::ExtractedFeatures test = test_features(model, theta, false);
    Evaluation result;
    std::vector<std::uint32_t> joined;
    for (const auto& own : tests_) {
      result.alone.push_back(recalls(test, own));
      joined.insert(joined.end(), own.begin(), own.end());
      std::sort(joined.begin(), joined.end());  // file order, as published; it only matters for ties
      result.joined.push_back(recalls(test, joined));
    }
    if (seen > 0) result.map = precision(model, theta, std::span(stream_.tasks()).first(seen));
    return result;
  }

  [[nodiscard]] const std::vector<std::string>& tasks() const { return stream_.tasks(); }

 private:
  using Source = std::shared_ptr<const ctp::data::FileSource>;

  Source source(const std::vector<ctp::data::Sample>& samples, const ctp::data::Tokenizer& tokenizer) const {
    return std::make_shared<const ctp::data::FileSource>(
        samples, tokenizer,
        ctp::data::FileSourceOptions{
            .max_words = options_.max_words, .length = options_.max_words, .cache_bytes = options_.cache_bytes});
  }

  template <class Model>
  ctp::ExtractedFeatures features(const std::string& name, const Source& from,
                                  const std::vector<std::uint32_t>& ordinals, const Model& model,
                                  const typename Model::Real* theta, ctp::Wanted wanted) const {
    ctp::data::LoaderOptions loading;
    loading.batch_size = std::min(options_.batch_size, static_cast<int>(ordinals.size()));
    loading.image_size = model.config().image;
    loading.length = options_.max_words;
    loading.workers = options_.workers;
    loading.masking.pad = padding_;
    ctp::data::OrderedBatches batches(name, from, ordinals, loading);
    return extract(model, theta, batches, wanted);
  }

  static ctp::eval::RetrievalScores recalls(const ctp::ExtractedFeatures& all, const std::vector<std::uint32_t>& rows) {
    const auto take = [&](const std::vector<float>& x) {
      std::vector<float> y;
      y.reserve(rows.size() * all.embed);
      for (const std::uint32_t row : rows)
        y.insert(y.end(), x.begin() + static_cast<std::ptrdiff_t>(row * all.embed),
                 x.begin() + static_cast<std::ptrdiff_t>((row + 1) * all.embed));
      return y;
    };
    return ctp::eval::retrieval(take(all.image), take(all.text), rows.size(), all.embed);
  }

  template <class Model>
  std::optional<ctp::eval::MapScores> precision(const Model& model, const typename Model::Real* theta,
                                                std::span<const std::string> seen) const {
    const auto queries = stream_.query(seen), gallery = stream_.gallery(seen);
    if (queries.empty() || gallery.empty()) return std::nullopt;
    const auto items = [](const std::vector<ctp::data::Sample>& samples, const std::vector<std::uint32_t>& ordinals) {
      std::vector<ctp::eval::LabelledItem> list;
      for (const std::uint32_t i : ordinals) list.push_back({samples[i].id, samples[i].category});
      return list;
    };
    std::vector<std::uint32_t> whole(stream_.gallery().size());
    std::iota(whole.begin(), whole.end(), 0U);
    const ctp::Wanted wanted{.retrieval = false, .fusion = true};
    const auto q = features("query", query_, queries, model, theta, wanted),
               g = features("gallery", gallery_, gallery, model, theta, wanted);
    return ctp::eval::multimodal_map(q.fusion, items(stream_.query(), queries), g.fusion,
                                     items(stream_.gallery(), gallery), items(stream_.gallery(), whole), q.width);
  }

  const ctp::data::P9d& stream_;
  EvaluationOptions options_;
  std::int32_t padding_;
  Source test_, query_, gallery_;
  std::vector<std::vector<std::uint32_t>> tests_;
};

/// Adds the nine recalls.
inline void add_recalls(ctp::JsonLine& line, const ctp::eval::RetrievalScores& r) {
  line.add("txt_r1", r.txt_r1).add("txt_r5", r.txt_r5).add("txt_r10", r.txt_r10).add("txt_r_mean", r.txt_r_mean);
  line.add("img_r1", r.img_r1).add("img_r5", r.img_r5).add("img_r10", r.img_r10).add("img_r_mean", r.img_r_mean);
  line.add("r_mean", r.r_mean);
}

/// Adds the fields of a task line: the union of the tasks up to `last`, precision, and each of these tasks by itself.
inline void add_evaluation(ctp::JsonLine& line, const Evaluation& found, const std::vector<std::string>& tasks,
                           std::size_t last) {
  add_recalls(line, found.joined[last]);
  const auto precision = [&](const char* key, double ctp::eval::MapScores::* member) {
    found.map ? line.add(key, (*found.map).*member) : line.add(key, nullptr);
  };
  precision("map1", &ctp::eval::MapScores::map1);
  precision("map5", &ctp::eval::MapScores::map5);
  precision("map10", &ctp::eval::MapScores::map10);
  ctp::JsonArray each;
  for (std::size_t t = 0; t <= last; ++t) {
    ctp::JsonLine one;
    one.add("name", tasks[t]);
    add_recalls(one, found.alone[t]);
    each.push(one);
  }
  line.add("per_task", each);
}

}  // namespace examples
