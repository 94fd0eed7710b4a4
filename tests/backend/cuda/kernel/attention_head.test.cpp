// Offsets of heads beside the numbers of a memory in which each number names its place.
#include <ctp/backend/cuda/kernel/attention_head.hpp>

#include <doctest/doctest.h>

using ctp::Index;
using ctp::backend::AttentionShape;
using ctp::backend::cuda::kernel::Head;

namespace {

/// Queries of width 3 * 2 with a gap of 1, keys beside values in rows of 2 * (3 * 2).
constexpr AttentionShape shape{
    .batch = 2, .heads = 3, .queries = 5, .keys = 4, .width = 2, .q_stride = 7, .k_stride = 12, .v_stride = 12};

}  // namespace

TEST_CASE("attention_head: each block computes one head of one sample") {
  Index block = 0;
  for (Index b = 0; b < shape.batch; ++b)
    for (Index h = 0; h < shape.heads; ++h, ++block) {
      const Head head(block, shape);
      CHECK(head.b == b);
      CHECK(head.h == h);
    }
}

TEST_CASE("attention_head: offsets are those of the head's first row, and rows of queries are counted by head") {
  Index row = 0, output = 0;
  for (Index b = 0; b < shape.batch; ++b) {
    for (Index h = 0; h < shape.heads; ++h) {
      const Head head(b * shape.heads + h, shape);
      CHECK(head.q(shape) == b * 35 + h * 2);  // 5 rows of 7
      CHECK(head.k(shape) == b * 48 + h * 2);  // 4 rows of 12
      CHECK(head.v(shape) == head.k(shape));
      CHECK(head.o(shape) == output + h * 2);
      for (Index i = 0; i < shape.queries; ++i) CHECK(head.row(shape, i) == row++);
    }
    output += shape.queries * shape.heads * shape.width;
  }
}
