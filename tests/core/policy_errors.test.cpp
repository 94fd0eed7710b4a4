#include <ctp/core/policy_errors.hpp>

#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using ctp::detail::rethrow_in_name_of;

namespace {
template <class Thrown>
void fail_in(const char* policy, const Thrown& thrown) {
  try {
    throw thrown;
  } catch (...) {
    rethrow_in_name_of(policy);
  }
}
}  // namespace

TEST_CASE("policy errors: a wrong shape or a wrong call is led by the policy's name, once") {
  CHECK_THROWS_WITH_AS(fail_in("drift", ctp::ShapeError("add: a is [20,96] but b is [16,96]; shapes must agree")),
                       "drift: add: a is [20,96] but b is [16,96]; shapes must agree", ctp::ShapeError);
  CHECK_THROWS_WITH_AS(fail_in("drift", ctp::UsageError("Outputs: asked too late")), "drift: Outputs: asked too late",
                       ctp::UsageError);
  CHECK_THROWS_WITH_AS(fail_in("queue", ctp::UsageError("queue: shorter than a batch")), "queue: shorter than a batch",
                       ctp::UsageError);
  CHECK_THROWS_WITH_AS(fail_in("queue", ctp::UsageError("queues: too many")), "queue: queues: too many",
                       ctp::UsageError);
}

TEST_CASE("policy errors: other errors pass as they are") {
  CHECK_THROWS_WITH_AS(fail_in("drift", ctp::DataError("a.png: cut off")), "a.png: cut off", ctp::DataError);
  CHECK_THROWS_WITH_AS(fail_in("drift", std::logic_error("x")), "x", std::logic_error);
}
