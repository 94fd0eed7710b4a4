// Fingerprint: the published values of FNV-1a, and parts that count with their lengths.
#include <string_view>

#include <doctest/doctest.h>
#include <ctp/core/fingerprint.hpp>

namespace {

// FNV-1a of a text alone, without its length: h = (h ^ byte) * prime.
std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t h = 14695981039346656037U;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return h;
}

}  // namespace

TEST_CASE("fingerprint: FNV-1a of the text and its length in eight bytes") {
  using namespace std::string_view_literals;
  CHECK(fnv1a("foobar") == 0x85944171F73967E8U);  // a published test value of FNV-1a
  CHECK(ctp::Fingerprint().value() == 0xCBF29CE484222325U);
  CHECK(ctp::Fingerprint().add("foobar").value() == fnv1a("foobar\6\0\0\0\0\0\0\0"sv));
  CHECK(ctp::Fingerprint().text() == "cbf29ce484222325");
}

TEST_CASE("fingerprint: the border between two parts counts") {
  CHECK(ctp::Fingerprint().add("ab").add("c").value() != ctp::Fingerprint().add("a").add("bc").value());
  CHECK(ctp::Fingerprint().add("ab").add("c").value() == ctp::Fingerprint().add("ab").add("c").value());
  CHECK(ctp::Fingerprint().add("").value() != ctp::Fingerprint().value());
}
