// Operands that a kernel stores rounded, beside operands that the product rounds: the same bits.
#include <ctp/backend/cuda/kernel/packed.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <ctp/backend/packed.hpp>

#ifndef CTP_TEST_BACKENDS
#include <support/simulated_cuda.hpp>
#define CTP_TEST_BACKENDS                                                                                   \
  ctp::test::SimulatedCuda<float, 7>, ctp::test::SimulatedCuda<float, 10>, ctp::test::SimulatedCuda<float>, \
      ctp::test::SimulatedCuda<double>
#endif
#include <support/reference.hpp>

namespace {

using ctp::Index;
using reference::at;
using reference::put;
using reference::random;
using reference::room;
using reference::Values;

/// Memory for n packed numbers.
template <class B>
class Room {
 public:
  explicit Room(Index n) : memory_(static_cast<Index>(B::packed_bytes(n))), n_(n) {}
  ctp::backend::Packed<B>* data() { return reinterpret_cast<ctp::backend::Packed<B>*>(memory_.data()); }
  /// The numbers as Real.
  Values values() {
    Values all;
    std::vector<std::uint8_t> host = memory_.to_host();
    const ctp::backend::cuda::kernel::Stored<typename B::Real> from(
        reinterpret_cast<ctp::backend::Packed<B>*>(host.data()), B::rounds_operands());
    for (Index i = 0; i < n_; ++i) all.push_back(static_cast<double>(from[i]));
    return all;
  }

 private:
  ctp::Buffer<std::uint8_t, B> memory_;
  Index n_;
};

/// The nearest number with 8 significant bits, ties to even.
double nearest(double v) {
  int exponent = 0;
  const double mantissa = std::frexp(v, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(mantissa, 8)), exponent - 8);
}
/// x, rounded like the operands of the backend's products.
template <class B>
Values taken(const Values& x) {
  Values all;
  for (const double v : x) all.push_back(B::rounds_operands() ? nearest(v) : v);
  return all;
}

constexpr Index n = 67, k = 40, m = 33;

}  // namespace

TEST_CASE_TEMPLATE("packed: bfloat16 takes half the memory; other precisions store Real", B, CTP_TEST_BACKENDS) {
  CHECK(B::packed_bytes(10) == (B::rounds_operands() ? 20 : 10 * sizeof(typename B::Real)));
  CHECK(ctp::backend::packed_bytes<B>(10) == B::packed_bytes(10));
}

TEST_CASE("packed: conversion between numbers and bfloat16 bits") {
  using namespace ctp::backend::cuda::kernel;
  CHECK(bfloat16_value(0x3F80U) == 1.F);
  CHECK(bfloat16_value(0xC000U) == -2.F);
  CHECK(std::isnan(bfloat16_value(bfloat16_bits(NAN))));
  for (const double v : random(1000, 3)) {
    const auto x = static_cast<float>(v);
    CHECK(static_cast<double>(bfloat16_value(bfloat16_bits(x))) == nearest(v));
  }
}

TEST_CASE_TEMPLATE("packed: four neighbours at once are stored as one by one", Real, float, double) {
  using namespace ctp::backend::cuda;
  const Values values = random(12, 3);
  for (const bool rounded : {false, true}) {
    alignas(64) Real one_by_one[12] = {}, at_once[12] = {};
    const kernel::Stored<Real> each(reinterpret_cast<Packed*>(one_by_one), rounded),
        fours(reinterpret_cast<Packed*>(at_once), rounded);
    for (Index i = 0; i < 12; ++i) each.set(i, static_cast<Real>(values[at(i)]));
    for (const Index i : {0, 2}) {
      kernel::Quad<Real> four;
      for (Index j = 0; j < 4; ++j) four.x[j] = static_cast<Real>(values[at(4 * i + j)]);
      fours.set_four(4 * i, four);
    }
    for (Index i = 0; i < 12; ++i) CHECK(fours[i] == (i / 4 == 1 ? Real(0) : each[i]));
  }
}

TEST_CASE_TEMPLATE("packed: numbers are read as they are stored, one by one and four at once", Real, float, double) {
  using namespace ctp::backend::cuda;
  const Values values = random(12, 3);
  for (const bool rounded : {false, true}) {
    alignas(64) Real memory[12] = {};
    const kernel::Stored<Real> numbers(reinterpret_cast<Packed*>(memory), rounded);
    CHECK(numbers.rounded() == rounded);
    for (Index i = 0; i < 12; ++i) numbers.set(i, static_cast<Real>(values[at(i)]));
    numbers.visit([&]<class Number>(const Number* p) {
      CHECK(std::is_same_v<Number, kernel::Bfloat16> == rounded);
      for (Index i = 0; i < 12; ++i) {
        CHECK(static_cast<Real>(p[i]) == numbers[i]);
        CHECK(kernel::read_four<Real>(p + i / 4 * 4).x[i % 4] == numbers[i]);
      }
    });
  }
}

TEST_CASE_TEMPLATE("packed: an argument of an operation is Real, Packed as the runtime stores operands, or null", B,
                   CTP_TEST_BACKENDS) {
  using Argument = ctp::backend::cuda::Numbers<B, typename B::Real>;
  typename B::Real numbers[2] = {1, 2};
  const Argument real(numbers), packed(reinterpret_cast<const ctp::backend::cuda::Packed*>(numbers)), none(nullptr);
  CHECK((real && !real.rounded() && !real.packed && real[1] == 2));
  CHECK((packed && packed.packed && packed.rounded() == B::rounds_operands()));
  CHECK((!none && !none.rounded() && !none.packed));
}

TEST_CASE("packed: rows that lie apart are converted to rows that lie apart") {
  using namespace ctp::backend::cuda::kernel;
  const std::vector<float> from = {1, 2, 9, 3, 4, 9};
  std::vector<float> to(10, -1.F);
  const PackRows<float> rows{2, 3, 5, from.data(), to.data()};
  for (Index i = 0; i < 4; ++i) rows(i);
  CHECK(to == std::vector<float>{1, 2, -1, -1, -1, 3, 4, -1, -1, -1});
}

TEST_CASE("packed: four neighbours at once need an address that is a multiple of their size") {
  using namespace ctp::backend::cuda;
  alignas(64) std::uint16_t memory[64] = {};
  const auto has = [&](int bytes, bool rounded) {
    return kernel::Stored<float>(reinterpret_cast<Packed*>(memory + bytes / 2), rounded).has_fours();
  };
  CHECK((has(0, false) && has(16, false) && has(0, true) && has(8, true)));
  CHECK_FALSE((has(4, false) || has(8, false) || has(2, true) || has(4, true)));
}

TEST_CASE_TEMPLATE("packed: a layer norm stores the numbers to which the product would round its result", B,
                   CTP_TEST_BACKENDS) {
  auto x = put<B>(random(n * k, 1)), gain = put<B>(random(k, 2)), bias = put<B>(random(k, 3));
  auto y = room<B>(n * k), mean = room<B>(n), inverse = room<B>(n);
  Room<B> packed(n * k);
  typename B::Real* const none = nullptr;
  B::layer_norm(n, k, x.data(), none, {}, 1, gain.data(), bias.data(), 0x1p-20F, none, y.data(), mean.data(),
                inverse.data());
  B::layer_norm(n, k, x.data(), none, {}, 1, gain.data(), bias.data(), 0x1p-20F, none, packed.data(), mean.data(),
                inverse.data());
  CHECK(packed.values() == taken<B>(y.template to_host<double>()));
}

TEST_CASE_TEMPLATE("packed: patches are the pixels to which the product would round them, four at once or one by one",
                   B, CTP_TEST_BACKENDS) {
  constexpr Index batch = 2, channels = 3;
  for (const Index patch : {4, 5, 8, 16})
    for (const Index first : {0, 1}) {  // unaligned pixels
      CAPTURE(patch);
      CAPTURE(first);
      const Index size = 2 * patch, pixels = batch * channels * size * size;
      auto images = put<B>(random(first + pixels, 1)), y = room<B>(pixels);
      Room<B> packed(pixels);
      B::patches(batch, channels, size, patch, images.data() + first, y.data());
      B::patches(batch, channels, size, patch, images.data() + first, packed.data());
      CHECK(packed.values() == taken<B>(y.template to_host<double>()));
    }
}

TEST_CASE_TEMPLATE("packed: products of packed operands have the bits of products that round", B, CTP_TEST_BACKENDS) {
  auto x = put<B>(random(n * k, 1)), w = put<B>(random(m * k, 2)), bias = put<B>(random(m, 3));
  auto dy = put<B>(random(n * m, 4));
  Room<B> packed(n * k), activated(n * m);
  const ctp::backend::cuda::kernel::Pack<typename B::Real> pack{
      x.data(), ctp::backend::cuda::Numbers<B, typename B::Real>(packed.data())};
  B::for_each(n * k, pack);

  auto y = room<B>(n * m), from_packed = room<B>(n * m), plain = room<B>(n * m);
  B::linear(n, k, m, x.data(), w.data(), bias.data(), nullptr, y.data(), plain.data());
  B::linear(n, k, m, packed.data(), w.data(), bias.data(), nullptr, from_packed.data(), activated.data());
  CHECK(from_packed.to_host() == y.to_host());
  CHECK(activated.values() == taken<B>(plain.template to_host<double>()));

  auto dw = room<B>(m * k), dw_from_packed = room<B>(m * k);
  B::linear_backward(n, k, m, x.data(), w.data(), nullptr, dy.data(), nullptr, false, dw.data(), nullptr);
  B::linear_backward(n, k, m, packed.data(), w.data(), nullptr, dy.data(), nullptr, false, dw_from_packed.data(),
                     nullptr);
  CHECK(dw_from_packed.to_host() == dw.to_host());
}

TEST_CASE_TEMPLATE("packed: product() keeps single precision where layers round", B, CTP_TEST_BACKENDS) {
  const Values x = random(n * k, 1), w = random(m * k, 2);
  auto bx = put<B>(x), bw = put<B>(w);
  auto y = room<B>(n * m), of_layer = room<B>(n * m);
  typename B::Real* const none = nullptr;
  const Values expected = reference::product(false, true, n, m, k, 0.5, x, k, w, k);
  B::product(false, true, n, m, k, 0.5F, bx.data(), k, bw.data(), k, false, y.data());
  CHECK(reference::off<B>(y, expected) < reference::rounding<B>);
  B::linear(n, k, m, bx.data(), bw.data(), none, none, of_layer.data(), none);
  const double off = reference::off<B>(of_layer, reference::sum(expected, expected));
  CHECK((off > 1e-4) == (B::rounds_operands() || B::multiplies_in_tf32()));
}

TEST_CASE_TEMPLATE("packed: a linear layer stores its result rounded, with the bias rounded first", B,
                   CTP_TEST_BACKENDS) {
  const Values x = random(n * k, 1), w = random(m * k, 2), bias = random(m, 3);
  auto bx = put<B>(x), bw = put<B>(w), bbias = put<B>(bias), rounded_bias = put<B>(taken<B>(bias)), y = room<B>(n * m);
  typename B::Real* const none = nullptr;
  Room<B> packed(n * m);
  B::linear(n, k, m, bx.data(), bw.data(), rounded_bias.data(), none, y.data(), nullptr);
  B::linear(n, k, m, bx.data(), bw.data(), bbias.data(), none, packed.data(), nullptr);
  const Values found = packed.values(), exact = y.template to_host<double>();
  B::linear(n, k, m, bx.data(), bw.data(), none, none, y.data(), nullptr);
  const Values sums = y.template to_host<double>();
  // cuBLASLt rounds the sum of products, adds the bias and rounds again: half a unit in the last place each time.
  const double half_unit = B::rounds_operands() ? 0x1.02p-8 : 0x1p-21;
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(std::abs(found[i] - exact[i]) <= half_unit * (std::abs(sums[i]) + std::abs(exact[i])));
  CHECK_THROWS_AS(B::linear(n, k, m, bx.data(), bw.data(), bbias.data(), y.data(), packed.data(), nullptr),
                  ctp::UsageError);
}

TEST_CASE_TEMPLATE("packed: attention of packed queries, keys and values has the bits of attention that rounds them", B,
                   CTP_TEST_BACKENDS) {
  for (const Index width : {32, 8}) {
    CAPTURE(width);
    const Index model = 3 * width;
    const ctp::backend::AttentionShape s{2, 3, 21, 50, width, 3 * model, 3 * model, 3 * model};
    const Index queries = 2 * 21 * 3 * model, keys = 2 * 50 * 3 * model, results = 2 * 21 * model;
    const Values q = random(queries, 1), kv = random(keys, 2);
    auto bq = put<B>(taken<B>(q)), bkv = put<B>(taken<B>(kv)), d_o = put<B>(random(results, 4));
    Room<B> packed_q(queries), packed_kv(keys);
    B::pack(queries, put<B>(q).data(), packed_q.data());
    B::pack(keys, put<B>(kv).data(), packed_kv.data());
    auto saved = room<B>(B::attention_saved(s)), saved_of_packed = room<B>(B::attention_saved(s));
    auto o = room<B>(results), o_of_packed = room<B>(results);
    auto dq = room<B>(queries), dkv = room<B>(keys), dq_of_packed = room<B>(queries), dkv_of_packed = room<B>(keys);
    const auto third = [&](auto* p) {  // the second and the third part of the columns
      using Number = std::remove_pointer_t<decltype(p)>;
      return reinterpret_cast<Number*>(reinterpret_cast<std::uint8_t*>(p) + B::packed_bytes(model));
    };
    B::attention(s, bq.data(), bkv.data(), bkv.data() + model, nullptr, {}, saved.data(), o.data());
    B::attention(s, packed_q.data(), packed_kv.data(), third(packed_kv.data()), nullptr, {}, saved_of_packed.data(),
                 o_of_packed.data());
    CHECK(o.to_host() == o_of_packed.to_host());
    B::attention_backward(s, bq.data(), bkv.data(), bkv.data() + model, nullptr, {}, saved.data(), o.data(), d_o.data(),
                          false, dq.data(), dkv.data(), dkv.data() + model);
    B::attention_backward(s, packed_q.data(), packed_kv.data(), third(packed_kv.data()), nullptr, {},
                          saved_of_packed.data(), o_of_packed.data(), d_o.data(), false, dq_of_packed.data(),
                          dkv_of_packed.data(), dkv_of_packed.data() + model);
    CHECK(dq.to_host() == dq_of_packed.to_host());
    CHECK(dkv.to_host() == dkv_of_packed.to_host());
  }
}

TEST_CASE_TEMPLATE("packed: attention stores its result rounded, on tensor cores or not, in one chunk or several", B,
                   CTP_TEST_BACKENDS) {
  for (const Index width : {32, 12}) {
    CAPTURE(width);
    const ctp::backend::AttentionShape s{2, 3, 21, 50, width, 3 * width, 3 * width, 3 * width};
    const Index size = 2 * 21 * 3 * width, keys = 2 * 50 * 3 * width;
    auto q = put<B>(random(size, 1)), key = put<B>(random(keys, 2)), v = put<B>(random(keys, 3));
    auto d_o = put<B>(random(size, 4)), saved = room<B>(B::attention_saved(s)), o = room<B>(size);
    for (const bool in_chunks : {false, true}) {
      if constexpr (requires { B::shared_bytes(); }) {
        if (in_chunks && width == 32) continue;  // the tensor cores' tiles have one size
        B::shared_bytes() = (in_chunks ? std::size_t{16} : std::size_t{99}) * 1024;
      } else if (in_chunks) {
        continue;
      }
      for (const bool keep : {true, false}) {
        Room<B> packed(size);
        auto* to = keep ? saved.data() : nullptr;
        B::attention(s, q.data(), key.data(), v.data(), nullptr, {}, to, o.data());
        B::attention(s, q.data(), key.data(), v.data(), nullptr, {}, to, packed.data());
        CHECK(packed.values() == taken<B>(o.template to_host<double>()));
        if (!keep) continue;
        // The backward pass reads the rounded result.
        auto rounded = put<B>(packed.values()), dq = room<B>(size), dq_of_packed = room<B>(size);
        B::attention_backward(s, q.data(), key.data(), v.data(), nullptr, {}, to, rounded.data(), d_o.data(), false,
                              dq.data(), nullptr, nullptr);
        B::attention_backward(s, q.data(), key.data(), v.data(), nullptr, {}, to, packed.data(), d_o.data(), false,
                              dq_of_packed.data(), nullptr, nullptr);
        CHECK(dq.to_host() == dq_of_packed.to_host());
      }
    }
    if constexpr (requires { B::shared_bytes(); }) B::shared_bytes() = std::size_t{99} * 1024;
  }
}

TEST_CASE_TEMPLATE("packed: attention reads and stores gradients rounded, on tensor cores or not, in any chunks", B,
                   CTP_TEST_BACKENDS) {
  for (const Index width : {32, 64, 12}) {
    CAPTURE(width);
    const Index model = 3 * width, columns = 3 * model;  // rounded queries and keys lie a multiple of 16 bytes apart
    const Index stride = width == 12 ? columns + 4 : columns;
    const ctp::backend::AttentionShape s{2, 3, 21, 50, width, stride, stride, stride};
    const Index queries = 2 * 21 * stride, keys = 2 * 50 * stride, size = 2 * 21 * model;
    const auto behind = [&](auto* p, Index numbers) {
      using Number = std::remove_pointer_t<decltype(p)>;
      return reinterpret_cast<Number*>(reinterpret_cast<std::uint8_t*>(p) + B::packed_bytes(numbers));
    };
    auto q = put<B>(taken<B>(random(queries, 1))), kv = put<B>(taken<B>(random(keys, 2)));
    const Values gradient = taken<B>(random(size, 4));
    auto d_o = put<B>(gradient), saved = room<B>(B::attention_saved(s)), o = room<B>(size);
    Room<B> packed_d_o(size);
    B::pack(size, d_o.data(), packed_d_o.data());
    for (const bool in_chunks : {false, true}) {
      if constexpr (requires { B::shared_bytes(); }) {
        if (in_chunks && width != 12) continue;  // the tensor cores' tiles have one size
        B::shared_bytes() = (in_chunks ? std::size_t{16} : std::size_t{99}) * 1024;
      } else if (in_chunks) {
        continue;
      }
      B::attention(s, q.data(), kv.data(), kv.data() + model, nullptr, {}, saved.data(), o.data());
      const auto backward = [&](auto* of_o, auto* dq, auto* dk, auto* dv) {
        B::attention_backward(s, q.data(), kv.data(), kv.data() + model, nullptr, {}, saved.data(), o.data(), of_o,
                              true, dq, dk, dv);
      };
      auto dq = room<B>(queries), dkv = room<B>(keys), dq_of_packed = room<B>(queries), dkv_of_packed = room<B>(keys);
      Room<B> packed_dq(queries), packed_dkv(keys), alone(keys);
      auto* const none = static_cast<ctp::backend::Packed<B>*>(nullptr);
      backward(d_o.data(), dq.data(), dkv.data(), dkv.data() + model);
      backward(packed_d_o.data(), dq_of_packed.data(), dkv_of_packed.data(), dkv_of_packed.data() + model);
      backward(packed_d_o.data(), packed_dq.data(), packed_dkv.data(), behind(packed_dkv.data(), model));
      backward(d_o.data(), none, none, behind(alone.data(), model));
      CHECK(dq.to_host() == dq_of_packed.to_host());
      CHECK(dkv.to_host() == dkv_of_packed.to_host());
      // Only the columns of the operand are written.
      const auto off = [&](const Values& found, const Values& expected, Index first, Index last) {
        int wrong = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
          const Index column = static_cast<Index>(i) % stride;
          if (first <= column && column < last) wrong += found[i] == expected[i] ? 0 : 1;
        }
        return wrong;
      };
      const Values exact_q = taken<B>(dq.template to_host<double>()),
                   exact_kv = taken<B>(dkv.template to_host<double>());
      CHECK(off(packed_dq.values(), exact_q, 0, model) == 0);
      CHECK(off(packed_dkv.values(), exact_kv, 0, 2 * model) == 0);
      CHECK(off(alone.values(), exact_kv, model, 2 * model) == 0);
      CHECK_THROWS_AS(B::attention_backward(s, q.data(), kv.data(), kv.data() + model, nullptr, {}, saved.data(),
                                            o.data(), d_o.data(), false, packed_dq.data(), none, none),
                      ctp::UsageError);
    }
    if constexpr (requires { B::shared_bytes(); }) B::shared_bytes() = std::size_t{99} * 1024;
  }
}

TEST_CASE("packed: a pair is stored as its two elements are") {
  using ctp::backend::cuda::kernel::Stored;
  alignas(8) std::uint16_t halves[4] = {}, expected[4] = {};
  const Stored<float> pairs(reinterpret_cast<ctp::backend::cuda::Packed*>(halves), true);
  const Stored<float> elements(reinterpret_cast<ctp::backend::cuda::Packed*>(expected), true);
  pairs.set_pair(2, 1.0039062F, -3.F);
  elements.set(2, 1.0039062F);
  elements.set(3, -3.F);
  for (int i = 0; i < 4; ++i) CHECK(halves[i] == expected[i]);
  alignas(8) float plain[4] = {};
  Stored<float>(plain).set_pair(0, 1.0039062F, -3.F);
  CHECK(plain[0] == 1.0039062F);
  CHECK(plain[1] == -3.F);
  CHECK(plain[2] == 0.F);
}
