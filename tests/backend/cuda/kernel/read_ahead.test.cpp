#include <ctp/backend/cuda/kernel/read_ahead.hpp>

#include <string>

#include <doctest/doctest.h>

namespace {

using ctp::Index;

/// The reads r and the uses u of [begin, end), three ahead, in the order in which they happened.
std::string order(Index begin, Index end) {
  std::string calls;
  ctp::backend::cuda::kernel::read_ahead<3>(
      begin, end,
      [&](Index i) {
        calls += "r" + std::to_string(i);
        return 10 * i;
      },
      [&](Index loaded, Index i) { calls += (loaded == 10 * i ? "u" : "wrong ") + std::to_string(i); });
  return calls;
}

struct Split {
  [[nodiscard]] int read(Index) const { return 0; }
  void use(int, Index) const {}
};
struct Whole {
  void operator()(Index) const {}
};

}  // namespace

TEST_CASE("read_ahead: each place is read and used once, in order, reads before the uses of the same group") {
  CHECK(order(4, 4).empty());
  CHECK(order(5, 4).empty());
  CHECK(order(4, 5) == "r4u4");
  CHECK(order(4, 6) == "r4r5u4u5");
  CHECK(order(4, 7) == "r4r5r6u4u5u6");
  CHECK(order(4, 8) == "r4r5r6u4u5u6r7u7");
  CHECK(order(0, 6) == "r0r1r2u0u1u2r3r4r5u3u4u5");
}

TEST_CASE("read_ahead: the concept asks for read() and use() at the same place") {
  using ctp::backend::cuda::kernel::ReadsAhead;
  static_assert(ReadsAhead<Split, Index>);
  static_assert(!ReadsAhead<Split, Index, Index>);
  static_assert(!ReadsAhead<Whole, Index>);
}
