/// @file   benchmarks/cuda/attention.cu
/// @brief  Attention at the three shapes of base.
#include <string>

#include "noise.cuh"

namespace bench {

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
                            false, dq.data(), dk.data(), dv.data());
    };
    const double product = 2e-9 * static_cast<double>(batch * heads * c.queries * c.keys * width);
    const auto report = [&](const char* pass, int products, const Times& times) {
      Line("attention")
          .with("heads", std::string(c.name))
          .with("pass", std::string(pass))
          .with("shape", std::to_string(batch * heads) + " heads of " + std::to_string(c.queries) + " x " +
                             std::to_string(c.keys) + " x " + std::to_string(width))
          .with("precision", std::string(name_of(Context::current().precision)))
          .with("dropout", static_cast<double>(c.dropout))
          .with(times)
          .with("tflops", products * product / times.median())
          .print();
    };
    for (const Choice precision : o.precisions) {
      use(precision);
      report("forward", 2, device_times(o.turns, forward));
      report("backward", 5, device_times(o.turns, backward));
    }
  }
}

}  // namespace bench
