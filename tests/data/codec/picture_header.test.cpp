#include <ctp/data/codec/picture_header.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/codec/decode.hpp>

#include <data/golden_alpha.hpp>
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

TEST_CASE("picture header: the size of WebP, GIF and BMP is that of the decoded picture") {
  for (const std::string ending : {".webp", ".gif", ".bmp"}) {
    for (const auto& one : golden::alpha_cases(ending)) {
      CAPTURE(one.name);
      const auto header = header_of(one.file);
      if (!ctp::data::is_decoded(ctp::data::image_type(one.file))) {
        CHECK_FALSE(header);
        continue;
      }
      REQUIRE(header);
      CHECK(header->width == one.rgb.width);
      CHECK(header->height == one.rgb.height);
      const bool runs = ending == ".bmp" && (one.file[30] == std::byte{1} || one.file[30] == std::byte{2});
      CHECK(header->ends == !runs);  // whether run-length codes give all pixels is seen when they are unpacked
    }
  }
}

TEST_CASE("picture header: a WebP, GIF or BMP file that ends early is decoded") {
  for (const auto& one : golden::alpha_cases("")) {
    if (one.name.ends_with(".png")) continue;
    CAPTURE(one.name);
    for (std::size_t length = 0; length < one.file.size(); length += one.file.size() > 1500 ? 37 : 1) {
      CAPTURE(length);
      const Bytes cut(one.file.begin(), one.file.begin() + static_cast<std::ptrdiff_t>(length));
      const auto header = header_of(cut);
      if (header && header->ends) CHECK(ctp::data::decode_image(cut, one.name) == one.rgb);
    }
  }
  Bytes gif = picture::bytes("GIF89a");
  for (const int byte : {4, 0, 4, 0, 0, 0, int{';'}}) gif.push_back(static_cast<std::byte>(byte));
  CHECK_FALSE(header_of(gif));
  for (const int width : {2, 3}) {
    Bytes bmp = picture::bytes("BM");
    for (const int byte : {0, 0, 0, 0, 0, 0, 0, 0, 26, 0, 0, 0, 12, 0, 0, 0, width, 0, 2, 0, 1, 0, 24, 0})
      bmp.push_back(static_cast<std::byte>(byte));
    REQUIRE(header_of(bmp));
    CHECK_FALSE(header_of(bmp)->ends);
    const std::size_t last = static_cast<std::size_t>(width == 2 ? 8 + 6 : 12 + 9);  // rows are filled to four bytes
    bmp.resize(26 + last);
    CHECK(header_of(bmp)->ends);
    bmp.pop_back();
    CHECK_FALSE(header_of(bmp)->ends);
  }
}

TEST_CASE("picture header: what the decoder refuses by its header does not pass") {
  CHECK(header_of(picture::resized_header("baseline_444.jpg", 65'500, 100)));
  CHECK_FALSE(header_of(picture::resized_header("baseline_444.jpg", 65'501, 100)));
  CHECK_FALSE(header_of(picture::resized_header("baseline_444.jpg", 100, 65'535)));
  Bytes sampling = golden::read("baseline_444.jpg");
  sampling[picture::find(sampling, {0xFF, 0xC0}) + 11] = std::byte{0};
  CHECK_FALSE(header_of(sampling));
  Bytes segment = with_comments(golden::read("baseline_444.jpg"), 3, 1);
  CHECK(header_of(segment));
  segment[3] = std::byte{0xF0};
  CHECK_FALSE(header_of(segment));

  const auto with_kind = [](int depth, int colour, int interlacing) {
    Bytes file = golden::read("rgb.png");
    file[24] = static_cast<std::byte>(depth);
    file[25] = static_cast<std::byte>(colour);
    file[28] = static_cast<std::byte>(interlacing);
    const std::uint32_t sum = ctp::data::detail::png_checksum(std::span(file).subspan(12, 17));
    for (unsigned k = 0; k < 4; ++k) file[29 + k] = static_cast<std::byte>((sum >> (24 - 8 * k)) & 255U);
    return file;
  };
  CHECK(header_of(with_kind(8, 2, 0))->ends);
  CHECK(header_of(with_kind(16, 6, 1))->ends);
  for (const auto& [depth, colour] :
       {std::pair{3, 2}, {4, 2}, {16, 3}, {2, 4}, {8, 1}, {8, 5}, {8, 7}, {0, 0}, {32, 2}})
    CHECK_FALSE(header_of(with_kind(depth, colour, 0)));
  CHECK_FALSE(header_of(with_kind(8, 2, 2)));
  REQUIRE(header_of(with_kind(8, 3, 0)));
  CHECK_FALSE(header_of(with_kind(8, 3, 0))->ends);  // no palette

  Bytes empty = golden::read("rgb.png");  // without picture data
  const std::size_t data = picture::find(empty, {'I', 'D', 'A', 'T'});
  empty[data] = std::byte{'i'};
  REQUIRE(header_of(empty));
  CHECK_FALSE(header_of(empty)->ends);
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
