/// @file   ctp/train/extract.hpp
/// @brief  Feature extraction over many pairs, for evaluation and for the choice of exemplars.
/// @layer  train
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <ctp/backend/rounded_weights.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/data/loader/ordered_batches.hpp>
#include <ctp/data/source.hpp>
#include <ctp/data/text/token_ids.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/outputs.hpp>

namespace ctp {

/// Features on the host; row i belongs to pair i. A kind of feature that was not requested is empty.
struct ExtractedFeatures {
  std::size_t pairs = 0, embed = 0, width = 0;
  std::vector<float> image, text;  ///< [pairs, embed], unit length
  std::vector<float> fusion;       ///< [pairs, width], unit length: the class token of text fused with image
};

/// Which features to compute.
struct FeatureKinds {
  bool retrieval = true;  ///< image and text
  bool fusion = false;
  bool image = false, text = false;  ///< one of the two alone, without `retrieval`
};

/// @brief Feature extraction over all batches of a source, without gradient and dropout.
///
/// **Shapes.** theta [model.layout().size()], in the backend's memory.
template <class Model>
ExtractedFeatures extract(const Model& model, const typename Model::Real* theta, data::BatchSource& source,
                          FeatureKinds kinds) {
  using B = typename Model::Backend;
  Tape<B> tape;
  DeviceBatch<B> batch;
  ExtractedFeatures features;
  features.embed = static_cast<std::size_t>(model.config().embed);
  features.width = static_cast<std::size_t>(model.text_encoder().width());
  const auto append = [](const auto& tensor, std::vector<float>& to) {
    const std::size_t before = to.size();
    to.resize(before + static_cast<std::size_t>(tensor.size()));
    B::download(tensor.data, tensor.size(), to.data() + before);
  };
  const backend::RoundedWeights<B> rounded(model.layout().size(), {theta});
  source.start(0);
  while (const data::Batch* host = source.next()) {
    tape.rewind();
    batch.load(*host, model.config());
    Outputs<Model> outputs(model, {theta, &tape}, batch);
    if (kinds.retrieval || kinds.image) append(outputs.image().local.value, features.image);
    if (kinds.retrieval || kinds.text) append(outputs.text().local.value, features.text);
    if (kinds.fusion) append(normalize(outputs.pass(), outputs.fused()).value, features.fusion);
    features.pairs += static_cast<std::size_t>(host->size);
  }
  return features;
}

/// @brief Feature extraction over the pairs of a task, in the task's order, without augmentation.
///
/// **Errors.** UsageError for a task without pairs, and for texts that the model cannot take; DataError for an
/// unreadable image.
template <class Model>
ExtractedFeatures extract(const Model& model, const typename Model::Real* theta, const data::Task& task,
                          const TrainOptions& options, FeatureKinds kinds) {
  require(!task.members.empty(), "extract", "task '" + task.name + "' has no pairs");
  require(task.source != nullptr, "extract", "task '" + task.name + "' has no source");
  if (const auto ids = task.source->token_ids())
    data::require_ids_of_model(*ids, model.config(), "task '" + task.name + "'");
  data::LoadingOptions loading = options.loading;
  loading.batch_size = static_cast<int>(std::min<std::size_t>(64, task.members.size()));
  data::OrderedBatches batches(task.name, task.source, task.members,
                               data::loader_options(std::move(loading), model.config(), options.max_tokens));
  return extract(model, theta, batches, kinds);
}

}  // namespace ctp
