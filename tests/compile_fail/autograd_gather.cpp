// expect-error: \[ctp\.autograd\.gather\] gather\(\) takes a vector
#include <ctp/autograd/select.hpp>
#include <ctp/backend/cpu/backend.hpp>

using B = ctp::Cpu;

#ifdef CTP_EXPECT_FAIL
constexpr std::size_t rank = 3;
#else
constexpr std::size_t rank = 2;
#endif

ctp::Variable<rank, B> rows(const ctp::Pass<B>& pass, ctp::Variable<rank, B> x) {
  return gather(pass, x, row_numbers(pass, 1));
}
