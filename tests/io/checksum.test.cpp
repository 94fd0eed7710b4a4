#include <ctp/io/checksum.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace io = ctp::io;

namespace {
/// 3,000 bytes: 0, 7, 14, ... modulo 251.
std::string pattern() {
  std::string text(3000, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 % 251);
  return text;
}
}  // namespace

TEST_CASE("checksum: the values of the command xxhsum -H2") {
  CHECK(io::checksum_of("") == "99aa06d3014798d86001c324468d497f");
  CHECK(io::checksum_of("abc") == "06b05ab6733a618578af5f94892f3950");
  CHECK(io::checksum_of(pattern()) == "52f1edcfa554a923b3eacb6e81dd90f0");
}

TEST_CASE("checksum: pieces of any length give the sum of the whole, and a file that of its bytes") {
  const std::string text = pattern();
  for (const std::size_t length : std::vector<std::size_t>{1, 63, 64, 240, 241, 1024, 2999}) {
    io::Checksum sum;
    for (std::size_t at = 0; at < text.size(); at += length) sum.add(std::string_view(text).substr(at, length));
    CHECK(sum.text() == io::checksum_of(text));
  }
  const Scratch scratch;
  for (const std::size_t size : {std::size_t{0}, std::size_t{3000}, (std::size_t{2} << 20U) + 17}) {
    std::string content;
    while (content.size() < size) content += text;
    content.resize(size);
    put(scratch / "file", content);
    CHECK(io::checksum_of(io::InputFile(scratch / "file")) == io::checksum_of(content));
  }
}
