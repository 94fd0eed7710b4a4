/// @file   records.hpp
/// @brief  Reads models, weights and batches out of records.
#pragma once

#include <string>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/io/model_config.hpp>
#include <ctp/io/safetensors.hpp>

namespace conformance {

template <class Real, class Projection = ctp::nn::Linear>
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<Real>, Projection>;

/// The sizes of a record's model; records are made without dropout.
inline ctp::ModelConfig config_of(const ctp::TensorFile& file) {
  auto config = ctp::io::config_of(file);
  config.dropout = 0;
  return config;
}

/// Batch `index` of the `count` that the tensors `prefix`images, `prefix`ids, ... hold.
inline ctp::data::Batch read_batch(const ctp::TensorFile& file, const std::string& prefix, std::size_t index = 0,
                                   std::size_t count = 1) {
  const auto& shape = file.at(prefix + "ids").shape;
  const auto part = [&](const auto& all) {
    const std::size_t n = all.size() / count;
    return std::vector(all.begin() + static_cast<std::ptrdiff_t>(index * n),
                       all.begin() + static_cast<std::ptrdiff_t>((index + 1) * n));
  };
  const auto ints = [&](const char* name) {
    const auto values = part(file.at(prefix + name).as_int64s());
    return std::vector<std::int32_t>(values.begin(), values.end());
  };
  ctp::data::Batch batch;
  batch.resize(static_cast<int>(shape[shape.size() - 2]), static_cast<int>(file.at(prefix + "images").shape.back()),
               static_cast<int>(shape.back()));
  const auto images = part(file.at(prefix + "images").as_doubles());  // float32 numbers, whatever the file stores
  batch.images.assign(images.begin(), images.end());
  batch.ids = ints("ids");
  batch.attend = ints("attend");
  batch.masked = ints("masked");
  batch.labels = ints("labels");
  for (std::size_t i = 0; i < batch.sample.size(); ++i) batch.sample[i] = static_cast<std::uint32_t>(i);
  return batch;
}

/// x^T. **Shapes.** x [rows,columns].
template <class Real>
std::vector<Real> transposed(const std::vector<Real>& x, std::size_t rows, std::size_t columns) {
  std::vector<Real> y(x.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) y[j * rows + i] = x[i * columns + j];
  return y;
}

/// An archive that finds the queues of momentum contrast in a strategy's state.
template <class Real>
struct Queues {
  using Buffer = ctp::Buffer<Real, ctp::BasicCpu<Real>>;
  Buffer *image = nullptr, *text = nullptr;
  template <class Value>
  void operator()(const std::string&, Value&) {}
  void operator()(const std::string& name, Buffer& value) {
    if (name == "image_queue") image = &value;
    if (name == "text_queue") text = &value;
  }
  /// Loads both from tensors `prefix`image and `prefix`text, stored [E,Q].
  void load(const ctp::TensorFile& file, const std::string& prefix) {
    const auto& shape = file.at(prefix + "image").shape;
    const auto e = static_cast<std::size_t>(shape[0]), q = static_cast<std::size_t>(shape[1]);
    image->assign(transposed(file.at(prefix + "image").as_doubles(), e, q));
    text->assign(transposed(file.at(prefix + "text").as_doubles(), e, q));
  }
};

}  // namespace conformance
