// Skipping of work by a flag in the backend's memory, with simulated threads or, with CTP_TEST_BACKENDS, on a device.
#include <ctp/backend/cuda/kernel/skip_flag.hpp>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/concepts.hpp>
#include <ctp/tensor/buffer.hpp>

#ifndef CTP_TEST_BACKENDS
#include <support/simulated_cuda.hpp>
#define CTP_TEST_BACKENDS ctp::test::SimulatedCuda<float>
#endif

namespace {

using Values = std::vector<float>;
using SkipFlag = ctp::backend::cuda::SkipFlag;

template <class B>
struct Memory {
  ctp::Buffer<float, B> x{4}, y{4}, w{16};
  ctp::Buffer<std::int32_t, B> skip_flag{1};
  Memory() {
    x.assign(Values{1, 2, 3, 4});
    y.assign(Values{5, 6, 7, 8});
    w.assign(Values(16, 1));
  }
  void stop(std::int32_t how) { skip_flag.assign(std::vector<std::int32_t>{how}); }
};

/// One launch of each kind.
template <class B>
void work(Memory<B>& m) {
  B::fill(1, 9.F, m.x.data());                                                                  // a kernel
  B::zero(m.x.data() + 1, 1);                                                                   // memory
  B::copy(m.y.data(), 1, m.x.data() + 2);                                                       // memory
  B::product(false, false, 1, 1, 4, 1.F, m.y.data(), 4, m.w.data(), 1, false, m.x.data() + 3);  // a product
}

struct Stop {
  std::int32_t* flag;
  CTP_HD void operator()(ctp::Index) const { *flag = 1; }
};
struct Half {
  CTP_HD double value(ctp::Index, float x) const { return 0.5 * static_cast<double>(x); }
  CTP_HD float gradient(ctp::Index, float x) const { return x; }
};

}  // namespace

TEST_CASE_TEMPLATE("skip flag: work runs while the flag is 0 and is skipped afterwards", B, CTP_TEST_BACKENDS) {
  Memory<B> m;
  B::skip_if(m.skip_flag.data(), [&] { work(m); });
  CHECK(m.x.to_host() == Values{9, 0, 5, 26});
  m.x.assign(Values{1, 2, 3, 4});
  m.stop(1);
  B::skip_if(m.skip_flag.data(), [&] { work(m); });
  CHECK(m.x.to_host() == Values{1, 2, 3, 4});
  work(m);  // outside skip_if() the flag has no effect
  CHECK(m.x.to_host() == Values{9, 0, 5, 26});
}

TEST_CASE_TEMPLATE("skip flag: each launch reads the flag when it would run, also if the work sets the flag", B,
                   CTP_TEST_BACKENDS) {
  Memory<B> m;
  typename B::Capture recording;
  recording.capture([&] { B::skip_if(m.skip_flag.data(), [&] { B::add_scaled(1, 1.F, m.y.data(), m.x.data()); }); });
  recording.replay();
  CHECK(m.x.to_host()[0] == 6);
  m.stop(7);
  recording.replay();
  CHECK(m.x.to_host()[0] == 6);
  m.stop(0);
  recording.replay();
  CHECK(m.x.to_host()[0] == 11);
  B::skip_if(m.skip_flag.data(), [&] {
    B::for_each(1, Stop{m.skip_flag.data()});
    B::fill(1, 0.F, m.x.data());
  });
  CHECK(m.x.to_host()[0] == 11);
}

TEST_CASE_TEMPLATE("skip flag: skip_if() ends with its work, also if nested or if the work throws", B,
                   CTP_TEST_BACKENDS) {
  Memory<B> m;
  ctp::Buffer<std::int32_t, B> inner(1);
  B::skip_if(m.skip_flag.data(), [&] {
    CHECK(SkipFlag::flag() == m.skip_flag.data());
    B::skip_if(inner.data(), [&] { CHECK(SkipFlag::flag() == inner.data()); });
    CHECK(SkipFlag::flag() == m.skip_flag.data());
  });
  CHECK(SkipFlag::flag() == nullptr);
  CHECK_THROWS_AS(B::skip_if(inner.data(), [] { throw std::runtime_error("work"); }), std::runtime_error);
  CHECK(SkipFlag::flag() == nullptr);
}

TEST_CASE_TEMPLATE("skip flag: sums and probes in the backend's memory have the bits of the host's results", B,
                   CTP_TEST_BACKENDS) {
  constexpr ctp::Index n = 200'000;
  ctp::Buffer<float, B> x(n);
  ctp::Buffer<double, B> to(2);
  Values values(n);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 97) * 0.37F;
  x.assign(values);
  const auto waits = [] {
    if constexpr (requires { B::downloads(); })
      return B::downloads();
    else
      return 0;
  };
  const int before = waits();
  B::sum_terms(n, x.data(), Half{}, to.data());
  B::probe_finite(n, x.data(), to.data() + 1);
  CHECK(waits() == before);
  CHECK(to.to_host()[0] == B::sum_terms(n, x.data(), Half{}));
  CHECK(to.to_host()[1] == 0);
  values[150'000] = INFINITY;
  x.assign(values);
  B::probe_finite(n, x.data(), to.data() + 1);
  CHECK(std::isnan(to.to_host()[1]));
  B::probe_finite(0, x.data(), to.data() + 1);
  CHECK(to.to_host()[1] == 0);
}
