#include <ctp/momentum/ema.hpp>

#include <array>

#include <doctest/doctest.h>

#include <ctp/backend/generic/host.hpp>
#include <ctp/momentum/view.hpp>

namespace {
struct Host : ctp::backend::generic::Host<Host, double> {};
using View = ctp::momentum::View<Host, false>;
}  // namespace

static_assert(ctp::momentum::Ema::active && ctp::momentum::Ema::needs.previous == ctp::Output::Nothing);

TEST_CASE("ema: keeps the share 'decay' of the slow weights and takes the rest from the online weights") {
  std::array<double, 3> slow{8, 0, -4};
  const std::array<double, 3> online{0, 4, -4};

  ctp::momentum::Ema{.decay = 0.75}.update(View({.size = 3, .slow = slow.data(), .online = online.data()}));

  CHECK(slow == std::array<double, 3>{6, 1, -4});
}

TEST_CASE("ema: a decay of 0 copies the online weights, a decay of 1 changes nothing") {
  std::array<double, 1> slow{8};
  const std::array<double, 1> online{3};

  ctp::momentum::Ema{.decay = 1}.update(View({.size = 1, .slow = slow.data(), .online = online.data()}));
  CHECK(slow[0] == 8);
  ctp::momentum::Ema{.decay = 0}.update(View({.size = 1, .slow = slow.data(), .online = online.data()}));
  CHECK(slow[0] == 3);
}
