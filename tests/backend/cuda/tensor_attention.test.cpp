// Attention on tensor cores, simulated or of a device, compared with attention in double without rounding.
#include <ctp/backend/cuda/tensor_attention.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#ifndef CTP_TEST_BACKENDS
#include <support/simulated_cuda.hpp>
#define CTP_TEST_SIMULATED 1
#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float, 7>, ctp::test::SimulatedCuda<float, 10>
#endif
#include <support/reference.hpp>
#include <support/test_backend.hpp>

namespace {

using ctp::Index;
using ctp::backend::AttentionShape;
using reference::at;
using reference::put;
using reference::random;
using reference::Values;
using Exact = ctp::test::TestBackend<double>;

struct Found {
  Values o, dq, dk, dv, dk_alone;
};

template <class B>
Found attend(const AttentionShape& s, const Values& q, const Values& k, const Values& v, const Values& bias,
             const Values& d_o, float probability) {
  auto ordinals = reference::put_as_is<B>(std::vector<std::uint32_t>{9, 4, 4000});
  const ctp::backend::Dropout layer{probability, {21, 22}, 2, 3, ordinals.data(), 6};
  auto bq = put<B>(q), bk = put<B>(k), bv = put<B>(v), bbias = put<B>(bias), bd_o = put<B>(d_o);
  auto saved = reference::room<B>(B::attention_saved(s)), o = reference::room<B>(Index(d_o.size()));
  auto dq = reference::room<B>(Index(q.size())), dk = reference::room<B>(Index(k.size()));
  auto dv = reference::room<B>(Index(v.size()));
  const auto* bias_or_null = bias.empty() ? nullptr : bbias.data();
  B::attention(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, saved.data(), o.data());
  B::attention_backward(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, saved.data(), o.data(), bd_o.data(),
                        false, dq.data(), dk.data(), dv.data());
  // Without dq, a kernel of its own computes delta.
  auto dk_alone = reference::room<B>(Index(k.size()));
  B::attention_backward(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, saved.data(), o.data(), bd_o.data(),
                        false, nullptr, dk_alone.data(), nullptr);
  // Overwritten gradients have the same bits as gradients added to zeros.
  const double none = std::numeric_limits<double>::quiet_NaN();
  auto odq = put<B>(Values(q.size(), none)), odk = put<B>(Values(k.size(), none)), odv = put<B>(Values(v.size(), none));
  B::attention_backward(s, bq.data(), bk.data(), bv.data(), bias_or_null, layer, saved.data(), o.data(), bd_o.data(),
                        true, odq.data(), odk.data(), odv.data());
  const auto same = [&](const auto& overwritten, const auto& added, Index stride) {
    const Values x = overwritten.template to_host<double>(), y = added.template to_host<double>();
    int other = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (static_cast<Index>(i) % stride < s.heads * s.width ? x[i] != y[i] : !std::isnan(x[i])) ++other;
    return other == 0;
  };
  CHECK(same(odq, dq, s.q_stride));
  CHECK(same(odk, dk, s.k_stride));
  CHECK(same(odv, dv, s.v_stride));
  return {o.template to_host<double>(), dq.template to_host<double>(), dk.template to_host<double>(),
          dv.template to_host<double>(), dk_alone.template to_host<double>()};
}

/// |found - expected| / |expected|; if the exact result is zero, the root mean square of an element.
double off_in_norm(const Values& found, const Values& expected) {
  double squares = 0, size = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    squares += (found[i] - expected[i]) * (found[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  const auto count = static_cast<double>(expected.size());
  return size < 1e-20 * count ? std::sqrt(squares / count) : std::sqrt(squares / size);
}

/// Rounding to 8 significant bits has a relative error of at most 2^-9, a product of two rounded operands less than
/// 2^-8 in the norm. TF32 has three bits more.
template <class Tensor>
double rounding() {
  return Tensor::rounds_operands() ? 1.0 / 128 : 1.0 / 1024;
}

template <class Tensor>
void check(const AttentionShape& s, bool masked, float probability) {
  CAPTURE(s.queries);
  CAPTURE(s.keys);
  CAPTURE(s.width);
  REQUIRE(ctp::backend::cuda::TensorAttention<Tensor>::takes(s));
  const Index model = s.heads * s.width;
  const Values q = random(s.batch * s.queries * s.q_stride, 1), k = random(s.batch * s.keys * s.k_stride, 2);
  const Values v = random(s.batch * s.keys * s.v_stride, 3), d_o = random(s.batch * s.queries * model, 4);
  Values bias;
  if (masked) {
    bias.resize(at(s.batch * s.keys));
    for (Index b = 0; b < s.batch; ++b)
      for (Index j = s.keys - b; j < s.keys; ++j) bias[at(b * s.keys + j)] = -1e4;
  }
  const Found found = attend<Tensor>(s, q, k, v, bias, d_o, probability);
  const Found expected = attend<Exact>(s, q, k, v, bias, d_o, probability);
  CHECK(off_in_norm(found.o, expected.o) < rounding<Tensor>());
  CHECK(off_in_norm(found.dq, expected.dq) < 2 * rounding<Tensor>());
  CHECK(off_in_norm(found.dk, expected.dk) < 2 * rounding<Tensor>());
  CHECK(off_in_norm(found.dv, expected.dv) < 2 * rounding<Tensor>());
  CHECK(off_in_norm(found.dk_alone, expected.dk) < 2 * rounding<Tensor>());
}

}  // namespace

TEST_CASE_TEMPLATE("tensor attention: equals attention up to the rounding of operands", Tensor, CTP_TEST_BACKENDS) {
  for (const Index width : {32, 64}) {
    const Index model = 2 * width;
    check<Tensor>({1, 2, 17, 17, width, model, model, model}, false, 0);
    check<Tensor>({3, 2, 5, 70, width, model, model, model}, true, 0);
    check<Tensor>({3, 2, 70, 5, width, model, model, model}, true, 0.3F);
    check<Tensor>({2, 2, 130, 67, width, model + 3, 2 * model, model + 11}, true, 0.3F);
    check<Tensor>({1, 1, 1, 1, width, width, width, width}, false, 0);
  }
}

// A block computes at most 256 rows and keeps at most 256 (TF32: 128) rows of the other side in shared memory.
TEST_CASE_TEMPLATE("tensor attention: long heads take several blocks, and shared memory several times", Tensor,
                   CTP_TEST_BACKENDS) {
  for (const int threads : {1, 2}) {  // simulated copies arrive late with an odd number, early with an even one
    const reference::Threads scope(threads);
    check<Tensor>({1, 1, 290, 300, 32, 32, 32, 32}, true, 0.3F);
    check<Tensor>({1, 1, 20, 401, 32, 33, 35, 32}, false, 0.3F);
    check<Tensor>({1, 1, 300, 12, 64, 64, 64, 64}, true, 0.3F);
  }
}

TEST_CASE_TEMPLATE("tensor attention: forward and backward have the same bits in any order of threads", Tensor,
                   CTP_TEST_BACKENDS) {
  const AttentionShape s{2, 2, 70, 67, 32, 64, 64, 64};
  const Values q = random(2 * 70 * 64, 1), k = random(2 * 67 * 64, 2), v = random(2 * 67 * 64, 3);
  const Values d_o = random(2 * 70 * 64, 4);
  CHECK(reference::same_bits_for_any_thread_count([&] {
    const Found found = attend<Tensor>(s, q, k, v, {}, d_o, 0.3F);
    Values all = found.o;
    for (const Values* part : {&found.dq, &found.dk, &found.dv}) all.insert(all.end(), part->begin(), part->end());
    return all;
  }));
}

#ifdef CTP_TEST_SIMULATED
TEST_CASE("tensor attention: other widths and backends that do not round use the kernels without tensor cores") {
  using Attention = ctp::backend::cuda::TensorAttention<ctp::test::SimulatedRuntime<float, 7>>;
  using InTf32 = ctp::backend::cuda::TensorAttention<ctp::test::SimulatedRuntime<float, 10>>;
  using Single = ctp::backend::cuda::TensorAttention<ctp::test::SimulatedRuntime<float>>;
  CHECK(Attention::takes({.width = 32}));
  CHECK(InTf32::takes({.width = 64}));
  CHECK_FALSE(InTf32::takes({.width = 24}));
  CHECK_FALSE(Single::takes({.width = 64}));
  CHECK(Attention::takes({.width = 64}));
  CHECK_FALSE(Attention::takes({.width = 48}));
  const AttentionShape s{1, 1, 5, 5, 32, 32, 32, 32};
  const Values q = random(5 * 32, 1), k = random(5 * 32, 2), v = random(5 * 32, 3), d_o = random(5 * 32, 4);
  const Found exact = attend<Exact>(s, q, k, v, {}, d_o, 0);
  CHECK(off_in_norm(attend<ctp::test::SimulatedCuda<float>>(s, q, k, v, {}, d_o, 0).o, exact.o) < 1e-6);
  using Bf16 = ctp::test::SimulatedCuda<float, 7>;
  using Tf32 = ctp::test::SimulatedCuda<float, 10>;
  CHECK(off_in_norm(attend<Bf16>(s, q, k, v, {}, d_o, 0).o, exact.o) > 1e-4);
  const double in_tf32 = off_in_norm(attend<Tf32>(s, q, k, v, {}, d_o, 0).o, exact.o);
  CHECK(in_tf32 > 1e-5);
  CHECK(in_tf32 < 1e-3);
}

TEST_CASE("tensor attention: TF32 rounds to nearest, ties to even") {
  using ctp::backend::cuda::kernel::tf32_bits;
  CHECK(tf32_bits(1.F) == 0x3F800000U);
  CHECK(tf32_bits(1.F + 0x1p-11F) == 0x3F800000U);                     // half way, the lower is even
  CHECK(tf32_bits(1.F + 3 * 0x1p-11F) == 0x3F804000U);                 // half way, the upper is even
  CHECK(tf32_bits(1.F + 0x1p-11F + 0x1p-20F) == 0x3F802000U);          // above half way
  CHECK(tf32_bits(std::bit_cast<float>(0x7FFFFFFFU)) == 0x7FC00000U);  // NaN
  CHECK(tf32_bits(INFINITY) == 0x7F800000U);
  for (const double v : random(1000, 5)) {
    const auto x = static_cast<float>(v);
    CHECK(std::bit_cast<float>(tf32_bits(x)) == ctp::test::rounded<10>(x));
  }
}
#endif

TEST_CASE("tensor attention: bfloat16 rounds to nearest, ties to even") {
  using ctp::backend::cuda::kernel::bfloat16_bits;
  CHECK(bfloat16_bits(1.F) == 0x3F80U);
  CHECK(bfloat16_bits(-2.F) == 0xC000U);
  CHECK(bfloat16_bits(1.F + 0x1p-8F) == 0x3F80U);                      // half way, the lower is even
  CHECK(bfloat16_bits(1.F + 3 * 0x1p-8F) == 0x3F82U);                  // half way, the upper is even
  CHECK(bfloat16_bits(1.F + 0x1p-8F + 0x1p-20F) == 0x3F81U);           // above half way
  CHECK(bfloat16_bits(std::bit_cast<float>(0x7FFFFFFFU)) == 0x7FC0U);  // NaN, as a device computes it
  CHECK(bfloat16_bits(std::bit_cast<float>(0xFFC00000U)) == 0x7FC0U);  // and as the host does
  CHECK(bfloat16_bits(INFINITY) == 0x7F80U);
  CHECK(ctp::backend::cuda::kernel::bfloat16_pair(1.F, -2.F) == 0xC0003F80U);
}
