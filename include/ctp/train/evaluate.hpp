/// @file   ctp/train/evaluate.hpp
/// @brief  Retrieval scores of a learner.
/// @layer  train
#pragma once

#include <cstddef>
#include <string>

#include <ctp/data/source.hpp>
#include <ctp/eval/equal_pairs.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/train/extract.hpp>

namespace ctp::eval {

/// The pairs of a task whose captions have equal tokens; every pair counts as an image of its own.
inline EqualPairs equal_texts(const data::Task& task) {
  const std::size_t n = task.members.size();
  return {first_equal(n, [](std::size_t i) { return i; }), first_equal(n, [&](std::size_t i) {
            const auto tokens = task.source->tokens(task.members[i]);
            return std::string(reinterpret_cast<const char*>(tokens.data()), tokens.size_bytes());
          })};
}

/// @brief Retrieval recalls of a learner's online model on the pairs of a task, image to text and text to image. The
/// model's backend ranks the features.
///
/// Pairs with equal tokens belong to each other's images, so the recalls do not depend on the order of the pairs; every
/// pair counts as an image of its own. See docs/evaluation.md.
/// **Units.** percent.  **Errors.** UsageError if there are no pairs; DataError for an unreadable image.
template <class Learner>
RetrievalScores retrieval(const Learner& learner, const data::Task& pairs) {
  const ExtractedFeatures found = extract(learner.model(), learner.thetas().online(), pairs, learner.options(), {});
  return retrieval<typename Learner::Model::Backend>(found.image, found.text, found.pairs, found.embed,
                                                     equal_texts(pairs));
}

}  // namespace ctp::eval
