// Benchmarks of the preparation of pictures for the encoder: decoding, resizing, augmenting, normalising.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

#include <ctp/data/codec/decode.hpp>
#include <ctp/data/codec/decode_stb.hpp>
#include <ctp/data/codec/encode.hpp>
#include <ctp/data/image/augment.hpp>
#include <ctp/data/image/normalize.hpp>

namespace data = ctp::data;

namespace {

/// Smooth colours with some detail, so that JPEG has something to do.
data::Image made(int width, int height) {
  data::Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* const p = image.pixel(x, y);
      p[0] = static_cast<std::uint8_t>(x * 255 / width);
      p[1] = static_cast<std::uint8_t>(y * 255 / height);
      p[2] = static_cast<std::uint8_t>(((x / 9) ^ (y / 7)) * 37 + x * y % 11);
    }
  }
  return image;
}

void pixels_per_second(benchmark::State& state, const data::Image& image) {
  state.counters["megapixels/s"] =
      benchmark::Counter(static_cast<double>(image.rgb.size()) / 3e6 * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate);
}

/// The decoder of this build: libjpeg-turbo where it was found.
void decode_jpeg(benchmark::State& state) {
  const data::Image image = made(static_cast<int>(state.range(0)), static_cast<int>(state.range(0)));
  const std::vector<std::byte> file = data::encode_jpeg(image, 85);
  for (auto _ : state) benchmark::DoNotOptimize(data::decode_image(file, "made"));
  pixels_per_second(state, image);
}
BENCHMARK(decode_jpeg)->Arg(64)->Arg(400)->Arg(800)->Unit(benchmark::kMicrosecond);

void decode_jpeg_stb(benchmark::State& state) {
  const data::Image image = made(static_cast<int>(state.range(0)), static_cast<int>(state.range(0)));
  const std::vector<std::byte> file = data::encode_jpeg(image, 85);
  for (auto _ : state) benchmark::DoNotOptimize(data::detail::decode_with_stb(file, "made"));
  pixels_per_second(state, image);
}
BENCHMARK(decode_jpeg_stb)->Arg(64)->Arg(400)->Arg(800)->Unit(benchmark::kMicrosecond);

void resize(benchmark::State& state) {
  const data::Image image = made(static_cast<int>(state.range(0)), static_cast<int>(state.range(0)));
  const int size = static_cast<int>(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(data::resize_bicubic(image, size, size));
  pixels_per_second(state, image);
}
BENCHMARK(resize)
    ->Args({96, 64})
    ->Args({400, 224})
    ->Args({800, 224})
    ->Args({3000, 224})
    ->Args({100, 224})
    ->Unit(benchmark::kMicrosecond);

/// One operation of RandAugment at the published strength.
void operation(benchmark::State& state) {
  const data::Image image = made(224, 224);
  const auto op = static_cast<data::AugmentOp>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(data::apply_operation(image, op, {}, false));
  pixels_per_second(state, image);
}
BENCHMARK(operation)
    ->Arg(static_cast<int>(data::AugmentOp::AutoContrast))
    ->Arg(static_cast<int>(data::AugmentOp::Equalize))
    ->Arg(static_cast<int>(data::AugmentOp::ShearX))
    ->Arg(static_cast<int>(data::AugmentOp::Rotate))
    ->Unit(benchmark::kMicrosecond);

/// From a decoded picture to the encoder's input.
void augment_and_normalize(benchmark::State& state) {
  const data::Image image = made(static_cast<int>(state.range(0)), static_cast<int>(state.range(0)));
  const int size = static_cast<int>(state.range(1));
  std::vector<float> chw(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3);
  std::uint32_t sample = 0;
  for (auto _ : state) {
    ctp::RandomSubstream random(ctp::RandomStream(1, "augment"), {.sample = sample++});
    data::normalize_chw(data::augment_for_training(image, size, random), chw.data());
    benchmark::DoNotOptimize(chw.data());
  }
}
BENCHMARK(augment_and_normalize)->Args({96, 64})->Args({400, 224})->Args({800, 224})->Unit(benchmark::kMicrosecond);

}  // namespace
