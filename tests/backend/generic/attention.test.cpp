#include <ctp/backend/generic/attention.hpp>

#include <doctest/doctest.h>

#include <support/reference.hpp>

using ctp::Index;
using ctp::backend::AttentionShape;
using reference::at;
using reference::off;
using reference::put;
using reference::random;
using reference::rounding;
using reference::Values;

namespace {
const std::vector<std::uint32_t> samples = {9, 4, 4000};
constexpr Index batch = 3, heads = 5, width = 7, model = heads * width;

struct Attended {
  Values p, o, dq, dk, dv;
};
/// Attention by its definition; dq, dk and dv are laid out as q, k and v. `factors` belongs to the probabilities.
Attended attended(const AttentionShape& s, const Values& q, const Values& k, const Values& v, const Values& bias,
                  const Values& factors, const Values& d_o) {
  Attended r{{}, Values(at(s.batch * s.queries * model)), Values(q.size()), Values(k.size()), Values(v.size())};
  const double scale = 1 / std::sqrt(double(s.width));
  for (Index b = 0; b < s.batch; ++b)
    for (Index h = 0; h < s.heads; ++h)
      for (Index i = 0; i < s.queries; ++i) {
        const auto in_q = [&](Index c) { return at((b * s.queries + i) * s.q_stride + h * s.width + c); };
        const auto in_k = [&](Index j, Index c) { return at((b * s.keys + j) * s.k_stride + h * s.width + c); };
        const auto in_v = [&](Index j, Index c) { return at((b * s.keys + j) * s.v_stride + h * s.width + c); };
        const auto in_o = [&](Index c) { return at((b * s.queries + i) * model + h * s.width + c); };
        Values score(at(s.keys)), dp(at(s.keys));
        for (Index j = 0; j < s.keys; ++j) {
          for (Index c = 0; c < s.width; ++c) score[at(j)] += scale * q[in_q(c)] * k[in_k(j, c)];
          if (!bias.empty()) score[at(j)] += bias[at(b * s.keys + j)];
        }
        const Values p = reference::softmax(score);
        const std::size_t first = r.p.size();
        for (Index j = 0; j < s.keys; ++j) {
          r.p.push_back(p[at(j)]);
          const double f = factors.empty() ? 1 : factors[first + at(j)];
          for (Index c = 0; c < s.width; ++c) {
            r.o[in_o(c)] += f * p[at(j)] * v[in_v(j, c)];
            r.dv[in_v(j, c)] += f * p[at(j)] * d_o[in_o(c)];
            dp[at(j)] += f * v[in_v(j, c)] * d_o[in_o(c)];
          }
        }
        for (Index j = 0; j < s.keys; ++j) {
          double ds = 0;  // dp_l / ds_j = p_l ([l = j] - p_j)
          for (Index l = 0; l < s.keys; ++l) ds += dp[at(l)] * p[at(l)] * ((l == j ? 1.0 : 0.0) - p[at(j)]);
          for (Index c = 0; c < s.width; ++c) {
            r.dq[in_q(c)] += scale * ds * k[in_k(j, c)];
            r.dk[in_k(j, c)] += scale * ds * q[in_q(c)];
          }
        }
      }
  return r;
}

/// A key bias like the text encoder's: the last keys of each sample are padding.
Values mask(Index keys) {
  Values bias(at(batch * keys));
  for (Index b = 0; b < batch; ++b)
    for (Index j = keys - b; j < keys; ++j) bias[at(b * keys + j)] = -1e4;
  return bias;
}

/// One row of factors for each query of each head of each sample.
Values attention_factors(const ctp::backend::Dropout& layer, Index queries, Index keys) {
  return reference::dropout_factors(layer, samples, heads * queries, keys);
}

template <class B>
void check(const AttentionShape& s, const Values& bias, float probability) {
  const Values q = random(s.batch * s.queries * s.q_stride, 1), k = random(s.batch * s.keys * s.k_stride, 2);
  const Values v = random(s.batch * s.keys * s.v_stride, 3), d_o = random(s.batch * s.queries * model, 4);
  const Values dq = random(Index(q.size()), 5), dk = random(Index(k.size()), 6), dv = random(Index(v.size()), 7);
  auto ordinals = reference::put_as_is<B>(samples);
  const ctp::backend::Dropout layer{probability, {21, 22}, 2, 3, ordinals.data(), 6};
  const Values factors = layer.active() ? attention_factors(layer, s.queries, s.keys) : Values{};
  const Attended expected = attended(s, q, k, v, bias, factors, d_o);

  auto bq = put<B>(q), bk = put<B>(k), bv = put<B>(v), bd_o = put<B>(d_o), bbias = put<B>(bias);
  auto bdq = put<B>(dq), bdk = put<B>(dk), bdv = put<B>(dv);
  auto p = reference::room<B>(B::attention_saved(s)), o = put<B>(Values(expected.o.size(), 9));
  const auto* bias_or_null = bias.empty() ? nullptr : bbias.data();
  B::attention(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, p.data(), o.data());
  if constexpr (requires {
                  B::block_product;
                })  // saved values are backend-specific; a host backend saves probabilities
    CHECK(off<B>(p, expected.p) < rounding<B>);
  CHECK(off<B>(o, expected.o) < rounding<B>);
  auto teacher = put<B>(Values(expected.o.size(), 9));
  B::attention(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, nullptr, teacher.data());
  CHECK(teacher.to_host() == o.to_host());

  B::attention_backward(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, p.data(), o.data(), bd_o.data(), false,
                        bdq.data(), nullptr, nullptr);
  B::attention_backward(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, p.data(), o.data(), bd_o.data(), false,
                        nullptr, bdk.data(), bdv.data());
  CHECK(off<B>(bdq, reference::sum(dq, expected.dq)) < rounding<B>);
  CHECK(off<B>(bdk, reference::sum(dk, expected.dk)) < rounding<B>);
  CHECK(off<B>(bdv, reference::sum(dv, expected.dv)) < rounding<B>);

  // Overwritten, not added to: what was there, here no number, is not read. The gaps between rows stay as they are.
  const double none = std::numeric_limits<double>::quiet_NaN();
  auto odq = put<B>(Values(q.size(), none)), odk = put<B>(Values(k.size(), none)), odv = put<B>(Values(v.size(), none));
  B::attention_backward(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, p.data(), o.data(), bd_o.data(), true,
                        odq.data(), odk.data(), odv.data());
  const auto check_overwritten = [&](const auto& found, const Values& gradient, Index stride) {
    Values rows = found.template to_host<double>(), expected_rows = gradient;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (static_cast<Index>(i) % stride >= model) {
        CHECK(std::isnan(rows[i]));
        rows[i] = expected_rows[i] = 0;
      }
    CHECK(off<B>(put<B>(rows), expected_rows) < rounding<B>);
  };
  check_overwritten(odq, expected.dq, s.q_stride);
  check_overwritten(odk, expected.dk, s.k_stride);
  check_overwritten(odv, expected.dv, s.v_stride);
}
}  // namespace

TEST_CASE_TEMPLATE("attention: each head weights the values by the softmax of its scores; gradients match", B,
                   CTP_TEST_BACKENDS) {
  check<B>({batch, heads, 11, 11, width, model, model, model}, {}, 0);
  check<B>({batch, heads, 5, 37, width, model, model, model}, {}, 0);  // cross attention
  check<B>({batch, heads, 1, 1, width, model, model, model}, {}, 0);
}

TEST_CASE_TEMPLATE("attention: keys are masked and probabilities dropped out", B, CTP_TEST_BACKENDS) {
  check<B>({batch, heads, 11, 11, width, model, model, model}, mask(11), 0);
  check<B>({batch, heads, 11, 11, width, model, model, model}, {}, 0.3F);
  check<B>({batch, heads, 3, 131, width, model, model, model}, mask(131), 0.3F);
}

TEST_CASE_TEMPLATE("attention: rows may have gaps between them", B, CTP_TEST_BACKENDS) {
  check<B>({batch, heads, 5, 7, width, model + 3, 2 * model, model + 11}, mask(7), 0.3F);
}

TEST_CASE_TEMPLATE("attention: forward and backward have the same bits for any number of threads", B,
                   CTP_TEST_BACKENDS) {
  const AttentionShape s{batch, heads, 11, 37, width, model, model, model};
  auto q = put<B>(random(batch * 11 * model, 1)), k = put<B>(random(batch * 37 * model, 2));
  auto v = put<B>(random(batch * 37 * model, 3)), d_o = put<B>(random(batch * 11 * model, 4));
  auto ordinals = reference::put_as_is<B>(samples);
  const ctp::backend::Dropout layer{0.3F, {21, 22}, 2, 3, ordinals.data(), 6};
  CHECK(reference::same_bits_for_any_thread_count([&] {
    auto p = reference::room<B>(B::attention_saved(s)), o = reference::room<B>(batch * 11 * model);
    auto dq = reference::room<B>(batch * 11 * model), dk = reference::room<B>(batch * 37 * model);
    auto dv = reference::room<B>(batch * 37 * model);
    B::attention(s, q.data(), k.data(), v.data(), nullptr, layer, p.data(), o.data());
    B::attention_backward(s, q.data(), k.data(), v.data(), nullptr, layer, p.data(), o.data(), d_o.data(), false,
                          dq.data(), dk.data(), dv.data());
    auto all = o.to_host();
    for (const auto* part : {&dq, &dk, &dv})
      for (const auto x : part->to_host()) all.push_back(x);
    return all;
  }));
}
