#include <ctp/data/sample.hpp>

#include <string>

#include <doctest/doctest.h>

using ctp::data::can_name_file;

TEST_CASE("sample: an id is 1 to 200 bytes that can be a file name") {
  const std::string longest(200, 'a');
  for (const std::string& id :
       {std::string("a"), std::string("a.b"), std::string(" "), std::string("\xC3\xA9"), longest})
    CHECK(can_name_file(id));
  for (const std::string& id :
       {std::string(), std::string("."), std::string(".."), std::string("a..b"), std::string("a/b"),
        std::string("a\\b"), std::string("a\nb"), std::string("a\x7F"), std::string(1, '\0'), longest + "a"})
    CHECK_FALSE(can_name_file(id));
}
