#include <ctp/backend/concepts.hpp>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>

namespace {
using Whole = ctp::BasicCpu<double>;
struct WithoutDot : Whole {
  static void dot() = delete;
};
struct WithoutCopy : Whole {
  static void copy() = delete;
};
struct WithoutAttention : Whole {
  static void attention() = delete;
};
struct WithoutGather : Whole {
  static void gather_rows() = delete;
};
struct WithoutLinear : Whole {
  static void linear() = delete;
};
struct WithoutRamp : Whole {
  static void ramp() = delete;
};
struct VagueSum : Whole {
  template <class Term>
  static float sum_terms(ctp::Index, const double*, const Term&) {
    return 0;
  }
};
struct InIntegers : Whole {
  using Real = int;
};
}  // namespace

using ctp::backend::Backend;

static_assert(Backend<Whole> && Backend<ctp::Cpu> && ctp::backend::RanksRows<ctp::Cpu>);
static_assert(!Backend<WithoutDot> && !ctp::backend::HasLosses<WithoutDot> && ctp::backend::HasRows<WithoutDot>);
static_assert(!Backend<WithoutCopy> && !ctp::backend::HasMemory<WithoutCopy>);
static_assert(!Backend<WithoutAttention> && !ctp::backend::HasLayers<WithoutAttention>);
static_assert(!Backend<WithoutGather> && !ctp::backend::HasRows<WithoutGather>);
static_assert(!Backend<WithoutLinear> && !ctp::backend::HasProducts<WithoutLinear>);
static_assert(!Backend<WithoutRamp> && !ctp::backend::HasElementwise<WithoutRamp>);
static_assert(!Backend<VagueSum> && !ctp::backend::HasParameterPasses<VagueSum>, "sums are double");
static_assert(!Backend<InIntegers>);
