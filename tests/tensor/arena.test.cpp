#include <ctp/tensor/arena.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/scratch.hpp>

namespace {
int allocations = 0;
struct Counting {
  static ctp::AlignedMemory allocate(std::size_t bytes) {
    ++allocations;
    return ctp::allocate_aligned(bytes);
  }
};
using Arena = ctp::Arena<Counting>;
constexpr std::size_t mebibyte = std::size_t{1} << 20U;

std::vector<std::byte*> ask(Arena& arena) {
  std::vector<std::byte*> got;
  for (const std::size_t bytes : {1U, 64U, 65U, 700'000U, 3'000'000U, 100U, 1'500'000U, 5U}) {
    got.push_back(arena.allocate(bytes));
    std::memset(got.back(), 0x5A, bytes);
  }
  return got;
}
}  // namespace

TEST_CASE("arena: allocations are aligned to 64 bytes and do not overlap") {
  Arena arena;
  const auto got = ask(arena);
  for (const std::byte* p : got) CHECK(reinterpret_cast<std::uintptr_t>(p) % 64 == 0);
  CHECK(got[1] == got[0] + 64);
  CHECK(got[2] == got[1] + 64);
  CHECK(got[3] == got[2] + 128);
  double* const a = arena.allocate_array<double>(9);
  CHECK(reinterpret_cast<std::byte*>(arena.allocate_array<double>(1)) == reinterpret_cast<std::byte*>(a) + 128);
}

TEST_CASE("arena: after the first rewind, the same requests get the same addresses and no new memory") {
  Arena arena;
  CHECK(arena.capacity() == 0);
  ask(arena);
  arena.rewind();
  const auto first = ask(arena);
  const std::size_t held = arena.capacity();
  const int before = allocations;
  for (int turn = 0; turn < 3; ++turn) {
    arena.rewind();
    CHECK(ask(arena) == first);
  }
  CHECK(arena.capacity() == held);
  CHECK(allocations == before);
}

TEST_CASE("arena: a rewind joins all chunks into one of the size that was needed") {
  Arena arena;
  for (int i = 0; i < 3; ++i) arena.allocate(700'000);  // two chunks, with an unused end of the first
  const auto mark = arena.mark();
  arena.allocate(5 * mebibyte);
  arena.release(mark);
  arena.allocate(mebibyte);
  CHECK(arena.capacity() > 3 * 700'032 + 5 * mebibyte);
  arena.rewind();
  CHECK(arena.capacity() == 3 * 700'032 + 5 * mebibyte);
  const std::byte* p = arena.allocate(700'000);
  for (int i = 0; i < 2; ++i) CHECK(arena.allocate(700'000) == (p += 700'032));
  CHECK(arena.allocate(5 * mebibyte) == p + 700'032);
  CHECK(arena.capacity() == 3 * 700'032 + 5 * mebibyte);
}

TEST_CASE("arena: between two marks lie exactly the allocations made between the marks") {
  Arena arena;
  std::vector<std::byte*> inside;
  std::byte* const before = arena.allocate(500);
  const auto begin = arena.mark();
  for (int i = 0; i < 5; ++i) inside.push_back(arena.allocate(700'000));
  const auto end = arena.mark();
  std::byte* const after = arena.allocate(500);
  *before = *after = std::byte{1};
  for (std::byte* p : inside) std::memset(p, 1, 700'000);
  arena.between(begin, end, [](std::byte* p, std::size_t bytes) { std::memset(p, 0, bytes); });
  for (const std::byte* p : inside) CHECK(std::count(p, p + 700'000, std::byte{0}) == 700'000);
  CHECK(*before == std::byte{1});
  CHECK(*after == std::byte{1});
  int calls = 0;
  arena.between(end, end, [&](std::byte*, std::size_t) { ++calls; });
  CHECK(calls == 0);
}

TEST_CASE("arena: growing does not move allocations") {
  Arena arena;
  std::byte* const early = arena.allocate(1000);
  std::memset(early, 7, 1000);
  std::byte* const large = arena.allocate(10 * mebibyte);
  std::memset(large, 1, 10 * mebibyte);
  CHECK(early[0] == std::byte{7});
  CHECK(early[999] == std::byte{7});
}

TEST_CASE("arena: memory grows by doubling, so that many small requests are few allocations") {
  Arena arena;
  const int before = allocations;
  for (int i = 0; i < 1000; ++i) arena.allocate(64 * 1024);  // 62.5 MiB
  CHECK(allocations - before <= 8);
  CHECK(arena.capacity() >= 1000 * 64 * 1024);
  CHECK(arena.capacity() <= 2 * 64 * mebibyte);
}

TEST_CASE("arena: release() frees the allocations after the mark and none before") {
  Arena arena;
  std::byte* const kept = arena.allocate(100);
  const auto mark = arena.mark();
  std::byte* const taken = arena.allocate(2 * mebibyte);
  arena.release(mark);
  CHECK(arena.allocate(2 * mebibyte) == taken);
  arena.release(mark);
  CHECK(arena.allocate(10) == kept + 128);
}
