/// @file   benchmarks/cuda/products.cu
/// @brief  Matrix products of base, by cuBLASLt's first choice of algorithm and by its fastest.
#include <cstddef>
#include <string>

#include "noise.cuh"

namespace bench {

namespace {

/// Selects cuBLASLt's first choice of algorithm, or the fastest, for later products.
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

/// The numbers of x in the storage that products read in the current precision.
class Packed {
 public:
  using Number = B::Packed;

  explicit Packed(const Vector& x) : memory_(static_cast<Index>(B::packed_bytes(x.size()))) {
    B::for_each(x.size(),
                ctp::backend::cuda::kernel::Pack<float>{
                    x.data(), ctp::backend::cuda::Numbers<B, float>(reinterpret_cast<Number*>(memory_.data()))});
  }
  [[nodiscard]] const Number* data() const { return reinterpret_cast<const Number*>(memory_.data()); }

 private:
  ctp::Buffer<std::byte, B> memory_;
};

}  // namespace

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
    // Gradients of weights are dy^T x: both operands have k rows.
    const Vector a = noise(c.m * c.k), b = noise(c.n * c.k, 0.05F), bias = noise(c.n);
    Vector y(c.m * c.n), activated(c.gelu ? c.m * c.n : 0);
    const auto run = [&]<class Number>(const Number* left, const Number* right) {
      if (c.weights) {
        ctp::backend::cuda::MatrixProduct<float> product{true, false, c.m, c.n, c.k, 1.F, left, c.m, right, c.n};
        product.beta = 1;
        product.c = product.d = y.data();
        B::matrix_product(product);
      } else {
        B::linear(c.m, c.k, c.n, left, b.data(), bias.data(), nullptr, y.data(),
                  c.gelu ? reinterpret_cast<Number*>(activated.data()) : nullptr);
      }
    };
    const auto measure = [&](Choice precision, const char* operands, const auto* left, const auto* right) {
      for (const bool measured : {false, true}) {
        choose_algorithms(precision, measured);
        const Times times = device_times(o.turns, [&] { run(left, right); });
        Line("product")
            .with("of", std::string(c.name))
            .with("shape", std::to_string(c.m) + " x " + std::to_string(c.n) + " x " + std::to_string(c.k))
            .with("precision", std::string(name_of(precision)))
            .with("operands", std::string(operands))
            .with("algorithm", std::string(measured ? "measured" : "first"))
            .with(times)
            .with("tflops", 2e-9 * static_cast<double>(c.m * c.n * c.k) / times.median())
            .print();
      }
      choose_algorithms(precision, false);
    };
    for (const Choice precision : o.precisions) {
      use(precision);
      measure(precision, "floats", a.data(), b.data());
      if (precision != Choice::Bf16) continue;
      // The result of a layer norm, attention or GELU that only this product reads; weights stay floats.
      const Packed left(a), right(b);
      measure(precision, "packed", left.data(), right.data());
    }
  }
}

}  // namespace bench
