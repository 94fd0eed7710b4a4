/// @file   records.hpp
/// @brief  Reads models, weights and batches out of parsed records, for any backend.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ctp/core/model_config.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/tensor/named.hpp>

#include "../common/model.hpp"

namespace conformance {

using examples::Model;

/// The `run` entry of a trajectory's metadata.
struct Run {
  std::string method;
  int tasks = 0, epochs = 0, steps = 0;
  double lr = 0, min_lr = 0, weight_decay = 0;
};

/// Permitted errors of computed numbers.
struct Limits {
  double tight = 1e-5;              ///< features, losses, queues, weights after one step
  double loose = 1e-4;              ///< gradients and importances, relative in norm
  double zero = 1e-5;               ///< of tensors that are zero in exact arithmetic
  double trajectory_loss = 5e-5;    ///< every loss of a training
  double trajectory_change = 1e-2;  ///< the change of all parameters together, relative in norm
  double trajectory_queue = 1e-3;
};
/// Limits for a record in float64, computed in double. Every parameter is compared.
inline constexpr Limits double_limits{1e-9, 1e-9, 1e-9, 1e-6, 1e-6, 1e-6};
inline constexpr Limits fp32_limits{};
/// Limits for operands of products rounded to 10 and to 7 bits of mantissa (TF32, bfloat16): about twice the error of
/// this rounding alone on the records under tests/golden, measured with simulated threads (docs/conformance.md).
/// Gradients of such small models have the largest errors. The weights of two trainings diverge step by step, so their
/// limit checks little more than the direction of the change.
inline constexpr Limits tf32_limits{1e-2, 8e-2, 1e-2, 4e-2, 0.5, 1e-2};
inline constexpr Limits bf16_limits{6e-2, 0.35, 6e-2, 0.1, 0.8, 3e-2};
inline Limits limits_of(const std::string& precision) {
  return precision == "bf16" ? bf16_limits : precision == "tf32" ? tf32_limits : fp32_limits;
}

/// One record: its tensors, the configuration of its model (dropout 0), and the run of a trajectory.
struct Record {
  const ctp::TensorFile& file;
  ctp::ModelConfig config;
  std::optional<Run> run;
};

/// Values on the host.
template <class B, class T>
std::vector<std::remove_const_t<T>> to_host(const T* values, ctp::Index n) {
  std::vector<std::remove_const_t<T>> host(static_cast<std::size_t>(n));
  B::download(values, n, host.data());
  return host;
}

/// Batch `index` of the `count` batches in the tensors `prefix`images, `prefix`ids, ...
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
  const auto images = part(file.at(prefix + "images").as_doubles());  // images are float32 in every record
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
template <class B>
struct Queues {
  using Buffer = ctp::Buffer<typename B::Real, B>;
  Buffer *image = nullptr, *text = nullptr;
  template <class Value>
  void operator()(const std::string&, Value&) {}
  void operator()(const std::string& name, Buffer& value) {
    if (name == "image_queue") image = &value;
    if (name == "text_queue") text = &value;
  }
  /// Loads both queues from the tensors `prefix`image and `prefix`text. **Shapes.** [E,Q].
  void load(const ctp::TensorFile& file, const std::string& prefix) {
    const auto& shape = file.at(prefix + "image").shape;
    const auto e = static_cast<std::size_t>(shape[0]), q = static_cast<std::size_t>(shape[1]);
    image->assign(transposed(file.at(prefix + "image").as_doubles(), e, q));
    text->assign(transposed(file.at(prefix + "text").as_doubles(), e, q));
  }
};

}  // namespace conformance
