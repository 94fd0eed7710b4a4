/// @file   ctp/testing/encoder.hpp
/// @brief  Check of a model's encoders: shapes, gradients, independence of other pairs and of padding.
/// @layer  testing
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/data/batch.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/testing/gradient.hpp>
#include <ctp/testing/report.hpp>
#include <ctp/testing/synthetic_batch.hpp>
#include <ctp/train/batch/device_batch.hpp>
#include <ctp/train/outputs.hpp>

namespace ctp::testing {

namespace detail {

/// The first pair's class tokens: of the image, of the text, and fused.
struct ClassTokens {
  std::vector<double> image, text, fused;
};

template <class Model>
ClassTokens class_tokens(const Model& model, const double* theta, const data::Batch& host) {
  using B = typename Model::Backend;
  DeviceBatch<B> batch;
  batch.load(host, model.config());
  Tape<B> tape;
  Outputs<Model> outputs(model, Pass<B>{theta, &tape}, batch);
  const auto first = [&](Variable<2, B> rows) {
    std::vector<double> row(static_cast<std::size_t>(rows.value.shape[1]));
    B::download(rows.value.data, rows.value.shape[1], row.data());
    return row;
  };
  return {first(outputs.image_tokens()), first(outputs.text_tokens()), first(outputs.fused())};
}

/// A batch of the first pair only, with `more` tokens of padding behind the text.
inline data::Batch first_pair(const data::Batch& from, const ModelConfig& c, int more) {
  data::Batch first;
  first.resize(1, from.image_size, from.length + more);
  std::copy_n(from.images.begin(), first.images.size(), first.images.begin());
  for (std::size_t i = 0; i < first.ids.size(); ++i) {
    const bool in_text = i < static_cast<std::size_t>(from.length);
    first.ids[i] = in_text ? from.ids[i] : c.pad;
    first.attend[i] = in_text ? from.attend[i] : 0;
    first.masked[i] = in_text ? from.masked[i] : c.pad;
    first.labels[i] = in_text ? from.labels[i] : data::ignore_label;
  }
  first.sample[0] = from.sample[0];
  return first;
}

inline bool near(const std::vector<double>& a, const std::vector<double>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(a[i] - b[i]) <= 1e-9 * (1 + std::abs(a[i])))) return false;  // NaN counts as not near
  return true;
}

}  // namespace detail

/// @brief Checks the properties of the encoders of `model` that the rest of the library relies on, on synthetic pairs.
///
/// Reported: outputs of a shape other than `tokens()`, `width()` and the vocabulary give; a class token that changes
/// with the other pairs of the batch or with padding, or that does not change with the pair's own image or text; a
/// parameter that no output depends on; a gradient, with dropout, that differs from central differences. The outputs at
/// padding are not checked. `model`: in double precision, with sizes like `micro`.
/// **Errors.** as the encoders.
template <class Model>
Report check_encoders(const Model& model, const GradientTolerance& tolerance = {}) {
  using B = typename Model::Backend;
  static_assert(std::is_same_v<typename Model::Real, double>, "differences need a model in double precision");
  const ModelConfig& c = model.config();
  const int pairs = 2, length = 4;
  data::Batch host = synthetic_batch(c, pairs, length);
  DeviceBatch<B> batch;
  batch.load(host, c);
  const std::vector<double> theta = synthetic_weights(model.layout(), 0);
  Buffer<double, B> weights(model.layout().size()), gradient(model.layout().size());
  weights.assign(theta);
  Tape<B> tape;
  Report report;

  {
    Outputs<Model> outputs(model, Pass<B>{weights.data(), &tape}, batch);
    const auto expect = [&](const char* name, const Shape<2>& found, const Shape<2>& expected) {
      if (found == expected) return;
      report.fail(std::string(name) + ": expected " + to_string(expected) + ", found " + to_string(found));
    };
    const Index images = model.image_encoder().tokens() * pairs, text_width = model.text_encoder().width();
    expect("image tokens", outputs.image_tokens().value.shape, {images, model.image_encoder().width()});
    expect("text tokens", outputs.text_tokens().value.shape, {pairs * length, text_width});
    expect("tokens of fuse",
           model.text_encoder().fuse(outputs.pass(), batch.masked_text(), outputs.image_tokens()).value.shape,
           {pairs * length, text_width});
    if (report.ok)
      expect("word scores", outputs.masked_scores().value.shape, {batch.masked_positions().row.shape[0], c.vocab});
    if (!report.ok) return report;
  }

  const auto tokens = [&](const data::Batch& of) { return detail::class_tokens(model, weights.data(), of); };
  const auto all = tokens(host), alone = tokens(detail::first_pair(host, c, 0)),
             padded = tokens(detail::first_pair(host, c, 1));
  data::Batch other_image = host, other_word = host;
  for (float& x : other_image.images) x = 1 - x;
  other_word.ids[1] = host.ids[1] == 5 ? 6 : 5;
  const auto with_image = tokens(other_image), with_word = tokens(other_word);
  const auto require_near = [&](const std::vector<double>& a, const std::vector<double>& b, const char* sentence) {
    if (!detail::near(a, b)) report.fail(sentence);
  };
  const auto require_far = [&](const std::vector<double>& a, const std::vector<double>& b, const char* sentence) {
    if (detail::near(a, b)) report.fail(sentence);
  };
  require_near(all.image, alone.image, "the image's class token depends on the other images of the batch");
  require_near(all.text, alone.text, "the text's class token depends on the other texts of the batch");
  require_near(all.fused, alone.fused, "the fused class token depends on the other pairs of the batch");
  require_near(alone.text, padded.text, "the text's class token depends on padding");
  require_near(alone.fused, padded.fused, "the fused class token depends on padding");
  require_far(all.image, with_image.image, "the image's class token does not depend on the image");
  require_far(all.text, with_word.text, "the text's class token does not depend on the text");
  require_far(all.fused, with_word.fused, "the fused class token does not depend on the text");
  require_far(all.fused, with_image.fused, "the fused class token does not depend on the image");

  std::vector<std::int32_t> attended;  // positions with a text token; no loss reads the positions of padding
  for (std::size_t i = 0; i < host.attend.size(); ++i)
    if (host.attend[i] != 0) attended.push_back(static_cast<std::int32_t>(i));
  Buffer<std::int32_t, B> rows(static_cast<Index>(attended.size()));
  rows.assign(attended);
  const auto loss = [&](const Pass<B>& pass) {
    Outputs<Model> outputs(model, pass, batch);
    const auto words = gather_rows(pass, outputs.text_tokens(), rows.view(Shape<1>{rows.size()}));
    const auto sum = add(pass, weighted_sum(pass, outputs.image_tokens()), weighted_sum(pass, words));
    const auto raw = add(pass, weighted_sum(pass, outputs.image_raw()), weighted_sum(pass, outputs.text_raw()));
    return add(pass, add(pass, sum, raw), weighted_sum(pass, outputs.masked_scores()));
  };
  tape.rewind();
  B::fill(1, 1.0, loss(Pass<B>{weights.data(), &tape, gradient.data(), {}}).grad.data);
  tape.backward();
  const std::vector<double> slopes = gradient.to_host();
  for (const ParameterInfo& p : model.layout().parameters()) {
    const auto* first = slopes.data() + p.offset;
    if (std::all_of(first, first + p.size(), [](double g) { return g == 0; }))
      report.fail("parameter " + p.name + ": no output depends on it");
  }

  backend::Dropout dropout;
  dropout.probability = 0.3F;
  dropout.key = RandomStream(0, "testing.encoder").key;
  dropout.sample = batch.sample();
  report.add(check_gradient<B>(theta, loss, tolerance, dropout, &model.layout()));
  return report;
}

}  // namespace ctp::testing
