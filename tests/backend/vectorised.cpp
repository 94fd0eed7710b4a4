// Instances of the passes over parameters: g++ must vectorise their loops, as cmake/CtpCheckVectorised.cmake checks.
#include <ctp/backend/generic/parameters.hpp>

namespace {
struct Quadratic {
  const float* weight;
  float gradient(ctp::Index i, float x) const { return weight[i] * x; }
  double value(ctp::Index i, float x) const { return static_cast<double>(weight[i] * x * x); }
};
struct Doubles {
  float* values;
  void operator()(ctp::Index i) const { values[i] *= 2; }
};
}  // namespace

using Ops = ctp::backend::generic::ParameterOps<float>;

template struct ctp::backend::generic::ParameterOps<float>;
void step(ctp::Index n, const ctp::backend::AdamWStep& by, float* theta, float* gradient, float* first, float* second) {
  Ops::adamw(n, by, theta, gradient, first, second);
  Ops::adamw(n, by, theta, gradient, first, second, Quadratic{first}, second);
}
double sum(ctp::Index n, const float* theta) { return Ops::sum_terms(n, theta, Quadratic{theta}); }
void twice(ctp::Index n, float* values) { Ops::for_each(n, Doubles{values}); }
