#include <ctp/backend/generic/memory.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference.hpp>

TEST_CASE_TEMPLATE("memory: upload and download convert and return the same numbers", B, CTP_TEST_BACKENDS) {
  using Real = typename B::Real;
  auto memory = B::allocate(5 * sizeof(Real));
  auto* p = reinterpret_cast<Real*>(memory.get());
  const std::vector<float> in = {1.5F, -2, 0, 3e30F, 7};
  B::upload(in.data(), 5, p);
  std::vector<double> out(5);
  B::download(p, 5, out.data());
  CHECK(out == std::vector<double>(in.begin(), in.end()));
}

TEST_CASE_TEMPLATE("memory: copy and zero change the given elements only", B, CTP_TEST_BACKENDS) {
  auto a = reference::put<B>({1, 2, 3, 4, 5}), b = reference::put<B>({6, 7, 8, 9, 10});
  B::copy(a.data() + 1, 3, b.data());
  CHECK(b.template to_host<double>() == std::vector<double>{2, 3, 4, 9, 10});
  B::zero(b.data() + 1, 2);
  CHECK(b.template to_host<double>() == std::vector<double>{2, 0, 0, 9, 10});
  B::copy(a.data(), 0, b.data());
  B::zero(b.data(), 0);
  CHECK(b.template to_host<double>() == std::vector<double>{2, 0, 0, 9, 10});
}

TEST_CASE_TEMPLATE("memory: integers are copied and zeroed like Real", B, CTP_TEST_BACKENDS) {
  auto a = reference::put_as_is<B>(std::vector<std::int32_t>{1, -2, 3});
  ctp::Buffer<std::int32_t, B> b(3);
  B::copy(a.data(), 3, b.data());
  B::zero(b.data(), 1);
  CHECK(b.to_host() == std::vector<std::int32_t>{0, -2, 3});
}
