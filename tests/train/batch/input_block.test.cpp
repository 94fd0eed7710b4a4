#include <ctp/train/batch/input_block.hpp>

#include <cstddef>
#include <type_traits>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <support/simulated_cuda.hpp>

static_assert(!ctp::backend::CopiesAhead<ctp::Cpu>);
static_assert(std::is_same_v<ctp::InputBlock<ctp::Cpu>, ctp::UploadedBlock<ctp::Cpu>>);
using Simulated = ctp::test::SimulatedCuda<float>;
static_assert(std::is_same_v<ctp::InputBlock<Simulated>, Simulated::InputQueue>);

TEST_CASE_TEMPLATE("input block: the backend receives the written bytes, as blocks grow and shrink", B, ctp::Cpu,
                   Simulated) {
  ctp::InputBlock<B> input;
  unsigned turn = 0;
  for (const std::size_t bytes : {5U, 90U, 3U, 91U, 90U}) {
    std::byte* host = input.prepare(bytes);
    for (std::size_t i = 0; i < bytes; ++i) host[i] = static_cast<std::byte>(i + 7 * turn);
    const std::byte* there = input.send();
    for (std::size_t i = 0; i < bytes; ++i) REQUIRE(there[i] == static_cast<std::byte>(i + 7 * turn));
    input.release();
    ++turn;
  }
}
