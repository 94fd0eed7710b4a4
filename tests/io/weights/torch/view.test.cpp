#include <ctp/io/weights/torch/view.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using ctp::DType;
using ctp::io::torch::problem_of;
using ctp::io::torch::View;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

std::string problem(const View& view, std::uint64_t count, DType dtype = DType::F32) {
  const auto found = problem_of(view, dtype, count);
  return found ? found->expected + ", found " + found->found : "none";
}

}  // namespace

TEST_CASE("view: views that PyTorch writes have no problem") {
  CHECK(problem({0, {2, 3}, {3, 1}}, 6) == "none");
  CHECK(problem({0, {3, 2}, {1, 3}}, 6) == "none");        // transposed
  CHECK(problem({2, {2, 2}, {3, 1}}, 7) == "none");        // a corner, up to the last element
  CHECK(problem({0, {4, 3}, {0, 1}}, 3) == "none");        // expanded
  CHECK(problem({0, {1, 3}, {7, 1}}, 3) == "none");        // a stride that is never taken
  CHECK(problem({0, {}, {}}, 1) == "none");                // rank 0
  CHECK(problem({0, {0, 3}, {3, 1}}, 0) == "none");        // empty
  CHECK(problem({9, {3, 0}, {most, most}}, 0) == "none");  // empty: nothing is read
  CHECK(problem({0, {1, 1, 1, 1, 1, 1, 1, 2}, {9, 9, 9, 9, 9, 9, 9, 1}}, 2) == "none");
}

TEST_CASE("view: elements outside of the storage are refused, without overflow") {
  CHECK(problem({0, {2, 3}, {3, 1}}, 5) ==
        "elements within the 5 of the storage, found offset 0, shape [2,3], strides [3,1]");
  CHECK(problem({1, {2, 3}, {3, 1}}, 6).starts_with("elements within"));
  CHECK(problem({0, {}, {}}, 0).starts_with("elements within"));
  CHECK(problem({std::numeric_limits<std::uint64_t>::max(), {1}, {1}}, 6).starts_with("elements within"));
  CHECK(problem({0, {2}, {most}}, 6).starts_with("elements within"));
  CHECK(problem({0, {4, 4}, {most, most}}, 6).starts_with("elements within"));
  CHECK(problem({0, {3, 2}, {most, 2}}, std::numeric_limits<std::uint64_t>::max()).starts_with("elements within"));
}

TEST_CASE("view: shapes that cannot be are refused") {
  CHECK(problem({0, {-1}, {1}}, 6) == "no negative dimension or stride, found shape [-1] with strides [1]");
  CHECK(problem({0, {2}, {-1}}, 6).starts_with("no negative"));
  CHECK(problem({0, {2, 3}, {1}}, 6) == "a stride for each dimension of shape [2,3], found strides [1]");
  CHECK(problem({0, std::vector<std::int64_t>(9, 1), std::vector<std::int64_t>(9, 1)}, 6) ==
        "at most 8 dimensions, found 9");
  CHECK(problem({0, {most, 3}, {0, 0}}, 6).starts_with("a shape whose bytes fit 64 bits"));
  CHECK(problem({0, {most, 2}, {0, 0}}, 6).starts_with("a shape whose bytes fit 64 bits"));
  CHECK(problem({0, {most, 2}, {0, 0}}, 6, DType::U8) == "none");
}

TEST_CASE("view: windows that overlap are refused, repetition by a stride of 0 is not") {
  CHECK(problem({0, {3, 2}, {1, 1}}, 4) ==
        "each stride 0, or larger than the reach of the smaller ones, found shape [3,2] with strides [1,1]");
  CHECK(problem({0, {3, 4}, {3, 1}}, 12).starts_with("each stride 0, or larger"));
  CHECK(problem({0, {3, 2}, {2, 2}}, 12).starts_with("each stride 0, or larger"));
  CHECK(problem({0, {2, 3, 2}, {6, 2, 0}}, 12) == "none");
}

TEST_CASE("view: the span reaches from the first to the last element") {
  CHECK(span_of(View{5, {2, 3}, {3, 1}}) == 6);
  CHECK(span_of(View{5, {2, 3}, {10, 2}}) == 15);
  CHECK(span_of(View{5, {4, 3}, {0, 1}}) == 3);
  CHECK(span_of(View{5, {}, {}}) == 1);
  CHECK(span_of(View{5, {4, 0}, {1, 1}}) == 0);
}
