#include <ctp/core/scratch.hpp>

#include <cstddef>
#include <cstdint>
#include <thread>

#include <doctest/doctest.h>

using ctp::Scratch;
using ctp::thread_scratch;

namespace {
bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 64 == 0; }
}  // namespace

TEST_CASE("scratch: memory is aligned to 64 bytes, for any size") {
  for (const std::size_t bytes : {0U, 1U, 63U, 64U, 65U, 100'000U}) {
    const ctp::AlignedMemory memory = ctp::allocate_aligned(bytes);
    CHECK(aligned(memory.get()));
    if (bytes > 0) {
      memory[0] = std::byte{1};
      memory[bytes - 1] = std::byte{2};
      CHECK(memory[bytes - 1] == std::byte{2});
    }
  }
}

TEST_CASE("scratch: calls return the same memory until a call needs more") {
  std::thread([] {  // a new thread has no scratch memory
    double* first = thread_scratch<double, Scratch::Rows>(100);
    for (int i = 0; i < 100; ++i) first[i] = i;
    CHECK(aligned(first));
    CHECK(thread_scratch<double, Scratch::Rows>(50) == first);
    CHECK(thread_scratch<double, Scratch::Rows>(100) == first);
    CHECK(first[99] == 99);
    double* larger = thread_scratch<double, Scratch::Rows>(100'000);
    larger[99'999] = 1;
    CHECK(aligned(larger));
    CHECK(thread_scratch<double, Scratch::Rows>(10) == larger);
  })
      .join();
}

TEST_CASE("scratch: purposes, types and threads have separate memory") {
  float* const rows = thread_scratch<float, Scratch::Rows>(16);
  CHECK(thread_scratch<float, Scratch::Attention>(16) != rows);
  CHECK(static_cast<void*>(thread_scratch<double, Scratch::Rows>(16)) != static_cast<void*>(rows));
  float* elsewhere = nullptr;
  std::thread([&] { elsewhere = thread_scratch<float, Scratch::Rows>(16); }).join();
  CHECK(elsewhere != rows);
  CHECK(thread_scratch<float, Scratch::Rows>(16) == rows);
}
