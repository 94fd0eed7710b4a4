#include <ctp/backend/cuda/kernel/weight_copies.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <doctest/doctest.h>

namespace {

using ctp::backend::cuda::Packed;
using ctp::backend::cuda::WeightCopies;
using Product = ctp::backend::cuda::MatrixProduct<float>;

struct Rounding {
  static bool rounds_operands() { return true; }
};
struct Plain {
  static bool rounds_operands() { return false; }
};

/// Two vectors that are neighbours in memory, as a Learner's, and their copies.
struct Vectors {
  static constexpr ctp::Index n = 24;
  std::array<float, 2 * n> numbers{};
  std::array<std::uint16_t, 2 * n> rounded{};

  [[nodiscard]] const float* vector(int which) const { return numbers.data() + which * n; }
  [[nodiscard]] const Packed* copy(int which, ctp::Index element = 0) const {
    return reinterpret_cast<const Packed*>(rounded.data() + (1 - which) * n + element);
  }
};

}  // namespace

TEST_CASE("weight copies: numbers of a vector are found at their place in its copy") {
  const Vectors v;
  WeightCopies copies;
  CHECK(copies.find(v.vector(0), 1) == nullptr);
  copies.add(Vectors::n, v.vector(0), v.copy(0));
  copies.add(Vectors::n, v.vector(1), v.copy(1));
  CHECK(copies.count() == 2);
  for (const int which : {0, 1}) {
    CHECK(copies.find(v.vector(which), Vectors::n) == v.copy(which));
    CHECK(copies.find(v.vector(which) + 5, 3) == v.copy(which, 5));
    CHECK(copies.find(v.vector(which) + 23, 1) == v.copy(which, 23));
  }
}

TEST_CASE("weight copies: numbers that no vector holds all have none") {
  const Vectors v;
  WeightCopies copies;
  copies.add(Vectors::n, v.vector(1), v.copy(1));
  CHECK(copies.find(v.vector(1) - 1, 1) == nullptr);
  CHECK(copies.find(v.vector(1) - 1, 2) == nullptr);
  CHECK(copies.find(v.vector(1) + Vectors::n, 1) == nullptr);
  CHECK(copies.find(v.vector(1) + Vectors::n - 1, 2) == nullptr);
  CHECK(copies.find(v.vector(1) + 1, Vectors::n) == nullptr);
  CHECK(copies.find(v.vector(1), 0) == nullptr);
  CHECK(copies.find(v.vector(1), -3) == nullptr);
  CHECK(copies.find(static_cast<const float*>(nullptr), 1) == nullptr);
}

TEST_CASE("weight copies: the last copy is found first and forgotten first") {
  const Vectors v;
  WeightCopies copies;
  copies.add(Vectors::n, v.vector(0), v.copy(0));
  copies.add(Vectors::n, v.vector(0), v.copy(1));
  CHECK(copies.find(v.vector(0) + 2, 1) == v.copy(1, 2));
  copies.forget_last();
  CHECK(copies.find(v.vector(0) + 2, 1) == v.copy(0, 2));
  copies.forget_last();
  CHECK(copies.find(v.vector(0) + 2, 1) == nullptr);
}

TEST_CASE("weight copies: a product takes the copies of its plain operands, all of whose rows lie in a vector") {
  const Vectors v;
  WeightCopies& copies = WeightCopies::current();
  copies.add(Vectors::n, v.vector(0), v.copy(0));
  std::array<float, 24> other{};
  const auto product = [&](bool transposed, ctp::Index rows, ctp::Index columns, ctp::Index stride) {
    Product p;
    p.transpose_b = transposed;
    p.m = 2;
    p.n = transposed ? rows : columns;
    p.k = transposed ? columns : rows;
    p.a = other.data();
    p.lda = p.k;
    p.b = v.vector(0) + 4;
    p.ldb = stride;
    return p;
  };
  for (const bool transposed : {false, true}) {
    const Product p = ctp::backend::cuda::with_weight_copies<Rounding>(product(transposed, 4, 5, 5));
    CHECK(p.a.data == other.data());
    CHECK_FALSE(p.a.packed);
    CHECK(p.b.data == v.copy(0, 4));
    CHECK(p.b.packed);
    CHECK(p.ldb == 5);
    // 3 rows of 2 numbers, 9 apart: the last ends with the vector, 10 apart: behind it.
    CHECK(ctp::backend::cuda::with_weight_copies<Rounding>(product(transposed, 3, 2, 9)).b.packed);
    CHECK_FALSE(ctp::backend::cuda::with_weight_copies<Rounding>(product(transposed, 3, 2, 10)).b.packed);
  }
  Product left = product(true, 4, 5, 5);
  std::swap(left.a, left.b);
  std::swap(left.lda, left.ldb);
  left.transpose_a = true;  // [k, m] is [5, 2], 5 apart: the last row begins at 20, but four numbers come before
  CHECK_FALSE(ctp::backend::cuda::with_weight_copies<Rounding>(left).a.packed);
  left.lda = 4;
  CHECK(ctp::backend::cuda::with_weight_copies<Rounding>(left).a.data == v.copy(0, 4));
  copies.forget_last();
}

TEST_CASE("weight copies: a product that rounds nothing reads its operands themselves") {
  const Vectors v;
  WeightCopies& copies = WeightCopies::current();
  copies.add(Vectors::n, v.vector(0), v.copy(0));
  Product p;
  p.m = p.n = p.k = p.lda = p.ldb = 2;
  p.a = p.b = v.vector(0);
  CHECK_FALSE(ctp::backend::cuda::with_weight_copies<Plain>(p).b.packed);
  CHECK(ctp::backend::cuda::with_weight_copies<Rounding>(p).a.packed);
  CHECK(ctp::backend::cuda::with_weight_copies<Rounding>(p).b.packed);
  p.single = true;
  CHECK_FALSE(ctp::backend::cuda::with_weight_copies<Rounding>(p).b.packed);
  p.single = false;
  p.b = reinterpret_cast<const Packed*>(v.vector(0));  // already packed: the elements are not the vector's
  CHECK(ctp::backend::cuda::with_weight_copies<Rounding>(p).b.data == v.vector(0));
  copies.forget_last();
}

TEST_CASE("weight copies: the bias of a packed result is found, too") {
  Vectors v;
  WeightCopies& copies = WeightCopies::current();
  copies.add(Vectors::n, v.vector(0), v.copy(0));
  Product p;
  p.n = 4;
  p.bias = v.vector(0) + 20;
  CHECK(ctp::backend::cuda::with_weight_copies<Rounding>(p).packed_bias == nullptr);
  p.packed_d = reinterpret_cast<Packed*>(v.numbers.data());
  CHECK(ctp::backend::cuda::with_weight_copies<Rounding>(p).packed_bias == v.copy(0, 20));
  ++p.bias;
  CHECK(ctp::backend::cuda::with_weight_copies<Rounding>(p).packed_bias == nullptr);
  copies.forget_last();
}
