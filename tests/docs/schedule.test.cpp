// The schedule of docs/policies/schedule.md.
#include <cstdint>

#include <doctest/doctest.h>

#include <ctp/optim/schedule/require.hpp>

namespace {

// clang-format off
// [halving]
// Halves the rate in the second half of a task.
struct Halving {
  double factor = 0.5;

  double rate(std::uint64_t step, std::uint64_t steps, const ctp::optim::Rates& rates) const {
    return 2 * step < steps ? rates.rate : factor * rates.rate;
  }
  template <class Visitor>
  void settings(Visitor& visitor) { visitor("factor", factor); }  // --set schedule.factor=...
};
// [halving]
// clang-format on

static_assert(ctp::optim::require_schedule<Halving>());

}  // namespace

TEST_CASE("docs: the schedule of schedule.md halves the rate in the second half of a task") {
  const ctp::optim::Rates rates{.rate = 1, .min_rate = 0};

  CHECK(Halving{}.rate(4, 10, rates) == 1);
  CHECK(Halving{}.rate(5, 10, rates) == 0.5);
  CHECK(Halving{.factor = 0.25}.rate(9, 10, rates) == 0.25);
}
