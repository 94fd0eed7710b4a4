// What the device backend costs, in JSON lines: whole steps, and the operations that they are made of at the shapes of
// `base`. bench_cuda --help lists the parts. compare_torch_cuda.py runs the same step in PyTorch; keep the sizes alike.
#include <ctp/cuda.cuh>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "measure.cuh"

namespace {

using bench::Line;
using bench::Times;
using ctp::Index;
using ctp::Shape;
using ctp::precision::Choice;
using B = ctp::BasicCuda<ctp::precision::AtRunTime>;
using Vector = ctp::Buffer<float, B>;

template <class Strategy>
using ModelFor = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B, typename Strategy::Projection>;
using Model = ModelFor<ctp::strategy::Ctp>;

struct Options {
  int batch = 128, turns = 20;
  std::vector<Choice> precisions = {Choice::Bf16, Choice::Tf32, Choice::Fp32};
  std::vector<std::string> parts;
};

const char* name_of(Choice precision) {
  return precision == Choice::Bf16 ? "bf16" : precision == Choice::Tf32 ? "tf32" : "fp32";
}
void use(Choice precision) { bench::Context::current().precision = precision; }

/// As benchmarks/step.cpp has it: so little arithmetic that everything else shows.
constexpr ctp::ModelConfig narrow{.image = 32,
                                  .patch = 16,
                                  .vision_width = 64,
                                  .vision_depth = 12,
                                  .vision_heads = 1,
                                  .vocab = 1000,
                                  .text_width = 64,
                                  .text_layers = 12,
                                  .fusion_layer = 6,
                                  .text_heads = 1,
                                  .intermediate = 256,
                                  .positions = 64,
                                  .embed = 64,
                                  .queue = 64};

/// Noise for pictures, words drawn at random, 15 % of them asked for; no padding.
ctp::data::Batch made_batch(const ctp::ModelConfig& c, int size, int length = 30) {
  ctp::data::Batch batch;
  batch.resize(size, c.image, length, ctp::data::Pictures::Pixels);
  ctp::RandomLane random(ctp::RandomStream(1, "made batch"), {});
  for (std::uint8_t& byte : batch.pixels) byte = static_cast<std::uint8_t>(random.below(256));
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const bool first = i % static_cast<std::size_t>(length) == 0;
    const bool asked = !first && random.below(100) < 15;
    batch.attend[i] = 1;
    batch.ids[i] = first ? c.cls : 5 + static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(c.vocab - 5)));
    batch.masked[i] = asked ? c.mask : batch.ids[i];
    batch.labels[i] = asked ? batch.ids[i] : ctp::data::ignore_label;
  }
  for (std::size_t i = 0; i < batch.sample.size(); ++i) batch.sample[i] = static_cast<std::uint32_t>(i);
  return batch;
}

/// A task of one batch, for what walks through a task when it ends.
class OneBatch final : public ctp::data::BatchSource {
 public:
  explicit OneBatch(const ctp::data::Batch& batch) : batch_(batch) {}
  [[nodiscard]] std::size_t steps() const override { return 1; }
  void start(std::uint32_t /*epoch*/) override { given_ = false; }
  const ctp::data::Batch* next() override {
    if (given_) return nullptr;
    given_ = true;
    return &batch_;
  }

 private:
  const ctp::data::Batch& batch_;
  bool given_ = false;
};

// ------------------------------------------------------------------------------------------------ whole steps

double free_mebibytes() {
  std::size_t free = 0, total = 0;
  bench::check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  return static_cast<double>(free) / 1048576;
}

/// Trainings on their second task, so that every teacher and penalty runs, in each precision in turn.
template <class Strategy>
void time_steps(const char* size, const ctp::ModelConfig& config, int pairs, bool recorded, int turns,
                const std::vector<Choice>& precisions) {
  const ctp::data::Batch batch = made_batch(config, pairs);
  OneBatch source(batch);
  ctp::TrainOptions options;
  options.record_steps = recorded;
  constexpr std::uint64_t many = 1U << 30U;
  bench::Context::current().converted(1);  // the context's own memory is not the step's
  const double before = free_mebibytes();
  use(precisions.front());
  ctp::Learner<Strategy, ModelFor<Strategy>> learner(ModelFor<Strategy>(config), options);
  learner.begin_task(many);
  learner.end_task(&source);
  learner.begin_task(many);
  for (const Choice precision : precisions) {
    use(precision);
    static_cast<void>(learner.losses());  // another precision is another recording
    double loss = 0;
    const auto step = [&] { loss = learner.step(batch).loss; };
    for (int i = 0; i < 4; ++i) step();
    const Times times = bench::wall_times(turns, step);
    Line("step")
        .with("strategy", std::string(Strategy::name))
        .with("size", std::string(size))
        .with("batch", pairs)
        .with("precision", std::string(name_of(precision)))
        .with("recorded", recorded)
        .with(times)
        .with("pairs_per_second", 1e3 * pairs / times.median())
        .with("memory_mib", before - free_mebibytes())
        .with("loss", loss)
        .print();
  }
}

/// The same with the largest batch of `pairs`, half of it, a quarter ... that fits.
template <class Strategy>
void time_steps_that_fit(const char* size, const ctp::ModelConfig& config, int pairs, bool recorded, int turns,
                         const std::vector<Choice>& precisions) {
  for (; pairs > 0; pairs /= 2) try {
      return time_steps<Strategy>(size, config, pairs, recorded, turns, precisions);
    } catch (const ctp::ResourceError& error) {
      bench::wait();
      Line("does_not_fit")
          .with("strategy", std::string(Strategy::name))
          .with("batch", pairs)
          .with("found", std::string(error.what()))
          .print();
    }
}

void steps(const Options& o) {
  for (const bool recorded : {true, false})
    time_steps_that_fit<ctp::strategy::Ctp>("base", ctp::sizes::base, o.batch, recorded, o.turns, o.precisions);
}

void recorded_steps(const Options& o) {
  time_steps_that_fit<ctp::strategy::Ctp>("base", ctp::sizes::base, o.batch, true, o.turns, o.precisions);
}

void strategies(const Options& o) {
  const std::vector<Choice> first = {o.precisions.front()};
  time_steps_that_fit<ctp::strategy::SeqF>("base", ctp::sizes::base, o.batch, true, o.turns, first);
  time_steps_that_fit<ctp::strategy::Ewc>("base", ctp::sizes::base, o.batch, true, o.turns, first);
  time_steps_that_fit<ctp::strategy::Si>("base", ctp::sizes::base, o.batch, true, o.turns, first);
  time_steps_that_fit<ctp::strategy::Lwf>("base", ctp::sizes::base, o.batch, true, o.turns, first);
}

void tiny_step(const Options& o) {
  const std::vector<Choice> first = {o.precisions.front()};
  for (const bool recorded : {true, false})
    time_steps<ctp::strategy::Ctp>("narrow", narrow, 2, recorded, 10 * o.turns, first);
}

void upload(const Options& o) {
  const ctp::data::Batch batch = made_batch(ctp::sizes::base, o.batch);
  ctp::DeviceBatch<B> device;
  const auto load = [&] { device.load(batch, ctp::sizes::base); };
  load();
  Line("batch_upload").with("batch", o.batch).with(bench::wall_times(o.turns, load)).print();
}

/// Steps that a Loader feeds from pictures in memory, beside steps that are given one batch again and again: as many as
/// one epoch has, so that neither takes its work down anew.
void input(const Options& o) {
  constexpr ctp::ModelConfig c = ctp::sizes::base;
  constexpr int length = 30, warm = 4;
  const ctp::data::Batch batch = made_batch(c, o.batch, length);
  const auto picture = static_cast<std::ptrdiff_t>(batch.pixels.size()) / o.batch;
  const auto source = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"made", source, {}};
  for (int i = 0; i < o.batch * (o.turns + warm); ++i) {
    ctp::data::Image image(c.image, c.image);
    std::copy_n(batch.pixels.begin() + i % o.batch * picture, picture, image.rgb.begin());
    const auto ids = batch.ids.begin() + i % o.batch * length;
    task.members.push_back(source->add(std::move(image), {ids, ids + length}));
  }
  ctp::data::LoaderOptions options;
  options.batch_size = o.batch;
  options.image_size = c.image;
  options.length = length;
  options.workers = 8;
  options.augment = false;
  options.masking = {.pad = c.pad, .cls = c.cls, .mask = c.mask, .vocabulary = c.vocab};
  ctp::data::Loader loader(task, options);

  use(o.precisions.front());
  ctp::Learner<ctp::strategy::Ctp, Model> learner{Model(c)};
  learner.begin_task(1U << 30U);
  learner.end_task();
  learner.begin_task(1U << 30U);
  const auto rate = [&](const auto& next) {
    for (int i = 0; i < warm; ++i) learner.step(*next());
    bench::wait();
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < o.turns; ++i) learner.step(*next());
    bench::wait();
    return o.batch * o.turns / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const double given = rate([&] { return &batch; });
  loader.start(0);
  const double fed = rate([&] { return loader.next(); });
  Line("input")
      .with("batch", o.batch)
      .with("precision", std::string(name_of(o.precisions.front())))
      .with("workers", options.workers)
      .with("pairs_per_second", fed)
      .with("of_one_batch", fed / given)
      .print();
}

// ------------------------------------------------------------------------------------------------ operations

/// x[i] = a number between -scale and scale that depends on i alone.
struct Noise {
  float scale;
  float* x;
  CTP_HD void operator()(Index i) const {
    std::uint32_t word[4] = {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32), 0, 0};
    ctp::philox4x32(word, 1U, 2U);
    x[i] = scale * (static_cast<float>(word[0]) * 0x1p-31F - 1.F);
  }
};

Vector noise(Index n, float scale = 1) {
  Vector made(n);
  B::for_each(n, Noise{scale, made.data()});
  return made;
}

void attention(const Options& o) {
  struct Case {
    const char* name;
    Index queries, keys, stride;
    float dropout;
  };
  constexpr Index heads = 12, width = 64, model = heads * width;
  for (const Case& c : {Case{"image", 197, 197, 3 * model, 0}, Case{"text", 30, 30, model, 0.1F},
                        Case{"text to image", 30, 197, model, 0.1F}}) {
    const Index batch = o.batch;
    const ctp::backend::AttentionShape s{batch, heads, c.queries, c.keys, width, c.stride, c.stride, c.stride};
    const Vector q = noise(batch * c.queries * c.stride), k = noise(batch * c.keys * c.stride),
                 v = noise(batch * c.keys * c.stride), d_o = noise(batch * c.queries * model);
    Vector bias(batch * c.keys), saved(B::attention_saved(s)), out(batch * c.queries * model);
    Vector dq(q.size()), dk(k.size()), dv(v.size());
    ctp::Buffer<std::uint32_t, B> sample(batch);
    const ctp::backend::Dropout dropout{c.dropout, {1, 2}, 1, 0, sample.data(), 3};
    const float* key_bias = c.queries == 30 && c.keys == 30 ? bias.data() : nullptr;
    const auto forward = [&] {
      B::attention(s, q.data(), k.data(), v.data(), key_bias, dropout, saved.data(), out.data());
    };
    const auto backward = [&] {
      B::attention_backward(s, q.data(), k.data(), v.data(), key_bias, dropout, saved.data(), out.data(), d_o.data(),
                            dq.data(), dk.data(), dv.data());
    };
    const double product = 2e-9 * static_cast<double>(batch * heads * c.queries * c.keys * width);
    const auto report = [&](const char* pass, int products, const Times& times) {
      Line("attention")
          .with("heads", std::string(c.name))
          .with("pass", std::string(pass))
          .with("shape", std::to_string(batch * heads) + " heads of " + std::to_string(c.queries) + " x " +
                             std::to_string(c.keys) + " x " + std::to_string(width))
          .with("precision", std::string(name_of(bench::Context::current().precision)))
          .with("dropout", static_cast<double>(c.dropout))
          .with(times)
          .with("tflops", products * product / times.median())
          .print();
    };
    for (const Choice precision : o.precisions) {
      use(precision);
      report("forward", 2, bench::device_times(o.turns, forward));
      report("backward", 5, bench::device_times(o.turns, backward));
    }
  }
}

/// Lets cuBLASLt's first choice, or the fastest of its choices, be used from now on.
template <class Precision>
void choose_algorithms(bool by_measuring) {
  auto& known = ctp::backend::cuda::Product<Precision>::algorithms();
  known = {};
  known.measure = by_measuring;
}
void choose_algorithms(Choice precision, bool by_measuring) {
  if (precision == Choice::Bf16) return choose_algorithms<ctp::precision::Bf16>(by_measuring);
  if (precision == Choice::Tf32) return choose_algorithms<ctp::precision::Tf32>(by_measuring);
  choose_algorithms<ctp::precision::Fp32>(by_measuring);
}

void products(const Options& o) {
  struct Case {
    const char* name;
    Index m, n, k;
    bool gelu = false, weights = false;
  };
  const Index image = o.batch * Index{197}, text = o.batch * Index{30};
  const Case cases[] = {{"ViT qkv", image, 2304, 768},
                        {"ViT proj", image, 768, 768},
                        {"ViT fc1 with GELU", image, 3072, 768, true},
                        {"ViT fc2", image, 768, 3072},
                        {"ViT fc1, weights", 3072, 768, image, false, true},
                        {"ViT proj, weights", 768, 768, image, false, true},
                        {"text out", text, 768, 768},
                        {"text fc1 with GELU", text, 3072, 768, true},
                        {"text fc2", text, 768, 3072},
                        {"cross keys and values", image, 1536, 768},
                        {"words", o.batch * Index{557} / 128, 21128, 768}};
  for (const Case& c : cases) {
    // Weights' gradients are dy^T x: both operands have k rows.
    const Vector a = noise(c.m * c.k), b = noise(c.n * c.k, 0.05F), bias = noise(c.n);
    Vector y(c.m * c.n), activated(c.gelu ? c.m * c.n : 0);
    const auto run = [&] {
      if (c.weights)
        B::product(true, false, c.m, c.n, c.k, 1.F, a.data(), c.m, b.data(), c.n, true, y.data());
      else
        B::linear(c.m, c.k, c.n, a.data(), b.data(), bias.data(), nullptr, y.data(),
                  c.gelu ? activated.data() : nullptr);
    };
    for (const Choice precision : o.precisions) {
      use(precision);
      for (const bool measured : {false, true}) {
        choose_algorithms(precision, measured);
        const Times times = bench::device_times(o.turns, run);
        Line("product")
            .with("of", std::string(c.name))
            .with("shape", std::to_string(c.m) + " x " + std::to_string(c.n) + " x " + std::to_string(c.k))
            .with("precision", std::string(name_of(precision)))
            .with("algorithm", std::string(measured ? "measured" : "first"))
            .with(times)
            .with("tflops", 2e-9 * static_cast<double>(c.m * c.n * c.k) / times.median())
            .print();
      }
      choose_algorithms(precision, false);
    }
  }
}

/// All that a ctp step does to the parameters of `base`, beside what a copy of a gibibyte reaches.
void optimizer(const Options& o) {
  constexpr Index n = 202'666'120, copied = Index{1} << 28;
  constexpr ctp::backend::AdamWStep numbers{.rate = 1e-4,
                                            .weight_decay = 0.05,
                                            .beta1 = 0.9,
                                            .beta2 = 0.999,
                                            .epsilon = 1e-8,
                                            .correction1 = 0.1,
                                            .correction2 = 0.001};
  double bandwidth = 0;
  {
    const Vector from = noise(copied);
    Vector to(copied);
    const Times times = bench::device_times(o.turns, [&] { B::copy(from.data(), copied, to.data()); });
    bandwidth = 1e-6 * 2 * sizeof(float) * static_cast<double>(copied) / times.median();
    Line("copy").with(times).with("gb_per_second", bandwidth).print();
  }
  Vector theta = noise(n), gradient = noise(n, 0.01F), first = noise(n, 0.01F), second(n), slow = noise(n);
  const Vector previous = noise(n);
  B::fill(n, 1e-4F, second.data());
  const ctp::momentum::Compatible momentum;
  const Times times = bench::device_times(o.turns, [&] {
    momentum.update<B>(n, slow.data(), theta.data(), previous.data());
    B::adamw(n, numbers, theta.data(), gradient.data(), first.data(), second.data());
  });
  const double rate = 1e-6 * (4 + 8) * sizeof(float) * static_cast<double>(n) / times.median();
  Line("adamw_momentum_zero")
      .with("parameters", static_cast<int>(n))
      .with(times)
      .with("gb_per_second", rate)
      .with("of_copy", rate / bandwidth)
      .print();
}

/// Embeddings of the online, previous and momentum models as the losses ask for them, without the models.
class GivenOutputs {
 public:
  GivenOutputs(ctp::Pass<B> pass, ctp::Variable<2, B> image, ctp::Variable<2, B> text)
      : pass_(pass), image_(image), text_(text) {}
  [[nodiscard]] const ctp::Pass<B>& pass() const { return pass_; }
  [[nodiscard]] ctp::Features<B> image() const { return {image_, image_, 0}; }
  [[nodiscard]] ctp::Features<B> text() const { return {text_, text_, 0}; }

 private:
  ctp::Pass<B> pass_;
  ctp::Variable<2, B> image_, text_;
};
struct GivenStep {
  using Backend = B;
  const Model* of;
  GivenOutputs online;
  std::optional<GivenOutputs> previous, momentum;
  [[nodiscard]] const Model& model() const { return *of; }
};

/// Rows of unit length, and a place for their gradient.
struct UnitRows {
  Vector value, grad;
  Index rows, width;

  UnitRows(Index n, Index d) : value(n * d), grad(n * d), rows(n), width(d) {
    const Vector raw = noise(n * d);
    Vector length(n);
    B::normalize_rows(n, d, raw.data(), 1e-12F, value.data(), length.data());
    bench::wait();
  }
  ctp::Variable<2, B> trained() { return {{value.data(), {rows, width}}, {grad.data(), {rows, width}}}; }
  ctp::Variable<2, B> fixed() { return {{value.data(), {rows, width}}, {}}; }
};

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
    report(true, bench::recorded_times(o.turns, work));
    report(false, bench::device_times(o.turns, work));
  }
}

/// In-batch contrast, momentum contrast with its queue, and both topologies, forward and backward.
void contrast(const Options& o) {
  const Model model(ctp::sizes::base);
  const Index n = o.batch, d = model.config().embed;
  UnitRows image(n, d), text(n, d), image_then(n, d), text_then(n, d), image_slow(n, d), text_slow(n, d);
  ctp::objective::MomentumContrast with_queue;
  auto state = with_queue.init(model, 0);
  ctp::Tape<B> tape;
  float unused = 0;  // a pass with a gradient is one that records; no weight is touched here
  report_launched_and_recorded("contrast_and_topology", o, [&] {
    tape.rewind();
    const ctp::Pass<B> pass{nullptr, &tape, &unused}, teacher{nullptr, &tape};
    GivenStep step{&model,
                   {pass, image.trained(), text.trained()},
                   GivenOutputs{teacher, image_then.fixed(), text_then.fixed()},
                   GivenOutputs{teacher, image_slow.fixed(), text_slow.fixed()}};
    auto loss = ctp::add(pass, ctp::objective::InBatchContrast{}.loss(step), with_queue.loss(step, state));
    loss = ctp::add(pass, loss, ctp::distill::CrossModalTopology{}.loss(step));
    loss = ctp::add(pass, loss, ctp::distill::SameModalTopology{}.loss(step));
    B::fill(1, 1.F, loss.grad.data);
    tape.backward();
  });
}

/// The vocabulary's scores at 557 of 3,840 rows by the online and the momentum model, their two losses, and back.
void words(const Options& o) {
  const Model model(ctp::sizes::base);
  const Index size = model.layout().size(), rows = o.batch * Index{30}, width = model.config().text_width;
  const Index asked = o.batch * Index{557} / 128;
  const Vector theta = noise(size, 0.02F), slow = noise(size, 0.02F);
  Vector gradient(size), hidden_slow = noise(rows * width), hidden = noise(rows * width), hidden_grad(rows * width);
  std::vector<std::int32_t> row, target;
  for (Index i = 0; i < asked; ++i) {
    row.push_back(static_cast<std::int32_t>(i * rows / asked));
    target.push_back(static_cast<std::int32_t>(i * 37 % model.config().vocab));
  }
  ctp::Buffer<std::int32_t, B> row_there(asked), target_there(asked);
  row_there.assign(row);
  target_there.assign(target);
  ctp::Tape<B> tape;
  report_launched_and_recorded("masked_words", o, [&] {
    tape.rewind();
    const ctp::Pass<B> pass{theta.data(), &tape, gradient.data()}, teacher{slow.data(), &tape};
    const ctp::Variable<2, B> online{{hidden.data(), {rows, width}}, {hidden_grad.data(), {rows, width}}};
    const ctp::Variable<2, B> wise{{hidden_slow.data(), {rows, width}}, {}};
    const ctp::Tensor<const std::int32_t, 1, B> at{row_there.data(), {asked}}, wanted{target_there.data(), {asked}};
    const auto& text = model.text_encoder();
    const auto scores = text.word_scores(pass, ctp::gather_rows(pass, online, at));
    const auto their_scores = text.word_scores(teacher, ctp::gather_rows(teacher, wise, at));
    const auto weight = ctp::mean_weights(pass, asked);
    const auto loss =
        ctp::add(pass, ctp::cross_entropy(pass, scores, wanted, weight),
                 ctp::soft_cross_entropy(pass, scores, their_scores.value, weight, 1, ctp::Entropy::Kept));
    B::fill(1, 1.F, loss.grad.data);
    tape.backward();
  });
}

/// Recall of P9D's test split in both directions and the ten best of its gallery for every query, from features on the
/// device: single precision whatever the precision of products.
void retrieval(const Options& o) {
  constexpr Index queries = 4615, gallery = 46855;
  const auto report = [&](const char* what, Index columns, Index width, const auto& run) {
    const Times times = bench::device_times(o.turns, run);
    Line("retrieval")
        .with("of", std::string(what))
        .with("shape", std::to_string(queries) + " x " + std::to_string(columns) + " x " + std::to_string(width))
        .with("precision", std::string("fp32"))
        .with(times)
        .with("tflops", 2e-9 * static_cast<double>(queries * columns * width) / times.median())
        .print();
  };
  const Index width = ctp::sizes::base.text_width, embed = ctp::sizes::base.embed;
  UnitRows query(queries, width), items(gallery, width), image(queries, embed), text(queries, embed);
  ctp::Buffer<std::int32_t, B> best(queries * ctp::backend::top_items), text_rank(queries), image_rank(queries);
  report("ten best", gallery, width,
         [&] { B::top_ten(queries, gallery, width, query.value.data(), items.value.data(), best.data()); });
  report("recall", queries, embed, [&] {
    B::retrieval_ranks(queries, embed, image.value.data(), text.value.data(), text_rank.data(), image_rank.data());
  });
}

// ------------------------------------------------------------------------------------------------ the program

struct Part {
  const char* name;
  void (*run)(const Options&);
  const char* what;
};
constexpr Part all_parts[] = {
    {"steps", steps, "ctp steps of base, recorded and not (G1 to G3, G13)"},
    {"recorded_steps", recorded_steps, "the recorded ones alone; only if named"},
    {"strategies", strategies, "seqf, ewc, si and lwf steps in the first precision (G4)"},
    {"attention", attention, "forward and backward at three shapes (G6)"},
    {"products", products, "matrix products of base, cuBLASLt's first and fastest algorithm (G7)"},
    {"optimizer", optimizer, "AdamW, momentum and zeroing beside a copy (G8)"},
    {"words", words, "masked-word scores with both losses (G9)"},
    {"contrast", contrast, "contrast, queue and topology losses (G10)"},
    {"retrieval", retrieval, "ten best of a gallery, recall in both directions (G12)"},
    {"tiny", tiny_step, "a step 64 wide with two pairs (G11)"},
    {"upload", upload, "a batch from host memory to the device"},
    {"input", input, "steps fed by a loader beside steps of one batch (G14 without files)"},
};

void help() {
  std::printf(
      "usage: bench_cuda [--batch N (128)] [--turns N (20)] [--precision P,... (bf16,tf32,fp32)] [--only PART,...]\n"
      "Prints a line of JSON for each measurement. A step includes the upload of its batch; a batch that does not fit "
      "is\n"
      "halved. Exit code: 0 done, 1 a part failed, 2 wrong usage, 77 no device.\n");
  for (const Part& part : all_parts) std::printf("  %-15s %s\n", part.name, part.what);
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    items.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return items;
}

[[noreturn]] void refuse(const std::string& what) {
  std::fprintf(stderr, "bench_cuda: %s; see bench_cuda --help\n", what.c_str());
  std::exit(2);
}

int number(const std::string& option, const std::string& text) {
  const int value = std::atoi(text.c_str());
  if (value < 1) refuse(option + ": expected a number from 1, found '" + text + "'");
  return value;
}

Options read(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--help") {
      help();
      std::exit(0);
    }
    if (i + 1 == argc) refuse(option + ": expected a value");
    const std::string value = argv[i + 1];
    if (option == "--batch") {
      o.batch = number(option, value);
    } else if (option == "--turns") {
      o.turns = number(option, value);
    } else if (option == "--precision") {
      o.precisions.clear();
      for (const std::string& one : split(value)) {
        if (one != "bf16" && one != "tf32" && one != "fp32")
          refuse("--precision: expected bf16, tf32 or fp32, found '" + one + "'");
        o.precisions.push_back(one == "bf16" ? Choice::Bf16 : one == "tf32" ? Choice::Tf32 : Choice::Fp32);
      }
    } else if (option == "--only") {
      o.parts = split(value);
      for (const std::string& one : o.parts)
        if (std::none_of(std::begin(all_parts), std::end(all_parts), [&](const Part& p) { return one == p.name; }))
          refuse("--only: there is no part '" + one + "'");
    } else {
      refuse("unknown option " + option);
    }
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read(argc, argv);
  const auto found = ctp::backend::cuda::describe_device();
  if (!found.usable) {
    std::printf("SKIPPED: %s\n", found.text.c_str());
    return 77;
  }
  Line("device").with("text", found.text).print();
  bool failed = false;
  for (const Part& part : all_parts) {
    const bool named = std::find(options.parts.begin(), options.parts.end(), part.name) != options.parts.end();
    if (options.parts.empty() ? part.run == recorded_steps : !named) continue;
    try {
      part.run(options);
    } catch (const std::exception& error) {
      Line("failed").with("part", std::string(part.name)).with("found", std::string(error.what())).print();
      failed = true;
    }
  }
  return failed ? 1 : 0;
}
