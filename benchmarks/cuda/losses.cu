/// @file   benchmarks/cuda/losses.cu
/// @brief  Losses and their inputs: masked language modelling, contrast and topology.
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/cuda.cuh>
#include <ctp/testing/fake_step.hpp>

#include "noise.cuh"

namespace bench {

namespace {

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B>;

/// A step with given features in place of the models' outputs.
using FakeOutputs = ctp::testing::FakeOutputs<B>;
using FakeBatch = ctp::testing::FakeBatch<B>;
using FakeStep = ctp::testing::FakeStep<Model, FakeBatch, FakeOutputs>;
static_assert(ctp::objective::StepOf<FakeStep, Model>);

template <class Work>
void report_launched_and_recorded(const char* name, const Options& o, const Work& work) {
  for (const Choice precision : o.precisions) {
    use(precision);
    const auto report = [&](bool recorded, const Times& times) {
      Line(name)
          .with("batch", o.batch)
          .with("precision", std::string(name_of(precision)))
          .with("recorded", recorded)
          .with(times)
          .print();
    };
    report(true, recorded_times(o.turns, work));
    report(false, device_times(o.turns, work));
  }
}

}  // namespace

/// In-batch contrast, momentum contrast with its queue, and both topologies, forward and backward.
void contrast(const Options& o) {
  const Model model(ctp::sizes::base);
  const Index n = o.batch, d = model.config().embed;
  UnitRows image(n, d), text(n, d), image_then(n, d), text_then(n, d), image_slow(n, d), text_slow(n, d);
  ctp::objective::MomentumContrast with_queue;
  auto state = with_queue.init(model, 0);
  const FakeBatch batch;
  ctp::Tape<B> tape;
  float unused = 0;  // a pass with a gradient records on the tape; no weight is used here
  report_launched_and_recorded("contrast_and_topology", o, [&] {
    tape.rewind();
    const ctp::Pass<B> pass{nullptr, &tape, &unused}, teacher{nullptr, &tape};
    FakeStep step(model, batch, FakeOutputs(pass, {.image = image.trained(), .text = text.trained()}),
                  FakeOutputs(teacher, {.image = image_then.fixed(), .text = text_then.fixed()}),
                  FakeOutputs(teacher, {.image = image_slow.fixed(), .text = text_slow.fixed()}));
    auto loss = ctp::add(pass, ctp::objective::InBatchContrast{}.loss(step), with_queue.loss(step, state));
    loss = ctp::add(pass, loss, ctp::distill::CrossModalTopology{}.loss(step));
    loss = ctp::add(pass, loss, ctp::distill::SameModalTopology{}.loss(step));
    B::fill(1, 1.F, loss.grad.data);
    tape.backward();
  });
}

/// Vocabulary scores at 557 of 3,840 rows by the online and the momentum model, and their two losses, forward and
/// backward.
void words(const Options& o) {
  const Model model(ctp::sizes::base);
  const Index size = model.layout().size(), rows = o.batch * Index{30}, width = model.config().text_width;
  const Index masked_rows = o.batch * Index{557} / 128;
  const Vector theta = noise(size, 0.02F), slow = noise(size, 0.02F);
  Vector gradient(size), hidden_slow = noise(rows * width), hidden = noise(rows * width), hidden_grad(rows * width);
  std::vector<std::int32_t> row, target;
  for (Index i = 0; i < masked_rows; ++i) {
    row.push_back(static_cast<std::int32_t>(i * rows / masked_rows));
    target.push_back(static_cast<std::int32_t>(i * 37 % model.config().vocab));
  }
  ctp::Buffer<std::int32_t, B> row_there(masked_rows), target_there(masked_rows);
  row_there.assign(row);
  target_there.assign(target);
  ctp::Tape<B> tape;
  report_launched_and_recorded("masked_words", o, [&] {
    tape.rewind();
    const ctp::Pass<B> pass{theta.data(), &tape, gradient.data()}, teacher{slow.data(), &tape};
    const ctp::Variable<2, B> online{{hidden.data(), {rows, width}}, {hidden_grad.data(), {rows, width}}};
    const ctp::Variable<2, B> teacher_tokens{{hidden_slow.data(), {rows, width}}, {}};
    const ctp::Tensor<const std::int32_t, 1, B> at{row_there.data(), {masked_rows}},
        wanted{target_there.data(), {masked_rows}};
    const auto& text = model.text_encoder();
    const auto scores = text.word_scores(pass, ctp::gather_rows(pass, online, at));
    const auto teacher_scores = text.word_scores(teacher, ctp::gather_rows(teacher, teacher_tokens, at));
    const auto weight = ctp::mean_weights(pass, masked_rows);
    const auto loss =
        ctp::add(pass, ctp::cross_entropy(pass, scores, wanted, weight),
                 ctp::soft_cross_entropy(pass, scores, teacher_scores.value, weight, 1, ctp::Entropy::Kept));
    B::fill(1, 1.F, loss.grad.data);
    tape.backward();
  });
}

}  // namespace bench
