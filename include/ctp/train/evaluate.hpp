/// @file   ctp/train/evaluate.hpp
/// @brief  Retrieval scores of a learner.
/// @layer  train
#pragma once

#include <ctp/data/source.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/train/extract.hpp>

namespace ctp::eval {

/// @brief Retrieval recalls of a learner's online model on the pairs of a task, image to text and text to image. The
/// model's backend ranks the features.
///
/// **Units.** percent.  **Errors.** UsageError if there are no pairs; DataError for an unreadable image.
template <class Learner>
RetrievalScores retrieval(const Learner& learner, const data::Task& pairs) {
  const ExtractedFeatures found = extract(learner.model(), learner.thetas().online(), pairs, learner.options(), {});
  return retrieval<typename Learner::Model::Backend>(found.image, found.text, found.pairs, found.embed);
}

}  // namespace ctp::eval
