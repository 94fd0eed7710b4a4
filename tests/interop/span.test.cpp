#include <doctest/doctest.h>

#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/interop/span.hpp>
#include <ctp/tensor/buffer.hpp>

TEST_CASE("span: the elements of a buffer and of its tensors, in row-major order and without a copy") {
  ctp::Buffer<float, ctp::Cpu> buffer(6);
  buffer.assign(std::vector<float>{1, 2, 3, 4, 5, 6});
  const std::span<float> all = ctp::interop::as_span(buffer);
  CHECK(all.size() == 6);
  CHECK(all.data() == buffer.data());
  const std::span<float> same = ctp::interop::as_span(buffer.view(ctp::Shape<3>{1, 2, 3}));
  CHECK(same.data() == buffer.data());
  same[4] = 50;
  CHECK(buffer.to_host() == std::vector<float>{1, 2, 3, 4, 50, 6});
  static_assert(std::is_same_v<decltype(ctp::interop::as_span(std::as_const(buffer))), std::span<const float>>);
  CHECK(ctp::interop::as_span(std::as_const(buffer))[5] == 6);
}
