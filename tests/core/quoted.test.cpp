#include <ctp/core/quoted.hpp>

#include <string>

#include <doctest/doctest.h>

TEST_CASE("quoted: text for messages is one short line and keeps UTF-8 characters whole") {
  CHECK(ctp::quoted("a\nb") == R"("a\nb")");
  CHECK(ctp::quoted("中中中", 5) == "\"中\"... (9 bytes)");
  CHECK(ctp::quoted(std::string(500, 'x'), 3) == "\"xxx\"... (500 bytes)");
}
