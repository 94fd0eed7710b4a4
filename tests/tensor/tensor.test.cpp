#include <ctp/tensor/tensor.hpp>

#include <array>
#include <type_traits>

#include <doctest/doctest.h>

using ctp::Shape;

namespace {
struct Host;
struct Device;
template <std::size_t Rank>
using View = ctp::Tensor<float, Rank, Host>;
}  // namespace

static_assert(std::is_convertible_v<View<2>, ctp::Tensor<const float, 2, Host>>,
              "a writable tensor converts to a read-only one");
static_assert(!std::is_convertible_v<ctp::Tensor<const float, 2, Host>, View<2>>);
static_assert(!std::is_convertible_v<View<2>, ctp::Tensor<float, 2, Device>>, "backends do not mix");
static_assert(!std::is_convertible_v<View<2>, View<1>>, "ranks do not mix");
static_assert(std::is_trivially_copyable_v<View<3>>);

TEST_CASE("tensor: a tensor without memory is false, one with memory true") {
  std::array<float, 6> memory{};
  CHECK_FALSE(View<2>{});
  CHECK(View<2>{memory.data(), {2, 3}});
  CHECK(View<2>{memory.data(), {2, 3}}.size() == 6);
  CHECK(View<0>{memory.data(), {}}.size() == 1);
}

TEST_CASE("tensor: a reshaped tensor is the same memory; the number of elements must stay") {
  std::array<float, 6> memory{};
  const View<2> x{memory.data(), {2, 3}};
  const View<3> y = x.reshaped(Shape<3>{3, 1, 2});
  CHECK(y.data == memory.data());
  CHECK(y.shape == Shape<3>{3, 1, 2});
  CHECK_THROWS_WITH_AS((void)x.reshaped(Shape<1>{5}),
                       "reshaped: tensor is [2,3] but new shape is [5]; the number of elements must stay",
                       ctp::ShapeError);
}
