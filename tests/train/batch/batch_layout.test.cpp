#include <ctp/train/batch/batch_layout.hpp>

#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

namespace {
struct Part {
  std::size_t begin, bytes;
};
/// The parts in the order of the block.
template <class Real>
std::vector<Part> parts(const ctp::BatchLayout<Real>& at, std::size_t pairs, std::size_t tokens, std::size_t masked) {
  return {{at.ids, 4 * tokens},
          {at.masked, 4 * tokens},
          {at.sample, 4 * pairs},
          {at.token_weight, sizeof(Real) * tokens},
          {at.row, 4 * masked},
          {at.target, 4 * masked},
          {at.label_weight, sizeof(Real) * masked},
          {at.kept, 0},
          {at.attend, 4 * tokens},
          {at.pixels, 0}};
}
}  // namespace

TEST_CASE_TEMPLATE("batch layout: parts follow each other without overlap, each at the next multiple of 64", Real,
                   float, double) {
  for (const std::size_t pairs : {1U, 3U, 16U, 128U})
    for (const std::size_t length : {1U, 7U, 30U})
      for (const std::size_t masked : {8U, 40U}) {
        const ctp::BatchLayout<Real> at(static_cast<ctp::Index>(pairs), static_cast<ctp::Index>(pairs * length),
                                        static_cast<ctp::Index>(masked));
        std::size_t end = 0;
        for (const Part& part : parts(at, pairs, pairs * length, masked)) {
          REQUIRE(part.begin % 64 == 0);
          REQUIRE(part.begin >= end);
          REQUIRE(part.begin < end + 64);
          end = part.begin + part.bytes;
        }
      }
}

TEST_CASE("batch layout: an empty layout keeps no bytes") { CHECK(ctp::BatchLayout<float>().kept == 0); }
