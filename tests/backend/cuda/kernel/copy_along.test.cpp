#include <ctp/backend/cuda/kernel/copy_along.hpp>

#include <array>
#include <cstdint>
#include <stdexcept>

#include <doctest/doctest.h>

namespace {

using ctp::Index;
using ctp::backend::cuda::CopyAlong;

constexpr Index n = 24;
struct Vector {
  std::array<float, n> theta{};
  std::array<std::uint16_t, n> copy{};
};

}  // namespace

TEST_CASE("copy along: a pass finds the copy of its numbers, and they are counted") {
  Vector v;
  CHECK(CopyAlong::of(v.theta.data(), n).copy == nullptr);
  const Index taken = CopyAlong::write(n, v.theta.data(), v.copy.data(), [&] {
    CHECK(CopyAlong::of(v.theta.data(), 5).copy == v.copy.data());
    CHECK(CopyAlong::of(v.theta.data() + 5, n - 5).copy == v.copy.data() + 5);
  });
  CHECK(taken == n);
  CHECK(CopyAlong::of(v.theta.data(), n).copy == nullptr);
}

TEST_CASE("copy along: numbers that the vector does not hold all have no copy and do not count") {
  std::array<float, n + 2> all{};
  Vector v;
  const Index taken = CopyAlong::write(n, all.data() + 1, v.copy.data(), [&] {
    CHECK(CopyAlong::of(all.data(), 1).copy == nullptr);
    CHECK(CopyAlong::of(all.data(), 2).copy == nullptr);
    CHECK(CopyAlong::of(all.data() + n, 2).copy == nullptr);
    CHECK(CopyAlong::of(all.data() + 1 + n, 1).copy == nullptr);
    CHECK(CopyAlong::of(all.data() + 1, 0).copy == nullptr);
    CHECK(CopyAlong::of(all.data() + 1, -1).copy == nullptr);
    CHECK(CopyAlong::of(v.theta.data(), n).copy == nullptr);
  });
  CHECK(taken == 0);
}

TEST_CASE("copy along: one vector at a time; the one before is back afterwards, also behind an error") {
  Vector a, b;
  const Index taken = CopyAlong::write(n, a.theta.data(), a.copy.data(), [&] {
    CHECK(CopyAlong::write(n, b.theta.data(), b.copy.data(), [&] {
            CHECK(CopyAlong::of(a.theta.data(), n).copy == nullptr);
            CHECK(CopyAlong::of(b.theta.data(), 4).copy == b.copy.data());
          }) == 4);
    CHECK_THROWS(CopyAlong::write(n, b.theta.data(), b.copy.data(), [] { throw std::runtime_error("no"); }));
    CHECK(CopyAlong::of(a.theta.data(), 3).copy == a.copy.data());
  });
  CHECK(taken == 3);
}
