/// @file   evaluation.hpp
/// @brief  Everything a task line of metrics.jsonl says, for models on any backend.
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

/// Recalls of every task by itself and of the tasks so far together, and the precision by category.
struct Evaluation {
  std::vector<ctp::eval::RetrievalScores> alone;   ///< [task]
  std::vector<ctp::eval::RetrievalScores> joined;  ///< [task], on the union of tasks 0 to this one
  std::optional<ctp::eval::MapScores> map;         ///< on the tasks seen; empty if they have no queries or no gallery
};

/// @brief A model with its weights, wherever it runs, as evaluation sees it: the features of all pairs of a source, and
/// what they are worth, computed where the model runs.
struct FeatureMaker {
  using Features = std::span<const float>;
  using Items = std::span<const ctp::eval::CategoryItem>;

  int image_size = 0;  ///< that the model takes
  std::function<ctp::ExtractedFeatures(ctp::data::BatchSource&, ctp::FeatureKinds)> extract;
  ctp::eval::RetrievalScores (*retrieval)(Features, Features, std::size_t n, std::size_t e) = nullptr;
  ctp::eval::MapScores (*multimodal_map)(Features, Items, Features, Items, Items, std::size_t width) = nullptr;
};

/// What `extract` says of a model on this backend.
template <class Backend>
FeatureMaker features_on(int image_size,
                         std::function<ctp::ExtractedFeatures(ctp::data::BatchSource&, ctp::FeatureKinds)> extract) {
  return {image_size, std::move(extract), ctp::eval::retrieval<Backend>, ctp::eval::multimodal_map<Backend>};
}

/// `model` and `theta` must outlive what is returned.
template <class Model>
FeatureMaker features_of(const Model& model, const typename Model::Real* theta) {
  return features_on<typename Model::Backend>(model.config().image,
                                              [&model, theta](ctp::data::BatchSource& source, ctp::FeatureKinds wanted) {
                                                return ctp::extract(model, theta, source, wanted);
                                              });
}

/// Measures models on some stream's test, query and gallery lists.
class Evaluator {
 public:
  Evaluator() = default;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;
  virtual ~Evaluator() = default;

  /// Recalls of all tasks, and precision by category on the first `seen` of them (none: it is not measured).
  [[nodiscard]] virtual Evaluation operator()(const FeatureMaker& features, std::size_t seen) const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& tasks() const = 0;
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
