#include <ctp/core/error.hpp>

#include <stdexcept>
#include <type_traits>

#include <doctest/doctest.h>

using ctp::Complaint;
using ctp::ErrorCode;

TEST_CASE("error: a Complaint is one line of place, expected and found value, and remedy") {
  CHECK(Complaint{"a.json", "key \"b\"", "a number", "true", "remove the key"}.text() ==
        "a.json: key \"b\": expected a number, found true; remove the key");
}

TEST_CASE("error: a Complaint leaves out empty parts") {
  CHECK(Complaint{"a.json", "", "an object", "nothing", ""}.text() == "a.json: expected an object, found nothing");
  CHECK(Complaint{"a.json", "line 3", "a comma", "'}'", ""}.text() == "a.json: line 3: expected a comma, found '}'");
}

TEST_CASE("error: every kind has its exit code and keeps its message") {
  CHECK(ctp::UsageError("u").code() == ErrorCode::Usage);
  CHECK(ctp::DataError("d").code() == ErrorCode::Data);
  CHECK(ctp::NumericError("n").code() == ErrorCode::Numeric);
  CHECK(ctp::ResourceError("r").code() == ErrorCode::Resource);
  CHECK(ctp::ShapeError("s").code() == ErrorCode::Internal);
  CHECK_THROWS_WITH_AS(throw ctp::DataError("in this file"), "in this file", ctp::Error);
  CHECK_THROWS_AS(throw ctp::NumericError(""), std::runtime_error);
}

// Scripts rely on these numbers.
static_assert(int(ErrorCode::CheckFailed) == 1 && int(ErrorCode::Usage) == 2 && int(ErrorCode::Data) == 3 &&
              int(ErrorCode::Checkpoint) == 4 && int(ErrorCode::Numeric) == 5 && int(ErrorCode::Resource) == 6 &&
              int(ErrorCode::Peer) == 7 && int(ErrorCode::Internal) == 70 && int(ErrorCode::Interrupted) == 75);
static_assert(!std::is_convertible_v<const char*, ctp::UsageError>, "an error is made on purpose");
