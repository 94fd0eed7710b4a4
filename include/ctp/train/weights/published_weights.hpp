/// @file   ctp/train/weights/published_weights.hpp
/// @brief  A learner's weights with the state that published weight files also hold: temperatures and queues.
/// @layer  train
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/archive.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/tensor/named.hpp>

namespace ctp {

namespace detail {

/// An archive that converts the queues of a strategy's state into published tensors and ignores all other members.
template <class Real, class B>
class PublishedState {
 public:
  PublishedState(std::vector<NamedTensor>& tensors, std::size_t embed) : tensors_(tensors), embed_(embed) {}

  template <class Value>
  void operator()(const std::string&, Value&) {}
  void operator()(const std::string& name, Buffer<Real, B>& queue) {
    if (name != "image_queue" && name != "text_queue") return;
    // The state stores a feature as a row, the file as a column.
    const std::vector<float> rows = queue.template to_host<float>();
    const std::size_t length = rows.size() / embed_;
    std::vector<float> columns(rows.size());
    for (std::size_t i = 0; i < length; ++i)
      for (std::size_t j = 0; j < embed_; ++j) columns[j * length + i] = rows[i * embed_ + j];
    tensors_.push_back(ctp::make_named(name, {static_cast<std::int64_t>(embed_), static_cast<std::int64_t>(length)},
                                       std::span<const float>(columns)));
  }
  void operator()(const std::string& name, std::int64_t& value) {
    if (name == "queue_ptr") tensors_.push_back(ctp::make_named(name, {1}, std::span<const std::int64_t>(&value, 1)));
  }

 private:
  std::vector<NamedTensor>& tensors_;
  std::size_t embed_;
};

}  // namespace detail

/// @brief The online weights of a learner as named float32 tensors, with temperatures and queues under their published
/// names, without metadata. Needs no JSON: a unit for CUDA gives the result to a unit that writes the file.
template <class Learner>
TensorFile published_weights(Learner& learner) {
  const auto& model = learner.model();
  const auto theta = learner.weights();
  TensorFile file;
  file.tensors = named_weights(model.layout(), std::span(std::as_const(theta)));
  const auto temp = static_cast<float>(model.config().temperature),
             distill = static_cast<float>(model.config().distill_temperature);
  file.tensors.push_back(make_named("temp", {}, std::span<const float>(&temp, 1)));
  file.tensors.push_back(make_named("distill_temp", {}, std::span<const float>(&distill, 1)));
  using B = typename Learner::B;
  using State = detail::PublishedState<typename Learner::Real, B>;
  static_assert(Archive<State, Buffer<typename Learner::Real, B>, std::vector<std::uint32_t>>);
  State state(file.tensors, static_cast<std::size_t>(model.config().embed));
  learner.losses_state().visit(state);
  return file;
}

}  // namespace ctp
