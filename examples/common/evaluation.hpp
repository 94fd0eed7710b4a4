/// @file   evaluation.hpp
/// @brief  Evaluation metrics of a task line of metrics.jsonl, for models on any backend.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/json_line.hpp>
#include <ctp/data/source.hpp>
#include <ctp/eval/multimodal_map.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/train/extract.hpp>

namespace examples {

/// Recalls of each task by itself and of the union of tasks so far, and the precision by category.
struct Evaluation {
  std::vector<ctp::eval::RetrievalScores> alone;   ///< [task]
  std::vector<ctp::eval::RetrievalScores> joined;  ///< [task], on the union of tasks 0 to task
  std::optional<ctp::eval::MapScores> map;         ///< on the tasks seen; empty without queries or without a gallery
};

/// @brief Feature extraction and scoring of one model with its weights. Scores are computed on the model's backend.
///
/// The type hides the backend, so that evaluation is compiled once.
struct FeatureMaker {
  using Features = std::span<const float>;
  using Items = std::span<const ctp::eval::CategoryItem>;

  int image_size = 0;  ///< input size of the model, pixels
  std::function<ctp::ExtractedFeatures(ctp::data::BatchSource&, ctp::FeatureKinds)> extract;
  ctp::eval::RetrievalScores (*retrieval)(Features, Features, std::size_t n, std::size_t e) = nullptr;
  ctp::eval::MapScores (*multimodal_map)(Features, Items, Features, Items, Items, std::size_t width) = nullptr;
};

/// A FeatureMaker of a model on this backend with the given extraction.
template <class Backend>
FeatureMaker features_on(int image_size,
                         std::function<ctp::ExtractedFeatures(ctp::data::BatchSource&, ctp::FeatureKinds)> extract) {
  using F = FeatureMaker;
  return {image_size, std::move(extract),
          [](F::Features image, F::Features text, std::size_t n, std::size_t e) {
            return ctp::eval::retrieval<Backend>(image, text, n, e);
          },
          [](F::Features q, F::Items queries, F::Features g, F::Items gallery, F::Items whole, std::size_t width) {
            return ctp::eval::multimodal_map<Backend>(q, queries, g, gallery, whole, width);
          }};
}

/// A FeatureMaker of `model` with weights `theta`. Both must outlive the result.
template <class Model>
FeatureMaker features_of(const Model& model, const typename Model::Real* theta) {
  return features_on<typename Model::Backend>(
      model.config().image, [&model, theta](ctp::data::BatchSource& source, ctp::FeatureKinds wanted) {
        return ctp::extract(model, theta, source, wanted);
      });
}

/// Measures models on the test, query and gallery lists of a stream.
class Evaluator {
 public:
  Evaluator() = default;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;
  virtual ~Evaluator() = default;

  /// Recalls of all tasks, and precision by category on the first `seen` tasks (0: not measured).
  [[nodiscard]] virtual Evaluation operator()(const FeatureMaker& features, std::size_t seen) const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& tasks() const = 0;
};

/// Adds the nine recalls.
inline void add_recalls(ctp::JsonLine& line, const ctp::eval::RetrievalScores& r) {
  line.add("txt_r1", r.txt_r1).add("txt_r5", r.txt_r5).add("txt_r10", r.txt_r10).add("txt_r_mean", r.txt_r_mean);
  line.add("img_r1", r.img_r1).add("img_r5", r.img_r5).add("img_r10", r.img_r10).add("img_r_mean", r.img_r_mean);
  line.add("r_mean", r.r_mean);
}

/// Adds the fields of a task line: recalls on the union of tasks 0 to `last`, precision, and recalls of each task.
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
