#include <ctp/train/parameters/kept_copy.hpp>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/tensor/buffer.hpp>

#include <support/simulated_cuda.hpp>

namespace {

using ctp::Index;
constexpr Index n = 1000;

/// A backend whose precision changes, and that counts vectors rounded as a whole.
struct Switched : ctp::test::SimulatedCuda<float, 7> {
  using Simulated = ctp::test::SimulatedCuda<float, 7>;
  static inline bool rounds = true;
  static inline int rounded = 0;
  static bool rounds_weights() { return rounds; }
  static bool round_weights(Index count, const float* theta) { return Simulated::round_weights(count, theta); }
  static void round_weights(Index count, const float* theta, std::uint16_t* copy) {
    ++rounded;
    Simulated::round_weights(count, theta, copy);
  }
};
static_assert(ctp::backend::KeepsWeightCopies<Switched>);

std::vector<float> numbers(float first) {
  std::vector<float> x;
  for (Index i = 0; i < n; ++i) x.push_back(first + 0.0123F * static_cast<float>(i % 37));
  return x;
}

struct Vectors {
  ctp::Buffer<float, Switched> theta{n}, other{n};
  ctp::KeptCopy<Switched> copy;

  Vectors() {
    Switched::rounded = 0;
    theta.assign(numbers(1));
    other.assign(numbers(-3));
    copy.refresh(n, theta.data());
  }
  /// Whether the copy is there, and that of the vector's values.
  [[nodiscard]] bool fresh() const {
    if (copy.fresh() == nullptr) return false;
    ctp::Buffer<std::uint16_t, Switched> expected(n);
    Switched::Simulated::round_weights(n, theta.data(), expected.data());
    const std::vector<std::uint16_t> found(copy.fresh(), copy.fresh() + n);
    CHECK(found == expected.to_host());
    return true;
  }
  void average(Index count) { Switched::average(count, 0.9F, other.data(), theta.data()); }
};

}  // namespace

TEST_CASE("kept copy: a vector is rounded when its copy is not fresh") {
  Vectors v;
  CHECK(v.fresh());
  v.copy.refresh(n, v.theta.data());
  CHECK(Switched::rounded == 1);
  v.copy.forget();
  CHECK_FALSE(v.fresh());
  v.theta.assign(numbers(2));
  v.copy.refresh(n, v.theta.data());
  CHECK(v.fresh());
  CHECK(Switched::rounded == 2);
}

TEST_CASE("kept copy: a change of all the places that were announced leaves it fresh") {
  Vectors v;
  v.copy.change(n, v.theta.data(), n, [&] { v.average(n); });
  CHECK(v.fresh());
  v.copy.change(n, v.theta.data(), 600, [&] { v.average(600); });
  CHECK(v.fresh());
  v.copy.change(n, v.theta.data(), 0, [] {});
  CHECK(v.fresh());
  CHECK(Switched::rounded == 1);
}

TEST_CASE("kept copy: any other change, and an error, forget it") {
  Vectors v;
  v.copy.change(n, v.theta.data(), n, [&] { v.average(600); });
  CHECK_FALSE(v.fresh());
  v.copy.refresh(n, v.theta.data());
  v.copy.change(n, v.theta.data(), n, [&] { v.theta.assign(numbers(5)); });
  CHECK_FALSE(v.fresh());
  v.copy.refresh(n, v.theta.data());
  CHECK_THROWS(v.copy.change(n, v.theta.data(), n, [&] {
    v.average(n);
    throw std::runtime_error("no");
  }));
  CHECK_FALSE(v.fresh());
  v.copy.change(n, v.theta.data(), n, [&] { v.average(n); });  // a change makes no copy fresh
  CHECK_FALSE(v.fresh());
}

TEST_CASE("kept copy: a change that the device skips leaves vector and copy as they were") {
  Vectors v;
  const std::vector<float> before = v.theta.to_host();
  ctp::Buffer<std::int32_t, Switched> flag(1);
  flag.assign(std::vector<std::int32_t>{1});
  v.copy.change(n, v.theta.data(), n, [&] { Switched::skip_if(flag.data(), [&] { v.average(n); }); });
  CHECK(v.theta.to_host() == before);
  CHECK(v.fresh());
}

TEST_CASE("kept copy: there is none while products round no weights, and on a backend that keeps none") {
  Vectors v;
  Switched::rounds = false;
  v.copy.refresh(n, v.theta.data());
  CHECK_FALSE(v.fresh());
  v.theta.assign(numbers(7));
  Switched::rounds = true;
  v.copy.refresh(n, v.theta.data());
  CHECK(v.fresh());

  const std::vector<float> theta = numbers(1);
  ctp::KeptCopy<ctp::Cpu> none;
  none.refresh(n, theta.data());
  CHECK(none.fresh() == nullptr);
  int calls = 0;
  none.change(n, theta.data(), n, [&] { ++calls; });
  CHECK(calls == 1);
  CHECK(none.fresh() == nullptr);
}
