/// @file   ctp/train/encode.hpp
/// @brief  Features of pictures alone and of texts alone, on the host.
/// @layer  train
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/data/image/augment.hpp>
#include <ctp/data/image/image.hpp>
#include <ctp/data/source.hpp>
#include <ctp/data/text/token_ids.hpp>
#include <ctp/train/extract.hpp>
#include <ctp/train/options.hpp>

namespace ctp {

/// Rows of features on the host, each of unit length: row i belongs to picture or text i.
struct EncodedRows {
  std::size_t rows = 0, width = 0;
  std::vector<float> values;  ///< [rows, width]

  /// Row `i`, [width].
  [[nodiscard]] std::span<const float> operator[](std::size_t i) const {
    return std::span(values).subspan(i * width, width);
  }
};

/// Token ids of one text, from [CLS] to [SEP], not padded.
using TextIds = std::vector<std::int32_t>;

namespace detail {

/// Pictures in memory as a Source; its texts are [CLS] [SEP].
class PicturesOnly final : public data::Source {
 public:
  PicturesOnly(std::span<const data::Image> pictures, const ModelConfig& model)
      : pictures_(pictures), text_{model.cls, model.sep} {}
  [[nodiscard]] std::size_t size() const override { return pictures_.size(); }
  [[nodiscard]] std::string name(std::uint32_t ordinal) const override { return std::to_string(ordinal); }
  void image(std::uint32_t ordinal, RandomSubstream* /*augment*/, const data::PictureRow& out) const override {
    out.write(data::resize_for_test(pictures_[ordinal], out.size()));
  }
  [[nodiscard]] std::span<const std::int32_t> tokens(std::uint32_t /*ordinal*/) const override { return text_; }

 private:
  std::span<const data::Image> pictures_;
  TextIds text_;
};

/// Texts in memory as a Source; its pictures are black, and no image encoder reads them.
class TextsOnly final : public data::Source {
 public:
  explicit TextsOnly(std::span<const TextIds> texts) : texts_(texts) {}
  [[nodiscard]] std::size_t size() const override { return texts_.size(); }
  [[nodiscard]] std::string name(std::uint32_t ordinal) const override { return std::to_string(ordinal); }
  void image(std::uint32_t /*ordinal*/, RandomSubstream* /*augment*/, const data::PictureRow& out) const override {
    out.write(data::Image(out.size(), out.size()));
  }
  [[nodiscard]] std::span<const std::int32_t> tokens(std::uint32_t ordinal) const override { return texts_[ordinal]; }

 private:
  std::span<const TextIds> texts_;
};

/// All pairs of a source as a task.
inline data::Task task_of_all(const char* name, std::shared_ptr<const data::Source> source) {
  data::Task task{name, std::move(source), {}};
  task.members.resize(task.source->size());
  std::iota(task.members.begin(), task.members.end(), 0U);
  return task;
}

}  // namespace detail

/// @brief Image features of the pictures of a task's pairs, in the task's order. The texts are not encoded.
///
/// **Shapes.** theta [parameters], in the backend's memory; result [pairs, embed]. **Errors.** as extract().
template <class Model>
EncodedRows encode_images(const Model& model, const typename Model::Real* theta, const data::Task& pictures,
                          const TrainOptions& options) {
  ExtractedFeatures found = extract(model, theta, pictures, options, {.retrieval = false, .image = true});
  return {found.pairs, found.embed, std::move(found.image)};
}

/// @brief Image features of decoded pictures of any size, resized as for evaluation. The features have the bits of
/// extract() over the same pictures in the same order.
///
/// **Shapes.** theta [parameters], in the backend's memory; result [pictures, embed]. **Errors.** UsageError for no
/// pictures or an empty picture.
template <class Model>
EncodedRows encode_images(const Model& model, const typename Model::Real* theta, std::span<const data::Image> pictures,
                          const TrainOptions& options) {
  for (std::size_t i = 0; i < pictures.size(); ++i)
    data::require_pixels(pictures[i], ("encode_images: picture " + std::to_string(i)).c_str());
  return encode_images(
      model, theta,
      detail::task_of_all("encode_images", std::make_shared<detail::PicturesOnly>(pictures, model.config())), options);
}

/// @brief Text features of token ids. The features have the bits of extract() over the same texts in the same order.
///
/// **Shapes.** theta [parameters], in the backend's memory; texts: [CLS] to [SEP], at most TrainOptions::max_tokens ids
/// each; result [texts, embed]. **Errors.** UsageError for no texts, and for ids or lengths that the model cannot take.
template <class Model>
EncodedRows encode_texts(const Model& model, const typename Model::Real* theta, std::span<const TextIds> texts,
                         const TrainOptions& options) {
  const data::Task task = detail::task_of_all("encode_texts", std::make_shared<detail::TextsOnly>(texts));
  ExtractedFeatures found = extract(model, theta, task, options, {.retrieval = false, .text = true});
  return {found.pairs, found.embed, std::move(found.text)};
}

/// @brief Text features of captions as written: cleaned and tokenised as FileSource does, to TrainOptions::max_tokens
/// words and tokens.
///
/// `texts`: any range of texts; `tokenizer`: data::Tokenizer. **Shapes.** as above. **Errors.** UsageError for no
/// texts, and for a model whose special ids are not the tokenizer's.
template <class Model, class Texts, class Tokenizer>
EncodedRows encode_texts(const Model& model, const typename Model::Real* theta, const Texts& texts,
                         const Tokenizer& tokenizer, const TrainOptions& options) {
  data::require_ids_of_model(data::token_ids_of(tokenizer.vocabulary()), model.config(), "encode_texts");
  std::vector<TextIds> ids;
  for (const auto& text : texts)
    ids.push_back(tokenizer.encode_caption(std::string_view(text), options.max_tokens, options.max_tokens));
  return encode_texts(model, theta, std::span<const TextIds>(ids), options);
}

}  // namespace ctp
