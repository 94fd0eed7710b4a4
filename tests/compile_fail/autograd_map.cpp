// expect-error: \[ctp\.autograd\.map\] the function of map\(\) is a small struct
#include <ctp/autograd/elementwise.hpp>
#include <ctp/backend/cpu/backend.hpp>

using B = ctp::Cpu;

/// x^2.
struct Square {
  template <class Real>
  CTP_HD Real value(Real x) const {
    return x * x;
  }
#ifndef CTP_EXPECT_FAIL
  template <class Real>
  CTP_HD Real slope(Real x) const {
    return 2 * x;
  }
#endif
};

ctp::Variable<2, B> squares(const ctp::Pass<B>& pass, ctp::Variable<2, B> x) { return map(pass, x, Square{}); }
