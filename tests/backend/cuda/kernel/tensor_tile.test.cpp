// Loads to shared memory and products of a warp, on simulated threads, against sums in double.
#include <ctp/backend/cuda/kernel/tensor_tile.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <support/reference.hpp>
#include <support/simulated_cuda.hpp>

namespace {

namespace kernel = ctp::backend::cuda::kernel;
using ctp::Index;
using reference::at;
using reference::random;
using reference::Values;
using Runtime = ctp::test::SimulatedRuntime<float>;

float value(std::uint16_t bits) { return kernel::bfloat16_value(bits); }
float value(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

std::vector<float> single(const Values& x) { return {x.begin(), x.end()}; }

/// Rounds 32 rows by a block of 64 threads, and writes shared memory to `to`.
template <class Form, int InFlight>
struct Load {
  static constexpr bool cooperative = true;
  const float* from;
  Index stride, n;
  float* to;
  template <class Thread>
  void operator()(const Thread& t) const {
    auto* const rows = t.template shared<typename Form::Number>();
    kernel::load_rows<Form, 32, InFlight>(t, from, stride, n, 32, rows);
    kernel::wait_for_rows<0>(t);
    for (int i = t.id(); i < 32 * 32; i += t.threads()) to[i] = value(rows[i / 32 * kernel::row_stride(32) + i % 32]);
  }
};

/// Loads 32 rows twice, and writes the first of them to `to` when the second may still be on their way.
struct LoadTwice {
  static constexpr bool cooperative = true;
  const std::uint16_t* from;
  Index n;
  std::uint16_t* to;
  template <class Thread>
  void operator()(const Thread& t) const {
    auto* const rows = t.template shared<std::uint16_t>();
    kernel::load_rows<kernel::Bf16Form, 32, 1>(t, from, 40, n, 32, rows);
    kernel::load_rows<kernel::Bf16Form, 32, 1>(t, from, 40, 32, 32, rows + 32 * kernel::row_stride(32));
    kernel::wait_for_rows<1>(t);
    for (int i = t.id(); i < 32 * 32; i += t.threads()) to[i] = rows[i / 32 * kernel::row_stride(32) + i % 32];
    kernel::wait_for_rows<0>(t);
    for (int i = t.id(); i < 32 * 32; i += t.threads())
      to[32 * 32 + i] = rows[(32 + i / 32) * kernel::row_stride(32) + i % 32];
  }
};

/// scores [16, 32] = left times transposed rows, mixed [16, 32] = scores times rows, by one warp.
template <class Form>
struct Multiply {
  static constexpr bool cooperative = true;
  const float *left, *right;
  float *scores, *mixed, *overwritten;
  kernel::Bfloat16* rounded;
  template <class Thread>
  void operator()(const Thread& t) const {
    auto* const rows = t.template shared<typename Form::Number>();
    kernel::load_rows<Form, 32, 1>(t, right, 32, 48, 48, rows);
    kernel::wait_for_rows<0>(t);
    const kernel::Fragment f(t.id());
    kernel::LeftOperands<Form, 32> operands;
    kernel::load_left<Form, 32>(left, 32, 13, f, operands);
    float p[4][4] = {}, sums[4][4] = {};
    kernel::multiply_by_rows<Form, 32, 32>(t, f, operands, rows, 16, p);
    kernel::add_weighted_rows<Form, 32, 32>(t, f, p, rows, 16, sums);
    for (int n = 0; n < 4; ++n)
      for (int e = 0; e < 4; ++e) scores[(f.group + e / 2 * 8) * 32 + n * 8 + f.pair * 2 + e % 2] = p[n][e];
    kernel::put_rows<32>(f, sums, 2.F, false, mixed, 32, 13);
    kernel::put_rows<32>(f, sums, 2.F, true, overwritten, 33, 13);  // rows that are not aligned to pairs
    kernel::put_rows<32>(f, sums, 2.F, true, rounded, 34, 13);
  }
};

/// Inner products of 13 rows of `left` and of `right`, by one warp.
template <class Form, class Source>
struct MultiplyRows {
  static constexpr bool cooperative = true;
  const float* left;
  const Source* right;
  float* products;
  template <class Thread>
  void operator()(const Thread& t) const {
    const kernel::Fragment f(t.id());
    kernel::LeftOperands<Form, 32> operands;
    kernel::load_left<Form, 32>(left, 32, 13, f, operands);
    float found[2];
    kernel::multiply_rows<Form, 32>(t, f, operands, right, 34, 13, found);
    for (int half = 0; half < 2; ++half) products[(f.group + half * 8) * 4 + f.pair] = found[half];
  }
};

template <class Form>
constexpr double rounding = sizeof(typename Form::Number) == 2 ? 1.0 / 256 : 1.0 / 2048;

}  // namespace

TEST_CASE_TEMPLATE("tensor_tile: rows are loaded rounded, with zeros behind the last, at any alignment", Form,
                   kernel::Bf16Form, kernel::Tf32Form) {
  for (const Index n : {1, 15, 32})
    for (const Index stride : {32, 36, 37})
      for (const Index offset : {0, 1, 4}) {
        const std::vector<float> memory = single(random(n * stride + offset, 3));
        std::vector<float> one(32 * 32, -1.F), eight = one;
        const std::size_t shared = sizeof(typename Form::Number) * 32 * kernel::row_stride(32);
        Runtime::launch(1, 64, shared, Load<Form, 1>{memory.data() + offset, stride, n, one.data()});
        Runtime::launch(1, 64, shared, Load<Form, 8>{memory.data() + offset, stride, n, eight.data()});
        CAPTURE(n);
        CAPTURE(stride);
        CAPTURE(offset);
        CHECK(one == eight);
        int wrong = 0;
        for (Index i = 0; i < 32; ++i)
          for (Index c = 0; c < 32; ++c) {
            const float x = i < n ? memory[at(offset + i * stride + c)] : 0.F;
            if (std::abs(one[at(i * 32 + c)] - x) > rounding<Form> * std::abs(x)) ++wrong;
          }
        CHECK(wrong == 0);
      }
}

TEST_CASE("tensor_tile: rows of numbers are copied, one load after the other, with zeros behind the last") {
  alignas(16) std::uint16_t memory[32 * 40];
  for (std::size_t i = 0; i < 32 * 40; ++i) memory[i] = static_cast<std::uint16_t>(i + 1);
  for (const int threads : {1, 2})  // the simulation makes copies late, or early
    for (const Index n : {1, 15, 32}) {
      const reference::Threads scope(threads);
      std::vector<std::uint16_t> found(2 * 32 * 32);
      Runtime::launch(1, 64, 2 * 2 * 32 * kernel::row_stride(32), LoadTwice{memory, n, found.data()});
      int wrong = 0;
      for (Index i = 0; i < 64; ++i)
        for (Index c = 0; c < 32; ++c)
          wrong += found[at(i * 32 + c)] == (i < n || i >= 32 ? memory[at(i % 32 * 40 + c)] : 0) ? 0 : 1;
      CAPTURE(n);
      CHECK(wrong == 0);
    }
}

TEST_CASE_TEMPLATE("tensor_tile: products with rows and with transposed rows", Form, kernel::Bf16Form,
                   kernel::Tf32Form) {
  const std::vector<float> left = single(random(16 * 32, 1)), right = single(random(48 * 32, 2));
  const float none = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> scores(16 * 32), mixed(16 * 32, 1.F), overwritten(16 * 33, none);
  std::vector<kernel::Bfloat16> rounded(16 * 34, kernel::Bfloat16{0x7FC0});
  Runtime::launch(
      1, 32, sizeof(typename Form::Number) * 48 * kernel::row_stride(32),
      Multiply<Form>{left.data(), right.data(), scores.data(), mixed.data(), overwritten.data(), rounded.data()});
  for (Index i = 0; i < 16; ++i)
    for (Index j = 0; j < 32; ++j) {
      double score = 0, size = 0, mix = 0, of_mix = 0;
      for (Index c = 0; c < 32; ++c) {
        const double term = double(left[at(i * 32 + c)]) * double(right[at((16 + j) * 32 + c)]);
        score += i < 13 ? term : 0;  // the rows behind the thirteenth are zero
        size += std::abs(term);
        const double weighted = double(scores[at(i * 32 + c)]) * double(right[at((16 + c) * 32 + j)]);
        mix += weighted;
        of_mix += std::abs(weighted);
      }
      CHECK(std::abs(double(scores[at(i * 32 + j)]) - score) <= 2 * rounding<Form> * size);
      CHECK(std::abs(double(mixed[at(i * 32 + j)]) - (i < 13 ? 1 + 2 * mix : 1)) <= 4 * rounding<Form> * of_mix + 1e-6);
      const float alone = overwritten[at(i * 33 + j)];
      CHECK(
          (i < 13 ? std::abs(alone + 1 - mixed[at(i * 32 + j)]) <= 1e-5F * (1 + std::abs(alone)) : std::isnan(alone)));
      CHECK(rounded[at(i * 34 + j)].bits == kernel::bfloat16_bits(alone));
    }
  for (Index i = 0; i < 16; ++i) CHECK(std::isnan(rounded[at(i * 34 + 32)]));  // behind the columns
}

TEST_CASE_TEMPLATE("tensor_tile: inner products of rows, in the four lanes of a row", Form, kernel::Bf16Form,
                   kernel::Tf32Form) {
  const std::vector<float> left = single(random(13 * 32, 1)), right = single(random(13 * 34, 2));
  std::vector<kernel::Bfloat16> rounded;
  for (const float x : right) rounded.push_back({static_cast<std::uint16_t>(kernel::bfloat16_bits(x))});
  std::vector<float> found(16 * 4), of_rounded(16 * 4);
  Runtime::launch(1, 32, 0, MultiplyRows<Form, float>{left.data(), right.data(), found.data()});
  Runtime::launch(1, 32, 0, MultiplyRows<Form, kernel::Bfloat16>{left.data(), rounded.data(), of_rounded.data()});
  for (Index i = 0; i < 16; ++i)
    for (Index lane = 0; lane < 4; ++lane) {
      double product = 0, rounded_product = 0, size = 1e-6;
      for (Index c = 0; c < 32 && i < 13; ++c) {
        const double x = double(left[at(i * 32 + c)]), y = double(right[at(i * 34 + c)]);
        product += x * y;
        rounded_product += x * double(float(rounded[at(i * 34 + c)]));
        size += std::abs(x * y);
      }
      CHECK(std::abs(double(found[at(i * 4 + lane)]) - product) <= rounding<Form> * size);
      CHECK(std::abs(double(of_rounded[at(i * 4 + lane)]) - rounded_product) <= rounding<Form> * size);
    }
}
