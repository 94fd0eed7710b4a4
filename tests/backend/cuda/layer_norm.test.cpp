// The tests of every backend, on the kernels of backend/cuda/layer_norm.hpp with simulated threads.
#include <ctp/backend/cuda/layer_norm.hpp>

#include <support/simulated_cuda.hpp>
#include <support/test_backend.hpp>

#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>

#include <support/packed_values.hpp>
#include "../generic/layer_norm.test.cpp"

TEST_CASE(
    "layer norm: rows of a multiple of four numbers use the same dropout, also where only one gradient is asked") {
  using Device = ctp::test::SimulatedCuda<float>;
  auto ordinals = reference::put_as_is<Device>(samples);
  const auto layer = layer_on<Device>(ordinals, 0.3F);
  constexpr Index n = 10, of_sample = 2, width = 256;
  auto sum = put<Device>(random(n * width, 1)), gain = put<Device>(random(width, 2));
  auto dy = put<Device>(random(n * width, 3)), mean = put<Device>(random(n, 4)), inverse = put<Device>(random(n, 5));
  auto dgain = reference::room<Device>(width), dbias = reference::room<Device>(width);
  const auto backward = [&](float* dx, float* dh) {
    Device::layer_norm_backward(n, width, sum.data(), layer, of_sample, gain.data(), mean.data(), inverse.data(),
                                dy.data(), dx, dh, dgain.data(), dbias.data());
  };
  const Values zero(at(n * width), 0.0);
  auto dx = put<Device>(zero), dh = put<Device>(zero), both = put<Device>(zero);
  backward(dx.data(), nullptr);
  backward(nullptr, dh.data());
  backward(both.data(), both.data());  // one gradient of both: each is added
  const Values x = dx.to_host<double>();
  const Values h = reference::times(reference::dropout_factors(layer, samples, of_sample, width), x);
  CHECK(off<Device>(dh, h) < rounding<Device>);
  CHECK(off<Device>(both, reference::sum(x, h)) < rounding<Device>);
}

TEST_CASE("layer norm: a Packed result is the rounded result, for all widths") {
  using Device = ctp::test::SimulatedCuda<float, 7>;
  using Stored = ctp::backend::cuda::kernel::Stored<float>;
  constexpr Index n = 3;
  for (const Index width : {4, 7, 768, 1024, 1028})
    for (const Index offset : {0, 1}) {
      CAPTURE(width);
      CAPTURE(offset);
      auto x = put<Device>(random(n * width, 1)), gain = put<Device>(random(width, 2));
      auto bias = put<Device>(random(width, 3)), y = reference::room<Device>(n * width);
      auto mean = reference::room<Device>(n), inverse = reference::room<Device>(n);
      std::vector<std::uint64_t> memory(at(n * width));
      auto* const packed =
          reinterpret_cast<ctp::backend::cuda::Packed*>(reinterpret_cast<std::uint16_t*>(memory.data()) + offset);
      const auto forward = [&](auto* result) {
        Device::layer_norm(n, width, x.data(), nullptr, {}, 1, gain.data(), bias.data(), float(eps), nullptr, result,
                           mean.data(), inverse.data());
      };
      forward(y.data());
      forward(packed);
      const auto plain = y.to_host();
      const auto rounded = [&](Index i) {
        return ctp::backend::cuda::kernel::bfloat16_value(ctp::backend::cuda::kernel::bfloat16_bits(plain[at(i)]));
      };
      double most = 0;
      for (Index i = 0; i < n * width; ++i)
        most = std::max(most, double(std::abs(Stored(packed, true)[i] - rounded(i))) / (0.1 + std::abs(rounded(i))));
      CHECK(most < 0.01);  // the unaligned result may be summed in another order
    }
}

TEST_CASE("layer norm: the gradient of the result may be Packed, for all widths and addresses") {
  using Device = ctp::test::SimulatedCuda<float, 7>;
  using Exact = ctp::test::TestBackend<double>;
  constexpr Index n = 10, of_sample = 2;
  for (const Index width : {4, 7, 131, 256, 768, 1024, 1028, 2100})
    for (const Index first : {0, 1}) {
      CAPTURE(width);
      CAPTURE(first);
      const Values sum = random(n * width, 1), gain = random(width, 2), mean = random(n, 4), inverse = random(n, 5);
      reference::PackedValues dy(random(n * width, 3), first);
      const auto backward = [&]<class B>(auto* g) {
        auto ordinals = reference::put_as_is<B>(samples);
        auto bsum = put<B>(sum), bgain = put<B>(gain), bmean = put<B>(mean), binverse = put<B>(inverse);
        auto dx = put<B>(Values(at(n * width), 0.5)), dh = put<B>(Values(at(n * width), -0.5));
        auto dgain = reference::room<B>(width), dbias = reference::room<B>(width);
        B::layer_norm_backward(n, width, bsum.data(), layer_on<B>(ordinals, 0.3F), of_sample, bgain.data(),
                               bmean.data(), binverse.data(), g, dx.data(), dh.data(), dgain.data(), dbias.data());
        Values all;
        for (const auto* part : {&dx, &dh, &dgain, &dbias})
          for (const double v : part->template to_host<double>()) all.push_back(v);
        return all;
      };
      const Values g = dy.values();
      const Values found = backward.operator()<Device>(dy.data());
      CHECK(reference::error(found, backward.operator()<Exact>(g.data())) < 2e-5);
    }
}
