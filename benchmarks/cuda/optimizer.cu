/// @file   benchmarks/cuda/optimizer.cu
/// @brief  Parameter passes of a step of base, beside a copy.
#include <ctp/momentum/compatible.hpp>
#include <ctp/momentum/view.hpp>

#include "noise.cuh"

namespace bench {

/// All parameter passes of a ctp step of `base`, beside the bandwidth of a copy of one gibibyte.
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
    const Times times = device_times(o.turns, [&] { B::copy(from.data(), copied, to.data()); });
    bandwidth = 1e-6 * 2 * sizeof(float) * static_cast<double>(copied) / times.median();
    Line("copy").with(times).with("gb_per_second", bandwidth).print();
  }
  Vector theta = noise(n), gradient = noise(n, 0.01F), first = noise(n, 0.01F), second(n), slow = noise(n);
  const Vector previous = noise(n);
  B::fill(n, 1e-4F, second.data());
  const ctp::momentum::Compatible momentum;
  const Times times = device_times(o.turns, [&] {
    momentum.update(ctp::momentum::ViewFor<ctp::momentum::Compatible, B>(
        {.size = n, .slow = slow.data(), .online = theta.data(), .previous = previous.data()}));
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

}  // namespace bench
