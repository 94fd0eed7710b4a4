// Weights rounded once for several products, with simulated threads or, with CTP_TEST_BACKENDS, on a device.
#include <ctp/backend/cuda/weights.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/rounded_weights.hpp>
#include <ctp/tensor/buffer.hpp>

#ifndef CTP_TEST_BACKENDS
#include <ctp/backend/cpu/backend.hpp>

#include <support/simulated_cuda.hpp>
#define CTP_TEST_SIMULATED
#define CTP_TEST_BACKENDS Bf16, ctp::test::SimulatedCuda<float, 10>, ctp::test::SimulatedCuda<float>, ctp::Cpu

using Bf16 = ctp::test::SimulatedCuda<float, 7>;
static_assert(ctp::backend::RoundsWeights<Bf16>);
static_assert(!ctp::backend::RoundsWeights<ctp::Cpu>);
#else
using Bf16 = ctp::BasicCuda<ctp::precision::Bf16>;
#endif

namespace {

using Index = ctp::Index;
using Values = std::vector<float>;
using ctp::backend::RoundedWeights;
using ctp::backend::cuda::WeightCopies;
constexpr Index in = 8, out = 16, rows = 4, begin = 16, size = begin + in * out;

Values numbers(Index n, float step) {
  Values x;
  for (Index i = 0; i < n; ++i) x.push_back(1 + step * static_cast<float>(i % 37));
  return x;
}

template <class B>
struct Memory {
  ctp::Buffer<float, B> theta{size}, x{rows * in}, bias{out}, y{rows * out}, dx{rows * in}, dw{out * in}, dbias{out};
  Memory() {
    theta.assign(numbers(size, 0.0123F));
    x.assign(numbers(rows * in, 0.5F));
  }
  /// The result of a product, and the gradient of its operand, with a weight [out, in] at theta + begin.
  Values products() {
    const float* w = theta.data() + begin;
    B::linear(rows, in, out, x.data(), w, bias.data(), nullptr, y.data(), nullptr);
    Values found = y.to_host();
    B::linear_backward(rows, in, out, x.data(), w, nullptr, y.data(), dx.data(), true, dw.data(), dbias.data());
    for (const float g : dx.to_host()) found.push_back(g);
    return found;
  }
};

}  // namespace

TEST_CASE_TEMPLATE("weights: products read a rounded copy with the bits of weights that each product rounds", B,
                   CTP_TEST_BACKENDS) {
  Memory<B> m;
  const Values without = m.products();
  const RoundedWeights<B> rounded(size, {m.theta.data(), nullptr});
  CHECK(m.products() == without);
  CHECK(WeightCopies::current().count() == (std::is_same_v<B, Bf16> ? 1 : 0));
}

TEST_CASE("weights: a result that is stored packed reads its bias from the copy, too") {
  Memory<Bf16> m;
  ctp::Buffer<std::uint16_t, Bf16> y(rows * out);
  const auto product = [&] {
    auto* const packed = reinterpret_cast<ctp::backend::cuda::Packed*>(y.data());
    Bf16::linear(rows, in, out, m.x.data(), m.theta.data() + begin, m.theta.data(), nullptr, packed, nullptr);
    return y.to_host();
  };
  const std::vector<std::uint16_t> before = product();
  const RoundedWeights<Bf16> rounded(size, {m.theta.data()});
  m.theta.assign(Values(static_cast<std::size_t>(size), 0));
  CHECK(product() == before);
  ctp::Buffer<std::int32_t, Bf16> flag(1);  // 0: nothing is skipped
  flag.assign(std::vector<std::int32_t>{0});
  y.assign(std::vector<std::uint16_t>(static_cast<std::size_t>(rows * out), 0));
  Bf16::skip_if(flag.data(), [&] {
    auto* const packed = reinterpret_cast<ctp::backend::cuda::Packed*>(y.data());
    Bf16::linear(rows, in, out, m.x.data(), m.theta.data() + begin, m.theta.data(), nullptr, packed, nullptr);
  });
  // The product reads the bias as it is now, 0, where it cannot store its result rounded.
  for (const std::uint16_t number : y.to_host()) CHECK(number != 0);
}

TEST_CASE("weights: a change is not seen within the scope, and is seen behind it") {
  Memory<Bf16> m;
  const Values before = m.products();
  m.theta.assign(numbers(size, 0.0456F));
  const Values after = m.products();
  REQUIRE(before != after);
  m.theta.assign(numbers(size, 0.0123F));
  {
    const RoundedWeights<Bf16> rounded(size, {m.theta.data()});
    m.theta.assign(numbers(size, 0.0456F));
    CHECK(m.products() == before);
    {
      const RoundedWeights<Bf16> inner(size, {m.theta.data()});
      CHECK(m.products() == after);
    }
    CHECK(m.products() == before);
  }
  CHECK(m.products() == after);
  CHECK(WeightCopies::current().count() == 0);
}

TEST_CASE("weights: each vector has its copy; those beyond the room are rounded by their products") {
  std::vector<Memory<Bf16>> memories(WeightCopies::most + 1);
  std::vector<Values> expected;
  for (std::size_t i = 0; i < memories.size(); ++i) {
    memories[i].theta.assign(numbers(size, 0.01F * static_cast<float>(i + 1)));
    expected.push_back(memories[i].products());
  }
  {
    const RoundedWeights<Bf16> first(size, {memories[0].theta.data(), memories[1].theta.data()});
    const RoundedWeights<Bf16> others(
        size, {memories[2].theta.data(), nullptr, memories[3].theta.data(), memories[4].theta.data()});
    CHECK(WeightCopies::current().count() == WeightCopies::most);
    for (std::size_t i = 0; i < memories.size(); ++i) CHECK(memories[i].products() == expected[i]);
  }
  CHECK(WeightCopies::current().count() == 0);
}

TEST_CASE("weights: a vector may begin at any number of an array") {
  const Values x = numbers(rows * in, 0.5F);
  ctp::Buffer<float, Bf16> bx(rows * in), y(rows * out);
  bx.assign(x);
  for (const Index first : {0, 1, 3, 4}) {
    ctp::Buffer<float, Bf16> theta(first + size), aligned(size);
    Values host = numbers(size, 0.0123F);
    aligned.assign(host);
    host.insert(host.begin(), static_cast<std::size_t>(first), 9.F);
    theta.assign(host);
    const auto product = [&](const float* w) {
      Bf16::linear(rows, in, out, bx.data(), w, nullptr, nullptr, y.data(), nullptr);
      return y.to_host();
    };
    const RoundedWeights<Bf16> rounded(size, {theta.data() + first});
    CHECK(product(theta.data() + first + begin) == product(aligned.data() + begin));
  }
}

#ifdef CTP_TEST_SIMULATED  // a device's products need the alignment of an allocation
TEST_CASE("weights: vectors of any length and at any address are rounded to their last number") {
  for (const Index first : {0, 1, 3, 4})
    for (const Index n : {1, 4, 7, 60, 2048}) {
      ctp::Buffer<float, Bf16> theta(first + n), one(1), y(1);
      Values host(static_cast<std::size_t>(first + n), 9);
      host.back() = 1.00390625F + 0.015625F;  // rounds down to 1.015625
      theta.assign(host);
      one.assign(Values{1});
      const RoundedWeights<Bf16> rounded(n, {theta.data() + first});
      theta.assign(Values(host.size(), 0));
      Bf16::linear(1, 1, 1, one.data(), theta.data() + first + n - 1, nullptr, nullptr, y.data(), nullptr);
      CHECK(y.to_host()[0] == 1.015625F);
    }
}

#endif

TEST_CASE("weights: a copy in the caller's memory is read until it is forgotten") {
  Memory<Bf16> m;
  ctp::Buffer<std::uint16_t, Bf16> copy(size);
  const Values before = m.products();
  Bf16::round_weights(size, m.theta.data(), copy.data());
  CHECK(WeightCopies::current().count() == 0);
  m.theta.assign(numbers(size, 0.0456F));
  const Values after = m.products();
  CHECK(after != before);
  {
    const RoundedWeights<Bf16> rounded(size,
                                       {{m.theta.data(), copy.data()}, {nullptr, nullptr}, {m.x.data(), nullptr}});
    CHECK(WeightCopies::current().count() == 1);
    CHECK(m.products() == before);
  }
  CHECK(m.products() == after);
  const float* const theta = m.theta.data();
  const std::uint16_t* const rounded = copy.data();
  const RoundedWeights<Bf16> most(size, {{theta, rounded}, {theta, rounded}, {theta, rounded}, {theta, rounded}});
  CHECK_FALSE(Bf16::read_copy(size, theta, rounded));
}

TEST_CASE("weights: passes over parameters write the copy along, with the bits of a rounding and of their own") {
  constexpr Index n = 4 * 300 + 3;
  ctp::Buffer<float, Bf16> theta(n), gradient(n), first(n), second(n), other(n);
  ctp::Buffer<std::uint16_t, Bf16> copy(n), expected(n);
  const auto passes = [&] {
    for (const auto& [from, to] : {std::pair{Index{0}, Index{16}}, {16, 21}, {24, 600}, {601, n}}) {
      const ctp::backend::AdamWStep step{.rate = 0.01,
                                         .weight_decay = 0.05,
                                         .beta1 = 0.9,
                                         .beta2 = 0.999,
                                         .epsilon = 1e-8,
                                         .correction1 = 0.1,
                                         .correction2 = 0.001,
                                         .begin = from,
                                         .most = 1.2};
      Bf16::adamw(to - from, step, theta.data(), gradient.data(), first.data(), second.data());
    }
    Bf16::average(n - 4, 0.9F, other.data(), theta.data());
    Bf16::average_of_two(n - 8, 0.9F, other.data(), gradient.data(), theta.data());
  };
  const auto set = [&] {
    theta.assign(numbers(n, 0.0123F));
    gradient.assign(numbers(n, 0.5F));
    first.assign(numbers(n, -0.03F));
    second.assign(numbers(n, 0.01F));
    other.assign(numbers(n, -0.7F));
    Bf16::round_weights(n, theta.data(), copy.data());
  };
  set();
  passes();
  const Values alone = theta.to_host();
  set();
  const std::vector<std::uint16_t> before = copy.to_host();
  CHECK(Bf16::write_along(n, theta.data(), copy.data(), passes) == n - 4 + n - 4 + n - 8);
  CHECK(theta.to_host() == alone);
  Bf16::round_weights(n, theta.data(), expected.data());
  CHECK(copy.to_host() == expected.to_host());
  CHECK(copy.to_host() != before);

  set();
  CHECK(Bf16::write_along(n - 4, theta.data(), copy.data(), [&] {  // two passes reach beyond the vector
          passes();
        }) == 16 + 5 + 576 + n - 4 + n - 8);
  set();
  ctp::Buffer<std::int32_t, Bf16> flag(1);
  flag.assign(std::vector<std::int32_t>{1});
  Bf16::write_along(n, theta.data(), copy.data(), [&] { Bf16::skip_if(flag.data(), passes); });
  CHECK(copy.to_host() == before);
}

TEST_CASE("weights: passes that take four places at a time have the bits of those that take one") {
  constexpr Index n = 512;
  constexpr ctp::backend::AdamWStep step{.rate = 0.01,
                                         .weight_decay = 0.05,
                                         .beta1 = 0.9,
                                         .beta2 = 0.999,
                                         .epsilon = 1e-8,
                                         .correction1 = 0.1,
                                         .correction2 = 0.001,
                                         .most = 1.2};
  std::vector<Values> found;
  for (const Index first : {0, 1}) {  // an odd address is not aligned for four
    ctp::Buffer<float, Bf16> theta(n + 1), gradient(n + 1), mean(n + 1), square(n + 1), slow(n + 1);
    const auto set = [&](ctp::Buffer<float, Bf16>& x, float by) {
      Values host = numbers(n, by);
      host.insert(first == 0 ? host.end() : host.begin(), 9.F);
      x.assign(host);
    };
    ctp::Buffer<float, Bf16> factor(1);
    factor.assign(Values{0.7F});
    set(theta, 0.0123F);
    set(gradient, 0.5F);
    set(mean, -0.03F);
    set(square, 0.01F);
    set(slow, -0.7F);
    Bf16::adamw(n, step, theta.data() + first, gradient.data() + first, mean.data() + first, square.data() + first,
                ctp::backend::NoTerm{}, factor.data());
    for (int turn = 0; turn < 3; ++turn)
      Bf16::average_of_two(n, 0.9F, theta.data() + first, mean.data() + first, slow.data() + first);
    Values all;
    for (const auto* x : {&theta, &gradient, &mean, &square, &slow}) {
      Values host = x->to_host();
      CHECK(host[static_cast<std::size_t>(first == 0 ? n : 0)] == 9.F);
      host.erase(first == 0 ? host.end() - 1 : host.begin());
      all.insert(all.end(), host.begin(), host.end());
    }
    found.push_back(all);
  }
  CHECK(found[0] == found[1]);
}

TEST_CASE("weights: a replay rounds anew, and the rounding is skipped by a flag") {
  Memory<Bf16> m;
  typename Bf16::Capture capture;
  const float* w = m.theta.data() + begin;
  const auto work = [&] {
    const RoundedWeights<Bf16> rounded(size, {m.theta.data()});
    Bf16::linear(rows, in, out, m.x.data(), w, nullptr, nullptr, m.y.data(), nullptr);
  };
  work();
  capture.capture(work);
  const Values first = m.y.to_host();
  m.theta.assign(numbers(size, 0.0456F));
  capture.replay();
  const Values second = m.y.to_host();
  CHECK(second != first);
  work();
  CHECK(m.y.to_host() == second);

  ctp::Buffer<std::int32_t, Bf16> flag(1);
  flag.assign(std::vector<std::int32_t>{1});
  m.theta.assign(numbers(size, 0.0123F));
  Bf16::skip_if(flag.data(), [&] { CHECK(Bf16::round_weights(size, m.theta.data())); });
  Bf16::linear(rows, in, out, m.x.data(), w, nullptr, nullptr, m.y.data(), nullptr);
  CHECK(m.y.to_host() == second);  // the copy of before
  Bf16::forget_weights();
}

TEST_CASE("weights: a copy that would have to grow in a capture ends the capture, and no copy is left") {
  ctp::Buffer<float, Bf16> large(1 << 16);
  const auto round = [&](std::initializer_list<const float*> thetas) {
    const RoundedWeights<Bf16> rounded(large.size(), thetas);
  };
  round({large.data()});
  typename Bf16::Capture capture;
  CHECK_THROWS(capture.capture([&] { round({large.data(), large.data()}); }));
  CHECK(WeightCopies::current().count() == 0);
}
