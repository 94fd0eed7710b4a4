#include <ctp/data/codec/decode.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/codec/encode.hpp>

#include <data/golden_images.hpp>
#include <data/picture_files.hpp>

namespace data = ctp::data;
using picture::Bytes;
using picture::has;
using picture::refusal;

namespace {

const auto decode = [](const Bytes& bytes, const std::string& file, const data::DecodeLimits& limits) {
  return data::decode_image(bytes, file, limits);
};

}  // namespace

TEST_CASE("decode: libjpeg-turbo and libpng give Pillow's pixels to the last bit") {
  for (auto& line : golden::lines("decode")) {
    std::string file;
    std::size_t at = 0;
    int width = 0, height = 0;
    line >> file >> at >> width >> height;
    CAPTURE(file);
#if !defined(CTP_HAVE_LIBJPEG)
    if (file.ends_with(".jpg")) continue;  // stb_image, see decode_stb.test.cpp
#endif

    CHECK(data::decode_image(golden::read(file), file) == golden::expected_image(at, width, height));
  }
}

TEST_CASE("decode: a file truncated at any byte is refused by name") {
  for (const std::string& name : picture::kinds()) {
    const Bytes whole = golden::read(name);
    CAPTURE(name);
    REQUIRE(refusal(decode, whole).empty());
    for (std::size_t length = 0; length < whole.size(); ++length) {
      CAPTURE(length);
      const std::string why =
          refusal(decode, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
      REQUIRE(has(why, "x.jpg: expected "));
    }
  }
}

TEST_CASE("decode: the content decides the type, and the error names other types") {
  using picture::bytes;
  const auto found = [](const Bytes& file) {
    const std::string why = refusal(decode, file);
    const auto from = why.find("found "), to = why.find(';');
    return from == std::string::npos ? why : why.substr(from + 6, to - from - 6);
  };

  CHECK(found(bytes("")) == "an empty file");
  CHECK(found(bytes("\n <!DOCTYPE HTML>\n<html>")) == "an HTML page");
  CHECK(found(bytes("<!-- --><HTML><body>404")) == "an HTML page");
  CHECK(found(bytes(std::string_view("RIFF\x24\0\0\0WEBPVP8 ", 16))) == "a WebP image");
  CHECK(found(bytes("GIF89a")) == "a GIF image");
  CHECK(found(bytes(std::string_view("\0\0\0\x20"
                                     "ftypavif",
                                     12))) == "an AVIF or HEIC image, or a video");
  CHECK(found(bytes("{\"error\":404}")) == "JSON text");
  CHECK(found(bytes("Not Found")) == "text");
  CHECK(found(bytes(std::string_view("\0\1\2", 3))) == "bytes of no known kind");
  CHECK(found(bytes("<?xml version='1.0'?><svg xmlns=''/>")) == "an SVG drawing");
  CHECK(refusal(decode, bytes("<html>")) ==
        "x.jpg: expected a JPEG or PNG image, found an HTML page; convert it to JPEG or PNG, or remove it; the content "
        "counts, not the file's name");
  // A PNG named .jpg is a PNG.
  CHECK(data::decode_image(golden::read("rgb.png"), "picture.jpg").width == 33);
}

TEST_CASE("decode: a header with more pixels than the limit is refused before decoding") {
  for (const char* name : {"baseline_420.jpg", "progressive_420.jpg", "rgb.png"}) {
    CAPTURE(name);
    const auto start = std::chrono::steady_clock::now();
    const std::string why = refusal(decode, picture::resized_header(name, 60'000, 60'000));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;

    CHECK(why ==
          "x.jpg: image size: expected at most 89478485 pixels, found 60000 x 60000; scale the picture down, remove "
          "the file, or raise the limit max_pixels");
    CHECK(taken.count() < 0.1);
    CHECK(has(refusal(decode, picture::resized_header(name, 16'385, 1)), "found 16385 x 1;"));
    CHECK(has(refusal(decode, picture::resized_header(name, 1, 16'385)), "found 1 x 16385;"));
    CHECK(has(refusal(decode, picture::resized_header(name, 9460, 9460)), "found 9460 x 9460;"));
    CHECK(has(refusal(decode, picture::resized_header(name, 0, 5)), "found 0 x 5;"));
  }
  CHECK(has(refusal(decode, picture::resized_header("rgb.png", 0x7FFFFFFF, 0x7FFFFFFF)), "image size: "));
  CHECK(has(refusal(decode, picture::resized_header("rgb.png", 0xFFFFFFFF, 0xFFFFFFFF)), "image size: "));
  CHECK(has(refusal(decode, golden::read("rgb.png"), {.max_pixels = 33 * 21 - 1}), "found 33 x 21;"));
  CHECK(refusal(decode, golden::read("rgb.png"), {.max_pixels = 33 * 21}).empty());
}

TEST_CASE("decode: long pictures are limited by their pixels, not by a side") {
  for (const auto& [width, height] : {std::pair{20, 17'000}, std::pair{65'535, 5}, std::pair{4, 65'535}}) {
    CAPTURE(width);
    data::Image drawn(width, height, 90);
    std::fill_n(drawn.pixel(width / 2, height - 1), 3, std::uint8_t{250});
    CHECK(data::decode_image(data::encode_png(drawn), "strip.png") == drawn);
    const data::Image read = data::decode_image(data::encode_jpeg(drawn, 95), "strip.jpg");
    CHECK(read.width == width);
    CHECK(read.height == height);
    CHECK(int{read.pixel(0, 0)[0]} == doctest::Approx(90).epsilon(0.05));
  }
  const data::Image line(16'384, 1, 7);
  CHECK(data::decode_image(data::encode_png(line), "line.png") == line);
  CHECK(has(refusal(decode, data::encode_png(data::Image(16'385, 1, 7))),
            "image size: expected one side at most 16384 times the other, found 16385 x 1; "));
  CHECK(has(refusal(decode, data::encode_png(data::Image(8, 33, 7)), {.max_ratio = 4}), "found 8 x 33;"));
  CHECK(refusal(decode, data::encode_png(data::Image(8, 32, 7)), {.max_ratio = 4}).empty());
}

TEST_CASE("decode: too many scans are refused, the permitted number is not") {
  const Bytes file = golden::read("progressive_444.jpg");
  const std::size_t first = picture::find(file, {0xFF, 0xDA}), second = picture::find(file, {0xFF, 0xC4}, first);
  Bytes many(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(first));
  for (int i = 0; i < 1000; ++i) {
    many.insert(many.end(), file.begin() + static_cast<std::ptrdiff_t>(first),
                file.begin() + static_cast<std::ptrdiff_t>(second));
  }
  many.insert(many.end(), file.begin() + static_cast<std::ptrdiff_t>(second), file.end());

  CHECK(has(refusal(decode, many), "more than 100 scans"));
  CHECK(has(refusal(decode, file, {.max_scans = 9}), "more than 9 scans"));
  CHECK(refusal(decode, file, {.max_scans = 10}).empty());
}

#if defined(CTP_HAVE_LIBJPEG)
TEST_CASE("decode: incomplete coded data is refused although the file has an end marker") {
  Bytes file = golden::read("baseline_420.jpg");
  file.erase(file.end() - 200, file.end() - 2);

  CHECK(has(refusal(decode, file), "'Corrupt JPEG data: premature end of data segment'"));
}
#endif

TEST_CASE("decode: damaged files give a picture or a DataError, no other outcome") {
  const auto tally = picture::decode_damaged(decode, 4000, 1);

  CHECK(tally.refused > 1000);
  CHECK(tally.accepted > 100);
}
