#include <ctp/data/codec/picture_header.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <data/golden_images.hpp>
#include <data/picture_files.hpp>
#include <data/temporary_folder.hpp>

using ctp::data::PictureHeader;
using picture::Bytes;

namespace {

std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::optional<PictureHeader> header_of(const Bytes& bytes, const ctp::data::DecodeLimits& limits = {}) {
  const test::TemporaryFolder folder;
  const ctp::io::InputFile file(folder.write("x.bin", text_of(bytes)));
  return ctp::data::picture_header(file, std::span(bytes).first(std::min(bytes.size(), ctp::data::picture_start_bytes)),
                                   limits);
}

/// A JPEG file with a comment of `length` bytes behind its start marker, as many times as asked.
Bytes with_comments(Bytes file, std::size_t length, int times) {
  Bytes comment{std::byte{0xFF}, std::byte{0xFE}, static_cast<std::byte>((length + 2) >> 8U),
                static_cast<std::byte>((length + 2) & 255U)};
  comment.resize(length + 4, std::byte{'x'});
  for (int i = 0; i < times; ++i) file.insert(file.begin() + 2, comment.begin(), comment.end());
  return file;
}

}  // namespace

TEST_CASE("picture header: the size is that of the decoded picture, for every golden kind") {
  for (const std::string& name : picture::kinds()) {
    CAPTURE(name);
    const Bytes bytes = golden::read(name);
    const ctp::data::Image image = ctp::data::decode_image(bytes, name);
    const auto header = header_of(bytes);
    REQUIRE(header);
    CHECK(header->width == image.width);
    CHECK(header->height == image.height);
    CHECK(header->ends);
  }
}

TEST_CASE("picture header: a frame behind profiles longer than the first read is found") {
  const Bytes file = golden::read("baseline_420.jpg");
  const auto plain = header_of(file);
  REQUIRE(plain);
  for (const int times : {1, 3}) {
    const auto behind = header_of(with_comments(file, 60'000, times));
    REQUIRE(behind);
    CHECK(behind->width == plain->width);
    CHECK(behind->height == plain->height);
  }
  CHECK_FALSE(header_of(with_comments(file, 5'000, 80)));  // more than the reads that one file gets
}

TEST_CASE("picture header: a file that ends early never ends as its type demands, or has no header") {
  for (const std::string name : {"baseline_444.jpg", "rgb.png"}) {
    const Bytes whole = golden::read(name);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const auto header = header_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
      if (!header) continue;
      CAPTURE(name);
      CAPTURE(length);
      CHECK_FALSE(header->ends);
    }
  }
}

TEST_CASE("picture header: sizes above the limit and other types have no header") {
  const Bytes file = golden::read("baseline_444.jpg");
  CHECK(header_of(file));
  ctp::data::DecodeLimits tight;
  tight.max_pixels = 3;
  CHECK_FALSE(header_of(file, tight));
  CHECK_FALSE(header_of(picture::bytes("<html></html>")));
  CHECK_FALSE(header_of({}));
}
