// How rows of a head are shared out over blocks and warps, by hand.
#include <ctp/backend/cuda/kernel/head_strips.hpp>

#include <doctest/doctest.h>

using ctp::backend::cuda::kernel::HeadStrips;
using ctp::backend::cuda::kernel::HeldRows;

TEST_CASE("head_strips: the 197 rows of an image are 13 strips of one block, in as many turns as warps need") {
  const HeadStrips strips(197, 197, 256, 4);
  CHECK(strips.blocks == 1);
  CHECK(strips.strips == 13);
  CHECK(strips.warps == 4);
  CHECK(strips.chunk == 208);  // 13 * 16
  CHECK(strips.held(197, 0) == 197);
  CHECK(strips.padded(197, 0) == 208);
  CHECK(HeadStrips(197, 197, 256, 5).warps == 5);
}

TEST_CASE("head_strips: short heads take few warps, long heads several blocks of equal size") {
  const HeadStrips one(1, 5, 256, 4);
  CHECK(one.blocks == 1);
  CHECK(one.strips == 1);
  CHECK(one.warps == 1);
  CHECK(one.chunk == 16);
  const HeadStrips five(80, 1, 256, 4);  // five strips in two turns
  CHECK(five.strips == 5);
  CHECK(five.warps == 3);
  CHECK(HeadStrips(80, 1, 256, 5).warps == 5);
  const HeadStrips few(30, 197, 256, 5);  // two strips; a warp more loads rows
  CHECK(few.strips == 2);
  CHECK(few.warps == 3);
  CHECK(few.chunk == 128);
  CHECK(few.padded(197, 128) == 80);
  const HeadStrips longer(300, 300, 128, 4);  // 19 strips
  CHECK(longer.blocks == 2);
  CHECK(longer.strips == 10);
  CHECK(longer.warps == 4);
  CHECK(longer.chunk == 128);
  CHECK(longer.held(300, 128) == 128);
  CHECK(longer.held(300, 256) == 44);
  CHECK(longer.padded(300, 256) == 48);
}

TEST_CASE("head_strips: two sets of rows and two numbers a row fit the smallest shared memory of a device") {
  using ctp::backend::cuda::kernel::Bf16Form;
  using ctp::backend::cuda::kernel::Tf32Form;
  CHECK(HeldRows<Bf16Form, 64>::bytes(16, 100) == 16 * (2 * 72 * 2 + 8) + 100);
  constexpr std::size_t smallest = 99 * 1024, bits = 256 * 3 * 16;  // 256 dropout rows with three chunks of columns
  CHECK(HeldRows<Bf16Form, 64>::bytes(HeldRows<Bf16Form, 64>::longest_chunk, bits) <= smallest);
  CHECK(HeldRows<Tf32Form, 64>::bytes(HeldRows<Tf32Form, 64>::longest_chunk, bits) <= smallest);
}
