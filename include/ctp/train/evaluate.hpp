/// @file   ctp/train/evaluate.hpp
/// @brief  How well a learner retrieves, in one call.
/// @layer  train - may include every layer below
#pragma once

#include <algorithm>

#include <ctp/data/ordered_batches.hpp>
#include <ctp/data/source.hpp>
#include <ctp/eval/retrieval.hpp>
#include <ctp/train/extract.hpp>

namespace ctp::eval {

/// @brief Recalls of a learner's online model on the pairs of a task, each image asking for its own text and back.
///
/// **Units.** percent.  **Errors.** UsageError if there are no pairs; DataError for a picture that cannot be read.
template <class Learner>
RetrievalScores retrieval(const Learner& learner, const data::Task& pairs) {
  const auto& model = learner.model();
  require(!pairs.members.empty(), "retrieval", "task '" + pairs.name + "' has no pairs");
  data::LoaderOptions loading;
  loading.batch_size = static_cast<int>(std::min<std::size_t>(64, pairs.members.size()));
  loading.image_size = model.config().image;
  loading.length = learner.options().max_words;
  loading.workers = learner.options().workers;
  loading.masking.pad = model.config().pad;
  data::OrderedBatches batches(pairs.name, pairs.source, pairs.members, loading);
  const ExtractedFeatures found = extract(model, learner.thetas().online(), batches, {});
  return retrieval(found.image, found.text, found.pairs, found.embed);
}

}  // namespace ctp::eval
