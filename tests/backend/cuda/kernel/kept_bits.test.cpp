// The bits of a block's elements must be those of dropout_row().
#include <ctp/backend/cuda/kernel/kept_bits.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

namespace {

using ctp::Index;
using ctp::backend::cuda::kernel::KeptBits;

/// A block of one thread.
struct OneThread {
  [[nodiscard]] int id() const { return 0; }
  [[nodiscard]] int threads() const { return 1; }
};

}  // namespace

TEST_CASE("kept_bits: the bits of rows and chunks of columns equal the factors of whole rows") {
  const std::vector<std::uint32_t> ordinals = {5, 4'000'000'000U};
  const ctp::backend::Dropout layer{0.3F, {0x12345678, 0x9ABCDEF0}, 3, 4, ordinals.data(), 17};
  constexpr int rows = 5;
  for (const Index columns : {1, 16, 127, 128, 129, 300})
    for (const Index first_row : {0, 40'000})
      for (Index first_chunk = 0; first_chunk < KeptBits::chunks(columns); ++first_chunk) {
        const auto chunks = static_cast<int>(KeptBits::chunks(columns) - first_chunk);
        std::vector<std::uint8_t> bytes(KeptBits::bytes(rows, chunks));
        const KeptBits kept(bytes.data(), first_row, first_chunk, chunks);
        kept.fill(OneThread{}, layer, ordinals[1], rows, columns);
        int wrong = 0;
        for (int row = 0; row < rows; ++row) {
          std::vector<float> factor(static_cast<std::size_t>(columns));
          ctp::backend::dropout_row(layer, 1, static_cast<std::uint32_t>(first_row + row), columns, factor.data());
          const Index before = first_chunk * KeptBits::chunk_columns;
          for (Index column = before; column < columns; ++column) {
            const auto place = static_cast<int>(column - before);
            const bool expected = factor[static_cast<std::size_t>(column)] != 0;
            if (((kept.bits(row, place) & 1U) != 0) != expected) ++wrong;
            // The same element as bit k of the bits from the column 16 k to the left.
            for (int k = 1; k <= place % KeptBits::chunk_columns / KeptBits::lanes; ++k)
              if (((kept.bits(row, place - k * KeptBits::lanes) >> static_cast<unsigned>(k) & 1U) != 0) != expected)
                ++wrong;
          }
        }
        CAPTURE(columns);
        CAPTURE(first_chunk);
        CHECK(wrong == 0);
      }
}
