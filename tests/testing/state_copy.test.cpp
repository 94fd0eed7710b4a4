#include <ctp/testing/state_copy.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/core/error.hpp>
#include <ctp/tensor/buffer.hpp>

using ctp::testing::StateCopy;

namespace {
using B = ctp::BasicCpu<float>;

struct State {
  double number = 1;
  ctp::Buffer<float, B> buffer{3};
  std::vector<std::uint32_t> list{4, 5};
  const char* last = "list";

  template <class Archive>
  void visit(Archive& archive) {
    archive("number", number);
    archive("buffer", buffer);
    archive(last, list);
  }
};
}  // namespace

TEST_CASE("state copy: a number, a buffer and a list are compared and restored by name") {
  State a;
  const StateCopy before(a);
  CHECK(before.names() == "\"number\", \"buffer\", \"list\"");
  CHECK(before.changed_in(StateCopy(a)).empty());
  a.number = 2;
  a.buffer.data()[2] = 7;
  a.list.push_back(6);
  CHECK(before.changed_in(StateCopy(a)) == std::vector<std::string>{"number", "buffer", "list"});

  State b;
  b.buffer = ctp::Buffer<float, B>(1);
  StateCopy(a).restore(b);
  CHECK(b.number == 2);
  CHECK(b.buffer.to_host() == std::vector<float>{0, 0, 7});
  CHECK(b.list == std::vector<std::uint32_t>{4, 5, 6});
  before.restore(b);
  CHECK(before.changed_in(StateCopy(b)).empty());
  CHECK(b.list == std::vector<std::uint32_t>{4, 5});
}

TEST_CASE("state copy: two members of one name are found, and other members are refused") {
  State a;
  CHECK(StateCopy(a).name_of_two().empty());
  const StateCopy before(a);
  a.last = "number";
  CHECK(StateCopy(a).name_of_two() == "number");
  CHECK_THROWS_WITH_AS(before.restore(a), "visit: expected the members that an equal State visits, found 'number'",
                       ctp::UsageError);
}
