// Whole losses from operations, without a backward function: SigLIP, relational distances, rectified topology.
#include <ctp/autograd/distances.hpp>
#include <ctp/autograd/matrix.hpp>
#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/reductions.hpp>
#include <ctp/autograd/scores.hpp>
#include <ctp/autograd/select.hpp>
#include <ctp/autograd/where.hpp>

#include <cmath>

#include <support/operation.hpp>

using ctp::Index;
using ctp::Parameter;
using ctp::Pass;
using ctp::Scalar;
using ctp::Shape;
using ctp::Variable;
using operation::check;
using operation::gradient_and_loss;
using operation::Values;

namespace {

/// A value without gradient, with the given numbers.
template <class B>
Variable<2, B> constant_of(const Pass<B>& pass, Shape<2> shape, const Values& numbers) {
  const auto x = stop_gradient(pass.make(shape));
  B::upload(numbers.data(), x.value.size(), x.value.data);
  return x;
}

// --- SigLIP: sum_ij softplus(-sign_ij (e^(log 10 temperature) s_ij - 10 bias)) / n; sign is 1 for i = j, else -1
template <class B>
Scalar<B> siglip(const Pass<B>& pass, Variable<2, B> s, Scalar<B> temperature, Scalar<B> bias) {
  const auto logits = map(pass, std::log(10.0) * temperature, ctp::elementwise::Exp{}) * s - 10 * bias;
  const auto all = sum(pass, map(pass, logits, ctp::elementwise::Softplus{}));
  return (all - sum(pass, diagonal(pass, logits))) / static_cast<double>(s.value.shape[0]);
}

/// The same loss with a backward function written by hand.
namespace by_hand {

template <class Real>
struct Question {
  Index n;
  const Real *scores, *temperature, *bias;

  CTP_HD Real factor() const { return ctp::fn::exp(Real(2.302585092994046) * *temperature); }
  CTP_HD Real sign(Index at) const { return at / n == at % n ? Real(1) : Real(-1); }
  CTP_HD Real wrong(Index at) const { return -sign(at) * (factor() * scores[at] - Real(10) * *bias); }
};
template <class Real>
struct Value {
  Question<Real> question;
  Real* each;

  CTP_HD void operator()(Index at) const {
    const Real x = question.wrong(at);
    each[at] = (x > 0 ? x : Real(0)) + std::log1p(ctp::fn::exp(x > 0 ? -x : x));
  }
};
template <class Real>
struct Slope {
  Question<Real> question;
  const Real* loss_slope;
  Real* slope;

  CTP_HD void operator()(Index at) const {
    const Real probability = Real(1) / (Real(1) + ctp::fn::exp(-question.wrong(at)));
    slope[at] = -question.sign(at) * probability * *loss_slope / static_cast<Real>(question.n);
  }
};
template <class Real>
struct Chain {
  Question<Real> question;
  const Real *by_factor, *by_bias;
  Real *factor, *temperature_slope, *bias_slope;

  CTP_HD void operator()(Index) const {
    *factor = question.factor();
    *temperature_slope += *by_factor * question.factor() * Real(2.302585092994046);
    *bias_slope += Real(-10) * *by_bias;
  }
};

template <class B>
Scalar<B> siglip(const Pass<B>& pass, Variable<2, B> s, Scalar<B> temperature, Scalar<B> bias) {
  using Real = typename B::Real;
  const Index n = s.value.shape[0], all = n * n;
  const Question<Real> question{n, s.value.data, temperature.value.data, bias.value.data};
  const auto terms = pass.scratch(Shape<1>{all}), weights = pass.scratch(Shape<1>{all});
  const auto sums = pass.scratch(Shape<1>{3});
  auto loss = pass.make(Shape<0>{});
  B::for_each(all, Value<Real>{question, terms.data});
  B::fill(all, Real(1) / static_cast<Real>(n), weights.data);
  B::dot(all, terms.data, weights.data, loss.value.data);
  pass.record([=] {
    B::for_each(all, Slope<Real>{question, loss.grad.data, terms.data});
    B::fill(all, Real(1), weights.data);
    B::dot(all, terms.data, s.value.data, sums.data);
    B::dot(all, terms.data, weights.data, sums.data + 1);
    B::for_each(1,
                Chain<Real>{question, sums.data, sums.data + 1, sums.data + 2, temperature.grad.data, bias.grad.data});
    B::add_scaled_by(all, sums.data + 2, terms.data, s.grad.data);
  });
  return loss;
}

}  // namespace by_hand

// --- examples/11_relational_distance.cpp
template <class B>
Scalar<B> relational_distance(const Pass<B>& pass, Variable<2, B> x, Variable<2, B> old) {
  const auto now = distances(pass, x, x), then = distances(pass, old, old);
  const double others = 1 - 1 / static_cast<double>(x.value.shape[0]);
  return mean(pass, map(pass, others * (now / mean(pass, now) - then / mean(pass, then)), ctp::elementwise::Huber{}));
}

// --- examples/12_rectified_topology.cpp
template <class B>
Scalar<B> rectified_topology(const Pass<B>& pass, Variable<2, B> now, Variable<2, B> old) {
  const auto one_way = [&](const auto& s, const auto& then) {
    const auto right = equal(pass, row_argmax(pass, then), row_numbers(pass, then.value.shape[0]));
    const auto change = log_softmax(pass, then) - log_softmax(pass, s);
    return mean(pass, right * row_sums(pass, softmax(pass, then) * change));
  };
  return (one_way(now, old) + one_way(transpose(pass, now), transpose(pass, old))) / 2;
}

/// The loss at given numbers.
template <class B, class Loss>
double value_of(const Values& theta, const Loss& loss) {
  return gradient_and_loss<B>(theta, loss).back();
}

}  // namespace

TEST_CASE_TEMPLATE("composed: SigLIP has the value and the gradient of the version with a backward by hand", B,
                   CTP_TEST_BACKENDS) {
  for (const Index n : {1, 3, 5, 17}) {
    const Parameter<2> image{0, {n, 7}}, text{7 * n, {n, 7}};
    const Parameter<0> temperature{14 * n, {}}, bias{14 * n + 1, {}};
    Values theta = reference::random(14 * n + 2, 5);
    for (double& x : theta) x /= 4;
    const auto loss = [&](const auto& contrast) {
      return [&, contrast](const auto& pass) {
        return contrast(pass, scores(pass, pass[image], pass[text], 1), pass[temperature], pass[bias]);
      };
    };
    const auto composed = loss([](const auto& pass, auto s, auto t, auto b) { return siglip(pass, s, t, b); });
    const auto by_hand = loss([](const auto& pass, auto s, auto t, auto b) { return by_hand::siglip(pass, s, t, b); });
    CHECK(reference::off(gradient_and_loss<B>(theta, composed), gradient_and_loss<B>(theta, by_hand)) <
          reference::rounding<B>);
    if (n < 17) check<B>(theta, composed);
  }
}

TEST_CASE_TEMPLATE("composed: SigLIP by numbers, with large logits", B, CTP_TEST_BACKENDS) {
  // numpy 2: z = exp(log(10) * t) * i @ w.T - 10 * b; y = 2 * eye(3) - 1; logaddexp(0, -y * z).sum() / 3
  Values theta = {0.6, 0.8, 0, 1, -0.8, 0.6, 1, 0, 0.8, -0.6, 0.28, 0.96, 1, 1};
  const auto loss = [](const auto& pass) {
    return siglip(pass, scores(pass, pass[Parameter<2>{0, {3, 2}}], pass[Parameter<2>{6, {3, 2}}], 1),
                  pass[Parameter<0>{12, {}}], pass[Parameter<0>{13, {}}]);
  };
  CHECK(value_of<B>(theta, loss) == doctest::Approx(9.145428417919392).epsilon(1e-6));
  theta[12] = 0.5;
  theta[13] = 0.25;
  CHECK(value_of<B>(theta, loss) == doctest::Approx(3.057421867192503).epsilon(1e-6));
  theta[12] = 3;  // logits near 1000
  CHECK(std::isfinite(value_of<B>(theta, loss)));
}

TEST_CASE_TEMPLATE("composed: relational distances by numbers, and their gradient", B, CTP_TEST_BACKENDS) {
  // numpy 2: d = sqrt(((x[:, None] - x[None]) ** 2).sum(-1)); the same for t;
  // z = d / d[d > 0].mean() - e / e[e > 0].mean(); where(abs(z) <= 1, z * z / 2, abs(z) - .5).mean()
  const Values x = {1, 2, -1, 0.5, 0.25, -2, 3, 1}, t = {0.5, 1, -2, 1, 1, -1, 2, -1.5};
  const auto loss = [&](const auto& pass) {
    return relational_distance(pass, pass[Parameter<2>{0, {4, 2}}], constant_of(pass, {4, 2}, t));
  };
  CHECK(value_of<B>(x, loss) == doctest::Approx(0.09313311341704775).epsilon(1e-6));
  check<B>(x, loss);
  const Values old = reference::random(35, 12);
  check<B>(reference::random(35, 11), [&](const auto& pass) {
    return relational_distance(pass, pass[Parameter<2>{0, {5, 7}}], constant_of(pass, {5, 7}, old));
  });
  // The same distances up to a factor: nothing to learn.
  const auto unchanged = gradient_and_loss<B>({2, 4, -2, 1, 0.5, -4, 6, 2}, [&](const auto& pass) {
    return relational_distance(pass, pass[Parameter<2>{0, {4, 2}}], constant_of(pass, {4, 2}, x));
  });
  CHECK(reference::off(unchanged, Values(9)) < 1e-7);
}

TEST_CASE_TEMPLATE("composed: rectified topology by numbers, and its gradient", B, CTP_TEST_BACKENDS) {
  // numpy 2, both directions: la, lb = log softmax of old and new; row = (exp(la) * (la - lb)).sum(1)
  // (row * (old.argmax(1) == arange(3))).sum() / 2 / 3. Row 1 of old has two equal numbers: the first counts as best.
  const Values old = {0.9, 0.1, 0.2, 0.3, 0.8, 0.8, 0.7, 0.1, 0.6},
               now = {0.5, 0.4, -0.2, 0, 0.6, 0.9, -0.5, 0.25, 0.3};
  const auto loss = [&](const auto& pass) {
    return rectified_topology(pass, pass[Parameter<2>{0, {3, 3}}], constant_of(pass, {3, 3}, old));
  };
  CHECK(value_of<B>(now, loss) == doctest::Approx(0.02651729970224336).epsilon(1e-5));
  check<B>(now, loss);
  // The previous model is wrong in every row and column: value and gradient are exactly 0.
  const Values wrong = {0, 1, 0, 0, 0, 1, 1, 0, 0};
  CHECK(gradient_and_loss<B>(now, [&](const auto& pass) {
          return rectified_topology(pass, pass[Parameter<2>{0, {3, 3}}], constant_of(pass, {3, 3}, wrong));
        }) == Values(10));
}
