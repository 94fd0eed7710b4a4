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
#include <ctp/core/quoted.hpp>
#include <ctp/data/source.hpp>
#include <ctp/eval/equal_pairs.hpp>
#include <ctp/eval/multimodal_map.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/train/extract.hpp>

#include "task_names.hpp"

namespace examples {

/// What recalls are measured over.
struct RecallList {
  std::size_t pairs = 0;              ///< texts: queries from text to image, and candidates from image to text
  std::size_t images = 0;             ///< distinct: queries from image to text, and candidates from text to image
  std::size_t repeated_texts = 0;     ///< texts that equal an earlier text after cleaning and cutting
  ctp::eval::RetrievalScores chance;  ///< expected recalls of a random ranking
  std::string fingerprint;            ///< of ids, picture names, titles and categories, in any order
};

/// What precisions by category are measured over.
struct MapList {
  std::size_t queries = 0, gallery = 0;
  std::size_t without_positive = 0;  ///< queries with no gallery item of their category
  std::size_t in_mean = 0;           ///< queries: without those of no positive, or all of them by the published rule
  std::string example;               ///< the category of the first query without positive
  ctp::eval::MapScores chance;       ///< expected precisions of a random ranking
  std::string fingerprint;
};

/// Records that belong to no task that is measured.
struct LeftOut {
  std::size_t test = 0, query = 0, gallery = 0;
  std::size_t bad_pictures = 0;    ///< further records, whose pictures cannot be read
  std::vector<std::string> names;  ///< of their industries, each once, in file order
  [[nodiscard]] std::size_t all() const { return test + query + gallery; }
};

/// Recalls of each task by itself and of the union of tasks so far, and the precision by category.
struct Evaluation {
  std::vector<ctp::eval::RetrievalScores> alone;  ///< [task]
  /// [task], on the union of tasks 0 to task. Measured for the last task seen, and for each task once all are seen;
  /// zeros for the others.
  std::vector<ctp::eval::RetrievalScores> joined;
  std::optional<ctp::eval::MapScores> map;  ///< on the tasks seen; empty if no query can find anything
  MapList map_list;
};

/// @brief Feature extraction and scoring of one model with its weights. Scores are computed on the model's backend.
///
/// The type hides the backend, so that evaluation is compiled once.
struct FeatureMaker {
  using Features = std::span<const float>;
  using Items = std::span<const ctp::eval::CategoryItem>;

  int image_size = 0;  ///< input size of the model, pixels
  std::function<ctp::ExtractedFeatures(ctp::data::BatchSource&, ctp::FeatureKinds)> extract;
  /// `equal`: null for the published rule.
  ctp::eval::RetrievalScores (*retrieval)(Features, Features, std::size_t n, std::size_t e,
                                          const ctp::eval::EqualPairs* equal) = nullptr;
  ctp::eval::MapScores (*multimodal_map)(Features, Items, Features, Items, Items, std::size_t width,
                                         ctp::eval::MapRule rule) = nullptr;
};

/// Recalls on this backend, by the published rule if `equal` is null.
template <class Backend>
ctp::eval::RetrievalScores retrieval_on(FeatureMaker::Features image, FeatureMaker::Features text, std::size_t n,
                                        std::size_t e, const ctp::eval::EqualPairs* equal) {
  return equal != nullptr ? ctp::eval::retrieval<Backend>(image, text, n, e, *equal)
                          : ctp::eval::retrieval<Backend>(image, text, n, e);
}

/// A FeatureMaker of a model on this backend with the given extraction.
template <class Backend>
FeatureMaker features_on(int image_size,
                         std::function<ctp::ExtractedFeatures(ctp::data::BatchSource&, ctp::FeatureKinds)> extract) {
  return {image_size, std::move(extract), retrieval_on<Backend>, ctp::eval::multimodal_map<Backend>};
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

  /// Recalls of all tasks by themselves; recalls of unions and precision by category on the first `seen` tasks (0: not
  /// measured).
  [[nodiscard]] virtual Evaluation operator()(const FeatureMaker& features, std::size_t seen) const = 0;
  [[nodiscard]] virtual const std::vector<std::string>& tasks() const = 0;
  /// The list of each task by itself.
  [[nodiscard]] virtual const std::vector<RecallList>& alone() const = 0;
  /// The list of the union of tasks 0 to `last`.
  [[nodiscard]] virtual RecallList joined(std::size_t last) const = 0;
  /// "own" or "published": the setting --equal-texts.
  [[nodiscard]] virtual const char* rule() const = 0;
  [[nodiscard]] virtual const LeftOut& left_out() const = 0;
};

/// Names of the tasks with few test pairs.
inline std::vector<std::string> tasks_of_few_pairs(const Evaluator& evaluator) {
  std::vector<std::string> names;
  for (std::size_t t = 0; t < evaluator.tasks().size(); ++t)
    if (evaluator.alone()[t].pairs < few_pairs) names.push_back(evaluator.tasks()[t]);
  return names;
}

/// @brief Lines that say what the figures of a run leave out or cannot show, each without a line end.
///
/// Few test pairs; repeated texts; records of other tasks, with `why` they are left out.
inline std::vector<std::string> remarks(const Evaluator& evaluator, const std::string& why) {
  std::vector<std::string> lines;
  if (const auto few = tasks_of_few_pairs(evaluator); !few.empty()) lines.push_back(warning_of_few_pairs(few));
  const RecallList all = evaluator.joined(evaluator.tasks().size() - 1);
  if (all.repeated_texts > 0) {
    const bool own = std::string(evaluator.rule()) == "own";
    lines.push_back("test texts that repeat an earlier one: " + std::to_string(all.repeated_texts) + " of " +
                    std::to_string(all.pairs) +
                    (own ? "; an equal text counts as one's own (--equal-texts own)"
                         : "; only a pair's own text counts (--equal-texts published)"));
  }
  if (const LeftOut& out = evaluator.left_out(); out.all() > 0)
    lines.push_back("records left out, because " + why + ": " + std::to_string(out.test) + " test, " +
                    std::to_string(out.query) + " query, " + std::to_string(out.gallery) + " gallery; industries " +
                    listed(out.names));
  return lines;
}

/// The line about queries that can find nothing; empty if there are none.
inline std::string remark_on_queries(const MapList& list) {
  if (list.without_positive == 0) return "";
  return "queries without a gallery item of their category (cate_name): " + std::to_string(list.without_positive) +
         " of " + std::to_string(list.queries) + ", first " + ctp::quoted(list.example, 40) +
         (list.in_mean == list.queries ? "; each counts 0 in the mean average precision (--equal-texts published)"
                                       : "; left out of the mean average precision");
}

/// Adds the nine recalls.
inline void add_recalls(ctp::JsonLine& line, const ctp::eval::RetrievalScores& r) {
  line.add("txt_r1", r.txt_r1).add("txt_r5", r.txt_r5).add("txt_r10", r.txt_r10).add("txt_r_mean", r.txt_r_mean);
  line.add("img_r1", r.img_r1).add("img_r5", r.img_r5).add("img_r10", r.img_r10).add("img_r_mean", r.img_r_mean);
  line.add("r_mean", r.r_mean);
}

/// Adds what recalls are measured over, with the chance level of each.
inline void add_list(ctp::JsonLine& line, const RecallList& list) {
  ctp::JsonLine chance;
  add_recalls(chance, list.chance);
  line.add("pairs", list.pairs).add("images", list.images).add("repeated_texts", list.repeated_texts);
  line.add("chance", chance).add("test_list", list.fingerprint);
}

/// Adds the fields of a task line: recalls on the union of tasks 0 to `last`, precision, and recalls of each task,
/// each with what it is measured over.
inline void add_evaluation(ctp::JsonLine& line, const Evaluation& found, const Evaluator& evaluator, std::size_t last) {
  using ctp::eval::MapScores;
  add_recalls(line, found.joined[last]);
  const auto precision = [&](ctp::JsonLine& to, const char* key, const std::optional<MapScores>& scores,
                             double MapScores::* member) {
    scores ? to.add(key, (*scores).*member) : to.add(key, nullptr);
  };
  const auto precisions = [&](ctp::JsonLine& to, const std::optional<MapScores>& scores) {
    precision(to, "map1", scores, &MapScores::map1);
    precision(to, "map5", scores, &MapScores::map5);
    precision(to, "map10", scores, &MapScores::map10);
  };
  precisions(line, found.map);
  line.add("equal_texts", evaluator.rule());
  add_list(line, evaluator.joined(last));
  const MapList& over = found.map_list;
  line.add("map_queries", over.queries).add("map_gallery", over.gallery);
  line.add("map_without_positive", over.without_positive);
  ctp::JsonLine chance;
  precisions(chance, found.map ? std::optional(over.chance) : std::nullopt);
  line.add("map_chance", chance).add("map_list", over.fingerprint);
  ctp::JsonArray each;
  for (std::size_t t = 0; t <= last; ++t) {
    ctp::JsonLine one;
    one.add("name", evaluator.tasks()[t]);
    add_recalls(one, found.alone[t]);
    add_list(one, evaluator.alone()[t]);
    each.push(one);
  }
  line.add("per_task", each);
}

/// Adds the tasks of few test pairs, and how many records are left out, under the key `why`.
inline void add_remarks(ctp::JsonLine& line, const Evaluator& evaluator, const char* why) {
  const LeftOut& out = evaluator.left_out();
  line.add("few_pairs", tasks_of_few_pairs(evaluator));
  line.add("bad_pictures_left_out", out.bad_pictures);
  line.add(why, ctp::JsonLine().add("test", out.test).add("query", out.query).add("gallery", out.gallery));
}

}  // namespace examples
