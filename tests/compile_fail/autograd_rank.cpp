// expect-error: \[ctp\.autograd\.rank\] operands have the same rank
#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/views.hpp>
#include <ctp/backend/cpu/backend.hpp>

using B = ctp::Cpu;

/// A vector added to each row of a matrix.
ctp::Variable<2, B> shifted(ctp::Variable<2, B> x, ctp::Variable<1, B> shift) {
#ifdef CTP_EXPECT_FAIL
  return x + shift;
#else
  return x + as_row(shift);
#endif
}
