/// @file   ctp/objective/momentum_contrast.hpp
/// @brief  Momentum contrast (MoCo): InfoNCE against the momentum model's features of this batch and a queue.
/// @layer  objective
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/losses.hpp>
#include <ctp/autograd/scores.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/core/needs.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/objective/learned_temperature.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::objective {

/// @brief InfoNCE of online features against [momentum features of the batch | queue] of the other modality.
///
/// After the step the momentum features of the global batch overwrite the oldest entries of the queue; a short last
/// batch overwrites as many entries as it has pairs. The queue starts with random unit rows and is kept from task to
/// task. The temperature is the model's; with `learn_temperature` that is the start of a parameter of this policy,
/// add_logit_scale().
/// **Shapes.** features [B,E], queue [Q,E] each; Q is the model's `queue` rounded down to a multiple of the batch.
/// **Units.** nats per pair.  **Errors.** UsageError if the queue is shorter than a batch.  **Gradient.** to the online
/// model, and to the policy's parameter.
/// **Source.** He et al. 2020, arXiv:1911.05722, algorithm 1; Li et al. 2021, arXiv:2107.07651, eq. 1; with the
/// compatible model as in CTP, ICCV 2023, arXiv:2308.07146, section 3.
struct MomentumContrast {
  static constexpr const char* name = "momentum_contrast";
  static constexpr Needs needs{.momentum = Output::Features};
  bool learn_temperature = false;  ///< to be changed before the Learner is made
  Parameter<0> logit_scale{};      ///< log(1 / temperature), if learned

  /// **Errors.** as add_logit_scale().
  void parameters(Layout& layout, const ModelConfig& config) {
    if (learn_temperature) logit_scale = add_logit_scale(layout, name, config.temperature);
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("learn_temperature", learn_temperature);
  }

  template <class Model>
  struct State {
    using B = typename Model::Backend;
    using Real = typename Model::Real;
    Index width = 0, length = 0;  ///< E, and Q as configured
    Buffer<Real, B> image, text;  ///< [Q,E], one row per entry
    Index used = 0;               ///< Q rounded down to a multiple of the full batch; 0 before the first step
    std::int64_t next = 0;        ///< first entry that the next batch overwrites

    template <class Archive>
    void visit(Archive& archive) {
      archive("image_queue", image);
      archive("text_queue", text);
      archive("queue_ptr", next);
    }
    /// @brief Rounds the used length of the queue down to a multiple of `batch`, the pairs of a full batch.
    /// **Errors.** UsageError if the queue is shorter than a batch.
    void fit(Index batch) {
      if (length < batch)
        require(false, "momentum_contrast",
                "the queue of " + std::to_string(length) + " is shorter than a batch of " + std::to_string(batch) +
                    "; choose --queue of at least the batch size");
      used = length / batch * batch;
      if (next < 0 || next >= used) next = 0;
    }
    /// Overwrites the oldest entries with the rows of a batch; behind the last entry follows the first one.
    template <class Rows>
    void push(const Rows& images, const Rows& texts) {
      const Index rows = images.shape[0], before_end = std::min(rows, used - next);
      const auto put = [&](const Real* from, Buffer<Real, B>& queue) {
        B::copy(from, before_end * width, queue.data() + next * width);
        if (rows > before_end) B::copy(from + before_end * width, (rows - before_end) * width, queue.data());
      };
      put(images.data, image);
      put(texts.data, text);
      next = (next + rows) % used;
    }
  };

  template <class Model>
  State<Model> init(const Model& model, std::uint64_t seed) const {
    const Index e = model.config().embed, q = model.config().queue;
    State<Model> state{e, q, Buffer<typename Model::Real, typename Model::Backend>(q * e),
                       Buffer<typename Model::Real, typename Model::Backend>(q * e)};
    state.image.assign(random_unit_rows(q, e, RandomStream(seed, "image_queue")));
    state.text.assign(random_unit_rows(q, e, RandomStream(seed, "text_queue")));
    return state;
  }

  template <class Step, class OwnState>
  auto loss(Step& step, OwnState& state) const {
    using B = typename Step::Backend;
    const auto& pass = step.online.pass();
    const double temperature = step.model().config().temperature;
    const auto similarity = [&](auto rows, auto columns) {
      return learn_temperature ? scores(pass, sharpened(pass, logit_scale, rows), columns, 1)
                               : scores(pass, rows, columns, 1 / temperature);
    };
    const auto image = step.online.image(), text = step.online.text();
    const auto image_m = step.momentum->image(), text_m = step.momentum->text();
    const Index n = image.local.value.shape[0];
    state.fit(std::max(image_m.all.value.shape[0], step.batch().full_size()));
    const auto positive_column = pass.tape->template make<std::int32_t>(Shape<1>{n});
    B::ramp(n, 0, positive_column.data);
    const auto weight = mean_weights(pass, n);
    const auto i2t = cross_entropy(pass, similarity(image.local, keys(pass, text_m.local, state.text, state)),
                                   positive_column, weight);
    const auto t2i = cross_entropy(pass, similarity(text.local, keys(pass, image_m.local, state.image, state)),
                                   positive_column, weight);
    return scale(pass, add(pass, i2t, t2i), 0.5);
  }

  template <class Step, class OwnState>
  void commit(Step& step, OwnState& state) const {
    state.push(step.momentum->image().all.value, step.momentum->text().all.value);
  }

 private:
  template <class Pass, class Features, class Queue, class OwnState>
  static auto keys(const Pass& pass, const Features& batch, const Queue& queue, const OwnState& state) {
    using B = typename Pass::Backend;
    Features all{pass.scratch(Shape<2>{batch.value.shape[0] + state.used, state.width}), {}};
    B::copy(batch.value.data, batch.value.size(), all.value.data);
    B::copy(queue.data(), state.used * state.width, all.value.data + batch.value.size());
    return all;
  }
  static std::vector<double> random_unit_rows(Index rows, Index columns, RandomStream stream) {
    std::vector<double> x(static_cast<std::size_t>(rows * columns));
    for (Index i = 0; i < rows; ++i) {
      RandomSubstream random(stream, {.sample = static_cast<std::uint32_t>(i)});
      double* row = x.data() + i * columns;
      double squares = 0;
      for (Index j = 0; j < columns; ++j) {
        row[j] = random.normal();
        squares += row[j] * row[j];
      }
      for (Index j = 0; j < columns; ++j) row[j] /= std::sqrt(squares);
    }
    return x;
  }
};

}  // namespace ctp::objective
