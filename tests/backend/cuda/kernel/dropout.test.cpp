// The factor of one element, as in kernels, must equal the host's factors of whole rows.
#include <ctp/backend/cuda/kernel/dropout.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

namespace {

const std::vector<std::uint32_t> ordinals = {5, 4'000'000'000U};

template <class Real>
void check_rows(const ctp::backend::Dropout& layer) {
  for (const ctp::Index columns : {1, 5, 16, 63, 64, 65, 127, 128, 129, 192, 193, 300, 769})
    for (const ctp::Index row : {0, 1, 77, 40'000})
      for (const ctp::Index entry : {0, 1}) {
        std::vector<Real> expected(static_cast<std::size_t>(columns)), found = expected;
        ctp::backend::dropout_row(layer, entry, static_cast<std::uint32_t>(row), columns, expected.data());
        for (ctp::Index j = 0; j < columns; ++j)
          found[static_cast<std::size_t>(j)] = ctp::backend::cuda::factor_or_one<Real>(layer, entry, row, columns, j);
        CAPTURE(columns);
        CAPTURE(row);
        CHECK(found == expected);
      }
}

}  // namespace

TEST_CASE_TEMPLATE("cuda dropout: an element's factor is that of dropout_row()", Real, float, double) {
  check_rows<Real>({0.1F, {0x12345678, 0x9ABCDEF0}, 3, 4, ordinals.data(), 17});
  check_rows<Real>({0.5F, {1, 2}, 70'000, 70'000, ordinals.data(), 0});
}

TEST_CASE("cuda dropout: an inactive layer keeps everything and needs no samples") {
  const ctp::backend::Dropout none;
  for (ctp::Index j = 0; j < 200; ++j) CHECK(ctp::backend::cuda::factor_or_one<float>(none, 3, 7, 200, j) == 1);
}
