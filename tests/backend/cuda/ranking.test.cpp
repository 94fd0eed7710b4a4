// The tests of every backend, on the kernels of backend/cuda/ranking.hpp, and a comparison with the host's ranking:
// with simulated threads, or on the device that CTP_TEST_BACKENDS names.
#include <ctp/backend/cuda/ranking.hpp>
#include <ctp/eval/multimodal_map.hpp>
#include <ctp/eval/retrieval.hpp>

#ifndef CTP_TEST_BACKENDS
#include <support/simulated_cuda.hpp>
#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>, ctp::test::SimulatedCuda<double>
#endif

#include "../generic/ranking.test.cpp"

TEST_CASE_TEMPLATE("ranking: rounded scores are one chain of fused multiply-adds", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  for (const Index n : {1, 63, 65, 130, 257})
    for (const Index width : {1, 7, 256}) {
      CAPTURE(n);
      CAPTURE(width);
      const auto left = reference::with_copies<Real>(n, width, 1), right = reference::with_copies<Real>(n, width, 2);

      CHECK(reference::ranks<B>(left, right, n, width) == reference::sorted_ranks(left, right, n, width));
      CHECK(reference::top_ten<B>(left, right, n, width) == reference::sorted_ten(left, right, n, width));
    }
}

TEST_CASE_TEMPLATE("ranking: the device ranks exact scores like the host", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  using Host = ctp::backend::generic::Ranking<Real>;
  for (const Index n : {1, 12, 140, 259}) {
    CAPTURE(n);
    constexpr Index width = 9;
    const auto left = reference::few_values<Real>(n, width, 1), right = reference::few_values<Real>(n, width, 2);

    CHECK(reference::ranks<B>(left, right, n, width) == reference::ranks<Host>(left, right, n, width));
    CHECK(reference::top_ten<B>(left, right, n, width) == reference::top_ten<Host>(left, right, n, width));
  }
}

TEST_CASE_TEMPLATE("ranking: evaluation on the device equals evaluation on the host", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  constexpr Index n = 140, width = 9;
  const auto image = reference::few_values<Real>(n, width, 1), text = reference::few_values<Real>(n, width, 2);
  const std::span<const Real> images(image), texts(text);
  const auto rows = static_cast<std::size_t>(n), columns = static_cast<std::size_t>(width);

  const auto device = ctp::eval::retrieval<B>(images, texts, rows, columns);

  const auto host = ctp::eval::retrieval(images, texts, rows, columns);
  CHECK(device.txt_r10 == host.txt_r10);
  CHECK(device.img_r10 == host.img_r10);
  CHECK(device.r_mean == host.r_mean);
  CHECK(device.r_mean > 0);
  CHECK(device.r_mean < 100);

  std::vector<ctp::eval::CategoryItem> items;
  constexpr const char* categories[] = {"a", "b", "c"};
  for (std::size_t i = 0; i < rows; ++i) items.push_back({categories[i / 47], categories[i % 3]});
  const auto device_map = ctp::eval::multimodal_map<B>(images, items, texts, items, items, columns);
  const auto host_map = ctp::eval::multimodal_map(images, items, texts, items, items, columns);
  CHECK(device_map.map1 == host_map.map1);
  CHECK(device_map.map5 == host_map.map5);
  CHECK(device_map.map10 == host_map.map10);
  CHECK(device_map.map10 > 0);
}
