#include <ctp/momentum/compatible.hpp>

#include <array>

#include <doctest/doctest.h>

#include <ctp/backend/generic/host.hpp>
#include <ctp/momentum/view.hpp>

namespace {
struct Host : ctp::backend::generic::Host<Host, double> {};
using View = ctp::momentum::View<Host, true>;
}  // namespace

static_assert(ctp::momentum::Compatible::needs.previous == ctp::Output::Weights);

TEST_CASE("compatible: the rest of the average is half the online and half the previous weights") {
  std::array<double, 2> slow{8, 1};
  const std::array<double, 2> online{4, 0}, previous{12, -8};

  ctp::momentum::Compatible{.decay = 0.5}.update(
      View({.size = 2, .slow = slow.data(), .online = online.data(), .previous = previous.data()}));

  CHECK(slow == std::array<double, 2>{0.5 * 8 + 0.25 * (4 + 12), 0.5 * 1 + 0.25 * (0 - 8)});
}

TEST_CASE("compatible: without a previous model, an average with the first task's decay") {
  std::array<double, 1> slow{8};
  const std::array<double, 1> online{4};

  ctp::momentum::Compatible{.decay = 0.5, .first_task_decay = 0.75}.update(
      View({.size = 1, .slow = slow.data(), .online = online.data()}));

  CHECK(slow[0] == 7);
}

TEST_CASE("compatible: the decays are the published 0.9 and 0.995") {
  std::array<double, 1> first{1}, later{1};
  const std::array<double, 1> zero{0};

  ctp::momentum::Compatible{}.update(View({.size = 1, .slow = first.data(), .online = zero.data()}));
  ctp::momentum::Compatible{}.update(
      View({.size = 1, .slow = later.data(), .online = zero.data(), .previous = zero.data()}));

  CHECK(first[0] == doctest::Approx(0.995));
  CHECK(later[0] == doctest::Approx(0.9));
}
