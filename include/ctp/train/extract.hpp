/// @file   ctp/train/extract.hpp
/// @brief  A model's features of many pairs, for evaluation and for choosing exemplars.
/// @layer  train
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <ctp/data/batch.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/data/loader/ordered_batches.hpp>
#include <ctp/data/source.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/outputs.hpp>

namespace ctp {

/// Features on the host, row i of each belonging to pair i. What was not asked for is empty.
struct ExtractedFeatures {
  std::size_t pairs = 0, embed = 0, width = 0;
  std::vector<float> image, text;  ///< [pairs, embed], unit length
  std::vector<float> fusion;       ///< [pairs, width], unit length: the class token of image and text read together
};

/// Which features to compute.
struct Wanted {
  bool retrieval = true;  ///< image and text
  bool fusion = false;
};

/// @brief Runs a model, as a teacher would, over all batches of a source.
///
/// **Shapes.** theta [model.layout().size()], in the backend's memory.
template <class Model>
ExtractedFeatures extract(const Model& model, const typename Model::Real* theta, data::BatchSource& source,
                          Wanted wanted) {
  using B = typename Model::Backend;
  Tape<B> tape;
  DeviceBatch<B> batch;
  ExtractedFeatures found;
  found.embed = static_cast<std::size_t>(model.config().embed);
  found.width = static_cast<std::size_t>(model.text_encoder().width());
  const auto append = [](const auto& tensor, std::vector<float>& to) {
    const std::size_t before = to.size();
    to.resize(before + static_cast<std::size_t>(tensor.size()));
    B::download(tensor.data, tensor.size(), to.data() + before);
  };
  source.start(0);
  while (const data::Batch* host = source.next()) {
    tape.rewind();
    batch.load(*host, model.config());
    Outputs<Model> outputs(model, {theta, &tape}, batch);
    if (wanted.retrieval) {
      append(outputs.image().local.value, found.image);
      append(outputs.text().local.value, found.text);
    }
    if (wanted.fusion) append(normalize(outputs.pass(), outputs.fused()).value, found.fusion);
    found.pairs += static_cast<std::size_t>(host->size);
  }
  return found;
}

/// @brief The same for the pairs of a task, in its order, without augmentation.
///
/// **Errors.** UsageError if there are none; DataError for a picture that cannot be read.
template <class Model>
ExtractedFeatures extract(const Model& model, const typename Model::Real* theta, const data::Task& task,
                          const TrainOptions& options, Wanted wanted) {
  require(!task.members.empty(), "extract", "task '" + task.name + "' has no pairs");
  data::LoadingOptions loading = options.loading;
  loading.batch_size = static_cast<int>(std::min<std::size_t>(64, task.members.size()));
  data::OrderedBatches batches(task.name, task.source, task.members,
                               data::loader_options(std::move(loading), model.config(), options.max_tokens));
  return extract(model, theta, batches, wanted);
}

}  // namespace ctp
