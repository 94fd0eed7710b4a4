// The lanes of a warp together hold each number of a row once, with its dropout.
#include <ctp/backend/cuda/kernel/wide_row.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference.hpp>
#include <support/simulated_cuda.hpp>

namespace {

using ctp::Index;
using ctp::backend::Dropout;
using ctp::backend::cuda::Warp;
using Row = ctp::backend::cuda::kernel::WideRow<float>;
using Factors = ctp::backend::cuda::kernel::WideFactors<float>;

/// to = from + factor, by one warp.
struct AddFactors {
  static constexpr bool cooperative = true;
  Index columns, entry, row;
  Dropout dropout;
  const float* from;
  float* to;
  template <class Thread>
  void operator()(const Thread& t) const {
    const Row wide{t.id(), columns};
    const Factors factor(Warp<Thread>(t), dropout, entry, row, columns);
    Row::Numbers numbers = {};
    wide.read(from, numbers);
    wide.each_number([&](int q, int k) { numbers[q].x[k] += factor(q, k); });
    wide.write(numbers, to);
  }
};

}  // namespace

TEST_CASE("wide_row: reads and writes each number of a row once, with its dropout") {
  using Device = ctp::test::SimulatedCuda<float>;
  constexpr Index entry = 1, row = 2, per_sample = 3;
  const std::vector<std::uint32_t> samples = {5, 4'000'000'000U};
  const auto ordinals = reference::put_as_is<Device>(samples);
  for (const float probability : {0.F, 0.3F})
    for (const Index columns : {4, 124, 128, 132, 768, 1020, 1024}) {
      CAPTURE(probability);
      CAPTURE(columns);
      const Dropout layer{probability, {11, 12}, 2, 3, ordinals.data(), 6};
      const reference::Values numbers = reference::random(columns, 1);
      const auto from = reference::put<Device>(numbers);
      auto to = reference::room<Device>(columns);
      REQUIRE(Row::fits(columns, from.data(), to.data()));
      ctp::test::SimulatedRuntime<float>::launch(1, 32, 0,
                                                 AddFactors{columns, entry, row, layer, from.data(), to.data()});
      const reference::Values factors = reference::dropout_factors(layer, samples, per_sample, columns);
      CHECK(reference::off<Device>(to, reference::sum(numbers, reference::row(factors, entry * per_sample + row,
                                                                              columns))) < reference::rounding<Device>);
    }
}

TEST_CASE("wide_row: fits up to 1,024 numbers, a multiple of four, at aligned addresses") {
  const ctp::backend::cuda::kernel::Quad<float> quads[2] = {};
  const float* aligned = quads[0].x;
  CHECK(Row::fits(1024, aligned, static_cast<const float*>(nullptr)));
  CHECK_FALSE(Row::fits(1028, aligned));
  CHECK_FALSE(Row::fits(6, aligned));
  CHECK_FALSE(Row::fits(8, aligned, aligned + 1));
  CHECK_FALSE(ctp::backend::cuda::kernel::WideRow<double>::fits(8));
}
