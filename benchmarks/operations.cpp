// Every operation of the host backend, at the shapes that the base model gives it with a batch of four: 4 * 197 image
// rows, 4 * 30 text rows, 40 masked rows. Passes over the parameters are in optimizer.cpp.
#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/core/philox.hpp>

namespace {

using ctp::Index;
using B = ctp::Cpu;
using Values = std::vector<float>;
using Ids = std::vector<std::int32_t>;

constexpr Index batch = 4, image_tokens = 197, words = 30, vocabulary = 21128, masked_rows = 40, heads = 12,
                head_width = 64;
constexpr Index image_rows = batch * image_tokens, text_rows = batch * words, width = 768, wide = 3072, embed = 256,
                queue = 1024;

Values made(Index n, double low = -0.5, double high = 0.5) {
  Values v(static_cast<std::size_t>(n));
  ctp::RandomSubstream random(ctp::RandomStream(1, "operations"), {});
  for (float& x : v) x = static_cast<float>(random.uniform(low, high));
  return v;
}
Ids random_ids(Index n, Index below) {
  Ids v(static_cast<std::size_t>(n));
  ctp::RandomSubstream random(ctp::RandomStream(2, "operations"), {});
  for (std::int32_t& x : v) x = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(below)));
  return v;
}

/// Reports the rate of floating-point operations. `one_turn`: operations of one turn.
void flops(benchmark::State& state, double one_turn) {
  state.counters["GFLOP/s"] =
      benchmark::Counter(1e-9 * one_turn * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
/// Reports the memory rate. `one_turn`: values read and written in one turn.
void values(benchmark::State& state, Index one_turn) {
  state.SetBytesProcessed(state.iterations() * one_turn * Index{sizeof(float)});
}

/// Dropout of the text encoder, switched on.
struct TextDropout {
  std::vector<std::uint32_t> samples{0, 1, 2, 3};
  ctp::backend::Dropout on{.probability = 0.1F, .key = {1, 2}, .sample = samples.data()};
};

// --- products ------------------------------------------------------------------------------------

void linear(benchmark::State& state) {
  const Index n = state.range(0), k = state.range(1), m = state.range(2);
  const Values x = made(n * k), w = made(m * k), bias = made(m), residual = made(n * m);
  Values y(static_cast<std::size_t>(n * m));
  for (auto _ : state) {
    B::linear(n, k, m, x.data(), w.data(), bias.data(), residual.data(), y.data(), nullptr);
    benchmark::ClobberMemory();
  }
  flops(state, 2.0 * static_cast<double>(n * k * m));
}
void linear_gelu(benchmark::State& state) {
  const Index n = state.range(0), k = state.range(1), m = state.range(2);
  const Values x = made(n * k), w = made(m * k), bias = made(m);
  Values y(static_cast<std::size_t>(n * m)), activated(y.size());
  for (auto _ : state) {
    B::linear(n, k, m, x.data(), w.data(), bias.data(), nullptr, y.data(), activated.data());
    benchmark::ClobberMemory();
  }
  flops(state, 2.0 * static_cast<double>(n * k * m));
}
void linear_backward(benchmark::State& state) {
  const Index n = state.range(0), k = state.range(1), m = state.range(2);
  const Values x = made(n * k), w = made(m * k);
  Values dy = made(n * m, -1e-3, 1e-3);
  Values dx(static_cast<std::size_t>(n * k)), dw(static_cast<std::size_t>(m * k)), dbias(static_cast<std::size_t>(m));
  for (auto _ : state) {
    B::linear_backward(n, k, m, x.data(), w.data(), nullptr, dy.data(), dx.data(), false, dw.data(), dbias.data());
    benchmark::ClobberMemory();
  }
  flops(state, 4.0 * static_cast<double>(n * k * m));
}
/// Rows, inputs, outputs: as the layers of the model have them.
void layers(benchmark::internal::Benchmark* b) {
  b->ArgNames({"rows", "in", "out"})->Unit(benchmark::kMicrosecond)->UseRealTime();
  b->Args({image_rows, width, 3 * width})->Args({image_rows, width, width})->Args({image_rows, width, wide});
  b->Args({image_rows, wide, width})->Args({text_rows, width, width})->Args({text_rows, width, wide});
  b->Args({text_rows, wide, width})->Args({masked_rows, width, vocabulary})->Args({batch, width, embed});
}
BENCHMARK(linear)->Apply(layers);
BENCHMARK(linear_backward)->Apply(layers);
BENCHMARK(linear_gelu)
    ->ArgNames({"rows", "in", "out"})
    ->Args({image_rows, width, wide})
    ->Args({text_rows, width, wide})
    ->Args({masked_rows, width, width})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

/// Similarities of a batch to a batch and a queue.
void product(benchmark::State& state) {
  const Index keys = batch + queue;
  const Values features = made(batch * embed), others = made(keys * embed);
  Values scores(static_cast<std::size_t>(batch * keys));
  for (auto _ : state) {
    B::product(false, true, batch, keys, embed, 1.F / 0.07F, features.data(), embed, others.data(), embed, false,
               scores.data());
    benchmark::ClobberMemory();
  }
  flops(state, 2.0 * static_cast<double>(batch * keys * embed));
}
BENCHMARK(product)->Unit(benchmark::kMicrosecond)->UseRealTime();

void gelu_backward(benchmark::State& state) {
  const Index n = state.range(0);
  const Values x(static_cast<std::size_t>(n), 10.F);  // GELU's slope is 1 here, so the gradient does not change
  Values gradient = made(n);
  for (auto _ : state) {
    B::gelu_backward(n, x.data(), gradient.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * n);
}
BENCHMARK(gelu_backward)->Arg(image_rows* wide)->Arg(text_rows* wide)->Unit(benchmark::kMicrosecond)->UseRealTime();

// --- attention -----------------------------------------------------------------------------------

struct AttentionData {
  ctp::backend::AttentionShape shape;
  Values q, k, v, bias, probabilities, o, dq, dk, dv;
  TextDropout dropout;

  AttentionData(Index queries, Index keys) {
    shape = {.batch = batch,
             .heads = heads,
             .queries = queries,
             .keys = keys,
             .width = head_width,
             .q_stride = width,
             .k_stride = width,
             .v_stride = width};
    q = made(batch * queries * width);
    k = v = made(batch * keys * width);
    bias.resize(static_cast<std::size_t>(batch * keys));
    probabilities.resize(static_cast<std::size_t>(B::attention_saved(shape)));
    o = dq = Values(q.size());
    dk = dv = Values(k.size());
  }
  [[nodiscard]] double products() const {
    return 2.0 * static_cast<double>(batch * heads * shape.queries * shape.keys * head_width);
  }
  void forward(bool drops) {
    B::attention(shape, q.data(), k.data(), v.data(), bias.data(), drops ? dropout.on : ctp::backend::Dropout{},
                 probabilities.data(), o.data());
  }
};

/// Image tokens to themselves, words to themselves, words to image tokens; dropout as in training.
void attention(benchmark::State& state) {
  AttentionData data(state.range(0), state.range(1));
  for (auto _ : state) {
    data.forward(state.range(2) != 0);
    benchmark::ClobberMemory();
  }
  flops(state, 2 * data.products());
}
void attention_backward(benchmark::State& state) {
  AttentionData data(state.range(0), state.range(1));
  const bool drops = state.range(2) != 0;
  data.forward(drops);
  const Values d_o = made(static_cast<Index>(data.o.size()), -1e-3, 1e-3);
  for (auto _ : state) {
    B::attention_backward(data.shape, data.q.data(), data.k.data(), data.v.data(), data.bias.data(),
                          drops ? data.dropout.on : ctp::backend::Dropout{}, data.probabilities.data(), data.o.data(),
                          d_o.data(), false, data.dq.data(), data.dk.data(), data.dv.data());
    benchmark::ClobberMemory();
  }
  flops(state, 4 * data.products());
}
void attentions(benchmark::internal::Benchmark* b) {
  b->ArgNames({"queries", "keys", "dropout"})->Unit(benchmark::kMicrosecond)->UseRealTime();
  b->Args({image_tokens, image_tokens, 0})
      ->Args({words, words, 1})
      ->Args({words, image_tokens, 0})
      ->Args({words, image_tokens, 1});
}
BENCHMARK(attention)->Apply(attentions);
BENCHMARK(attention_backward)->Apply(attentions);

// --- layer norm and dropout ----------------------------------------------------------------------

/// Layer norm of image rows without a residual branch, and of text rows with a residual branch and its dropout.
struct NormData {
  Index rows, per_sample;
  Values x, h, gain, bias, sum, y, mean, inverse, dx, dh, dgain, dbias;
  TextDropout dropout;
  bool branch;

  explicit NormData(bool with_branch)
      : rows(with_branch ? text_rows : image_rows), per_sample(rows / batch), branch(with_branch) {
    x = h = made(rows * width);
    gain = bias = made(width, 0.5, 1.5);
    sum = y = dx = dh = Values(x.size());
    mean = inverse = Values(static_cast<std::size_t>(rows));
    dgain = dbias = Values(static_cast<std::size_t>(width));
  }
  void forward() {
    B::layer_norm(rows, width, x.data(), branch ? h.data() : nullptr, branch ? dropout.on : ctp::backend::Dropout{},
                  per_sample, gain.data(), bias.data(), 1e-6F, sum.data(), y.data(), mean.data(), inverse.data());
  }
};
void layer_norm(benchmark::State& state) {
  NormData data(state.range(0) != 0);
  for (auto _ : state) {
    data.forward();
    benchmark::ClobberMemory();
  }
  values(state, (data.branch ? 4 : 2) * data.rows * width);
}
BENCHMARK(layer_norm)->ArgName("dropout")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond)->UseRealTime();

void layer_norm_backward(benchmark::State& state) {
  NormData data(state.range(0) != 0);
  data.forward();
  const Values dy = made(data.rows * width, -1e-3, 1e-3);
  for (auto _ : state) {
    B::layer_norm_backward(data.rows, width, data.branch ? data.sum.data() : data.x.data(),
                           data.branch ? data.dropout.on : ctp::backend::Dropout{}, data.per_sample, data.gain.data(),
                           data.mean.data(), data.inverse.data(), dy.data(), data.dx.data(),
                           data.branch ? data.dh.data() : nullptr, data.dgain.data(), data.dbias.data());
    benchmark::ClobberMemory();
  }
  values(state, (data.branch ? 6 : 4) * data.rows * width);
}
BENCHMARK(layer_norm_backward)->ArgName("dropout")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond)->UseRealTime();

void dropout(benchmark::State& state) {
  const TextDropout text;
  const Values x = made(text_rows * width);
  Values y(x.size());
  for (auto _ : state) {
    B::dropout(text_rows, width, x.data(), text.on, words, false, y.data());
    benchmark::ClobberMemory();
  }
  values(state, 2 * text_rows * width);
}
BENCHMARK(dropout)->Unit(benchmark::kMicrosecond)->UseRealTime();

// --- from ids and pixels to rows -----------------------------------------------------------------

void embedding(benchmark::State& state) {
  const Ids ids = random_ids(text_rows, vocabulary);
  const Values table = made(vocabulary * width), positions = made(512 * width), types = made(2 * width);
  Values y(static_cast<std::size_t>(text_rows * width));
  for (auto _ : state) {
    B::embed(batch, words, width, ids.data(), table.data(), positions.data(), types.data(), y.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * text_rows * width);
}
BENCHMARK(embedding)->Unit(benchmark::kMicrosecond)->UseRealTime();

void embedding_backward(benchmark::State& state) {
  const Ids ids = random_ids(text_rows, vocabulary);
  const Values dy = made(text_rows * width, -1e-3, 1e-3);
  Values table(static_cast<std::size_t>(vocabulary * width)), positions(static_cast<std::size_t>(512 * width)),
      types(static_cast<std::size_t>(2 * width));
  for (auto _ : state) {
    B::embed_backward(batch, words, width, ids.data(), 0, dy.data(), table.data(), positions.data(), types.data());
    benchmark::ClobberMemory();
  }
  values(state, 5 * text_rows * width);
}
BENCHMARK(embedding_backward)->Unit(benchmark::kMicrosecond)->UseRealTime();

void patches(benchmark::State& state) {
  const Values images = made(batch * 3 * 224 * 224);
  Values y(images.size());
  for (auto _ : state) {
    B::patches(batch, 3, 224, 16, images.data(), y.data());
    benchmark::ClobberMemory();
  }
  values(state, 2 * batch * 3 * 224 * 224);
}
BENCHMARK(patches)->Unit(benchmark::kMicrosecond)->UseRealTime();

void prepend_class_token(benchmark::State& state) {
  const Values x = made(batch * (image_tokens - 1) * width), token = made(width),
               positions = made(image_tokens * width);
  Values y(static_cast<std::size_t>(image_rows * width));
  for (auto _ : state) {
    B::prepend_class_token(batch, image_tokens - 1, width, x.data(), token.data(), positions.data(), y.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * image_rows * width);
}
BENCHMARK(prepend_class_token)->Unit(benchmark::kMicrosecond)->UseRealTime();

void prepend_class_token_backward(benchmark::State& state) {
  const Values dy = made(image_rows * width, -1e-3, 1e-3);
  Values dx(static_cast<std::size_t>(batch * (image_tokens - 1) * width)), token(static_cast<std::size_t>(width)),
      positions(static_cast<std::size_t>(image_tokens * width));
  for (auto _ : state) {
    B::prepend_class_token_backward(batch, image_tokens - 1, width, dy.data(), dx.data(), token.data(),
                                    positions.data());
    benchmark::ClobberMemory();
  }
  values(state, 5 * image_rows * width);
}
BENCHMARK(prepend_class_token_backward)->Unit(benchmark::kMicrosecond)->UseRealTime();

// --- rows ----------------------------------------------------------------------------------------

void gather_rows(benchmark::State& state) {
  const Values x = made(text_rows * width);
  const Ids index = random_ids(masked_rows, text_rows);
  Values y(static_cast<std::size_t>(masked_rows * width));
  for (auto _ : state) {
    B::gather_rows(masked_rows, width, x.data(), index.data(), y.data());
    benchmark::ClobberMemory();
  }
  values(state, 2 * masked_rows * width);
}
BENCHMARK(gather_rows)->Unit(benchmark::kMicrosecond)->UseRealTime();

void scatter_add_rows(benchmark::State& state) {
  const Values y = made(masked_rows * width, -1e-3, 1e-3);
  const Ids index = random_ids(masked_rows, text_rows);
  Values x(static_cast<std::size_t>(text_rows * width));
  for (auto _ : state) {
    B::scatter_add_rows(masked_rows, width, y.data(), index.data(), x.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * masked_rows * width);
}
BENCHMARK(scatter_add_rows)->Unit(benchmark::kMicrosecond)->UseRealTime();

void take_rows(benchmark::State& state) {
  const Values x = made(image_rows * width);
  Values y(static_cast<std::size_t>(batch * width));
  for (auto _ : state) {
    B::take_rows(batch, image_tokens, width, x.data(), y.data());
    benchmark::ClobberMemory();
  }
  values(state, 2 * batch * width);
}
BENCHMARK(take_rows)->Unit(benchmark::kMicrosecond)->UseRealTime();

void add_taken_rows(benchmark::State& state) {
  const Values y = made(batch * width, -1e-3, 1e-3);
  Values x(static_cast<std::size_t>(image_rows * width));
  for (auto _ : state) {
    B::add_taken_rows(batch, image_tokens, width, y.data(), x.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * batch * width);
}
BENCHMARK(add_taken_rows)->Unit(benchmark::kMicrosecond)->UseRealTime();

void normalize_rows(benchmark::State& state) {
  const Values x = made(batch * embed);
  Values y(x.size()), length(static_cast<std::size_t>(batch));
  for (auto _ : state) {
    B::normalize_rows(batch, embed, x.data(), 1e-12F, y.data(), length.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * batch * embed);
}
BENCHMARK(normalize_rows)->Unit(benchmark::kMicrosecond)->UseRealTime();

void normalize_rows_backward(benchmark::State& state) {
  const Values x = made(batch * embed), dy = made(batch * embed, -1e-3, 1e-3);
  Values y(x.size()), length(static_cast<std::size_t>(batch)), dx(x.size());
  B::normalize_rows(batch, embed, x.data(), 1e-12F, y.data(), length.data());
  for (auto _ : state) {
    B::normalize_rows_backward(batch, embed, y.data(), length.data(), 1e-12F, dy.data(), dx.data());
    benchmark::ClobberMemory();
  }
  values(state, 4 * batch * embed);
}
BENCHMARK(normalize_rows_backward)->Unit(benchmark::kMicrosecond)->UseRealTime();

void row_lengths(benchmark::State& state) {
  const Values x = made(batch * width);
  Values length(static_cast<std::size_t>(batch));
  for (auto _ : state) {
    B::row_lengths(batch, width, x.data(), length.data());
    benchmark::ClobberMemory();
  }
  values(state, batch * width);
}
BENCHMARK(row_lengths)->Unit(benchmark::kMicrosecond)->UseRealTime();

void row_lengths_backward(benchmark::State& state) {
  const Values x = made(batch * width), length(static_cast<std::size_t>(batch), 8.F), dlength = made(batch);
  Values dx(x.size());
  for (auto _ : state) {
    B::row_lengths_backward(batch, width, x.data(), length.data(), dlength.data(), dx.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * batch * width);
}
BENCHMARK(row_lengths_backward)->Unit(benchmark::kMicrosecond)->UseRealTime();

// --- losses --------------------------------------------------------------------------------------

/// Scores of every word at the masked rows.
struct LossData {
  Values x = made(masked_rows * vocabulary, -4, 4), teacher = made(masked_rows * vocabulary, -3, 3);
  Values log_sum = Values(static_cast<std::size_t>(masked_rows)), teacher_log_sum = log_sum, loss = log_sum;
  Values weight = Values(static_cast<std::size_t>(masked_rows), 1.F / masked_rows), dx = Values(x.size());
  Ids target = random_ids(masked_rows, vocabulary);
  float dloss = 1e-3F;
};
void cross_entropy(benchmark::State& state) {
  LossData d;
  for (auto _ : state) {
    B::cross_entropy(masked_rows, vocabulary, d.x.data(), d.target.data(), d.log_sum.data(), d.loss.data());
    benchmark::ClobberMemory();
  }
  values(state, 2 * masked_rows * vocabulary);
}
BENCHMARK(cross_entropy)->Unit(benchmark::kMicrosecond)->UseRealTime();

void cross_entropy_backward(benchmark::State& state) {
  LossData d;
  B::cross_entropy(masked_rows, vocabulary, d.x.data(), d.target.data(), d.log_sum.data(), d.loss.data());
  for (auto _ : state) {
    B::cross_entropy_backward(masked_rows, vocabulary, d.x.data(), d.target.data(), d.log_sum.data(), d.weight.data(),
                              &d.dloss, d.dx.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * masked_rows * vocabulary);
}
BENCHMARK(cross_entropy_backward)->Unit(benchmark::kMicrosecond)->UseRealTime();

void soft_cross_entropy(benchmark::State& state) {
  LossData d;
  for (auto _ : state) {
    B::soft_cross_entropy(masked_rows, vocabulary, d.x.data(), d.teacher.data(), 1, false, d.log_sum.data(),
                          d.teacher_log_sum.data(), d.loss.data());
    benchmark::ClobberMemory();
  }
  values(state, 6 * masked_rows * vocabulary);
}
BENCHMARK(soft_cross_entropy)->Unit(benchmark::kMicrosecond)->UseRealTime();

void soft_cross_entropy_backward(benchmark::State& state) {
  LossData d;
  B::soft_cross_entropy(masked_rows, vocabulary, d.x.data(), d.teacher.data(), 1, false, d.log_sum.data(),
                        d.teacher_log_sum.data(), d.loss.data());
  for (auto _ : state) {
    B::soft_cross_entropy_backward(masked_rows, vocabulary, d.x.data(), d.teacher.data(), 1, d.log_sum.data(),
                                   d.teacher_log_sum.data(), d.weight.data(), &d.dloss, d.dx.data());
    benchmark::ClobberMemory();
  }
  values(state, 4 * masked_rows * vocabulary);
}
BENCHMARK(soft_cross_entropy_backward)->Unit(benchmark::kMicrosecond)->UseRealTime();

void dot(benchmark::State& state) {
  const Values x = made(masked_rows), weight = made(masked_rows);
  float result = 0;
  for (auto _ : state) {
    B::dot(masked_rows, x.data(), weight.data(), &result);
    benchmark::DoNotOptimize(result);
  }
}
BENCHMARK(dot);

// --- small maps ----------------------------------------------------------------------------------

void fill(benchmark::State& state) {
  Values x(static_cast<std::size_t>(image_rows * width));
  for (auto _ : state) {
    B::fill(image_rows * width, 1.F, x.data());
    benchmark::ClobberMemory();
  }
  values(state, image_rows * width);
}
BENCHMARK(fill)->Unit(benchmark::kMicrosecond)->UseRealTime();

void add_scaled(benchmark::State& state) {
  const Values x = made(image_rows * width, -1e-3, 1e-3);
  Values y(x.size());
  for (auto _ : state) {
    B::add_scaled(image_rows * width, 0.5F, x.data(), y.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * image_rows * width);
}
BENCHMARK(add_scaled)->Unit(benchmark::kMicrosecond)->UseRealTime();

void multiply(benchmark::State& state) {
  const Values a = made(text_rows * width), x = made(text_rows * width);
  Values y(x.size());
  for (auto _ : state) {
    B::multiply(text_rows * width, a.data(), x.data(), false, y.data());
    benchmark::ClobberMemory();
  }
  values(state, 3 * text_rows * width);
}
BENCHMARK(multiply)->Unit(benchmark::kMicrosecond)->UseRealTime();

void diagonal_ramp_and_bias(benchmark::State& state) {
  Values scores(static_cast<std::size_t>(batch * batch)), bias(static_cast<std::size_t>(text_rows));
  Ids own(static_cast<std::size_t>(batch));
  const Ids attend(static_cast<std::size_t>(text_rows), 1);
  for (auto _ : state) {
    B::set_diagonal(batch, -1000.F, scores.data());
    B::ramp(batch, 0, own.data());
    B::padding_bias(text_rows, attend.data(), -10000.F, bias.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(diagonal_ramp_and_bias);

}  // namespace
