/// @file   ctp/train/evaluate.hpp
/// @brief  How well a learner retrieves, in one call.
/// @layer  train
#pragma once

#include <ctp/data/source.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/train/extract.hpp>

namespace ctp::eval {

/// @brief Recalls of a learner's online model on the pairs of a task, each image asking for its own text and back.
/// Computed where the model is.
///
/// **Units.** percent.  **Errors.** UsageError if there are no pairs; DataError for a picture that cannot be read.
template <class Learner>
RetrievalScores retrieval(const Learner& learner, const data::Task& pairs) {
  const ExtractedFeatures found = extract(learner.model(), learner.thetas().online(), pairs, learner.options(), {});
  return retrieval<typename Learner::Model::Backend>(found.image, found.text, found.pairs, found.embed);
}

}  // namespace ctp::eval
