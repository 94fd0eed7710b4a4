#include <ctp/backend/cuda/kernel/divisor.hpp>

#include <cstdint>

#include <doctest/doctest.h>

using ctp::Index;
using ctp::backend::cuda::kernel::Divisor;

TEST_CASE("divisor: quotient and remainder are those of a division, for small and for the largest indices") {
  constexpr Index last = Divisor::limit - 1;
  long wrong = 0;
  for (const Index d :
       {Index{1}, Index{2}, Index{3}, Index{4}, Index{5}, Index{7}, Index{14}, Index{16}, Index{192}, Index{197},
        Index{641}, Index{65535}, Index{65536}, Index{65537}, last / 2, last / 2 + 1, last}) {
    const Divisor divisor(d);
    CHECK(divisor.divisor() == d);
    const auto check = [&](Index n) {
      const auto parts = divisor(static_cast<std::uint32_t>(n));
      if (parts.quotient != n / d || parts.remainder != n % d) ++wrong;
    };
    for (Index n = 0; n < 2000; ++n) {
      check(n);
      check(last - n);
      const Index multiple = (n * 1048573 + d - 1) / d * d;  // quotients change at multiples
      if (multiple <= last) check(multiple);
      if (multiple >= 1 && multiple - 1 <= last) check(multiple - 1);
    }
  }
  CHECK(wrong == 0);
}
