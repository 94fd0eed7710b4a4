/// @file   benchmarks/cuda/encoder.cu
/// @brief  Forward pass of the image encoder of base, as in a teacher or an evaluation.
#include <string>

#include <ctp/cuda.cuh>

#include "noise.cuh"

namespace bench {

void encoder(const Options& o) {
  constexpr ctp::ModelConfig c = ctp::sizes::base;
  const Index images = Index{4} * o.batch;
  ctp::Layout layout;
  const ctp::encoder::Vit vit(c, layout);
  const Vector theta = noise(layout.size(), 0.05F), pixels = noise(images * 3 * c.image * c.image);
  ctp::Tape<B> tape;
  const auto forward = [&] {
    tape.rewind();
    vit(ctp::Pass<B>{theta.data(), &tape}, {pixels.data(), {images, 3, c.image, c.image}});
  };
  // Floating-point operations, two for each multiply-add: four projections and two products of attention in each block,
  // the MLP, and the patches.
  const auto n = static_cast<double>(vit.tokens()), d = static_cast<double>(c.vision_width);
  const double block = 24 * n * d * d + 4 * n * n * d, patches = 2 * (n - 1) * d * 3 * c.patch * c.patch;
  const double work = 1e-9 * static_cast<double>(images) * (c.vision_depth * block + patches);
  use(o.precisions.front());
  const auto report = [&](bool recorded, const Times& times) {
    Line("vit_forward")
        .with("batch", static_cast<int>(images))
        .with("precision", std::string(name_of(o.precisions.front())))
        .with("recorded", recorded)
        .with(times)
        .with("images_per_second", 1e3 * static_cast<double>(images) / times.median())
        .with("tflops", work / times.median())
        .print();
  };
  report(true, recorded_times(o.turns, forward));
  report(false, device_times(o.turns, forward));
}

}  // namespace bench
