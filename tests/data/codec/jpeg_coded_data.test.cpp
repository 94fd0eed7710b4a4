#include <ctp/data/codec/jpeg_coded_data.hpp>

#include <cstddef>
#include <span>
#include <string>

#include <doctest/doctest.h>

#include <ctp/data/codec/decode_jpeg.hpp>
#include <ctp/data/codec/decode_stb.hpp>

#include <data/golden_images.hpp>
#include <data/picture_files.hpp>

namespace data = ctp::data;
using picture::Bytes;
using picture::has;
using picture::refusal;

namespace {

const auto check = [](const Bytes& bytes, const std::string& file, const data::DecodeLimits& limits) {
  data::detail::require_coded_data(data::detail::jpeg_structure(bytes, file, limits), file);
};
const auto with_stb = [](const Bytes& bytes, const std::string& file, const data::DecodeLimits& limits) {
  return data::detail::decode_with_stb(bytes, file, limits);
};

}  // namespace

TEST_CASE("jpeg coded data: every block of the golden pictures is there, and the last byte is padded with ones") {
  for (auto& line : golden::lines("decode")) {
    std::string file;
    line >> file;
    if (!file.ends_with(".jpg")) continue;
    CAPTURE(file);
    CHECK(refusal(check, golden::read(file)).empty());
  }
}

TEST_CASE("jpeg coded data: a scan cut anywhere is refused, with and without libjpeg") {
  for (const char* name : {"baseline_444.jpg", "baseline_420.jpg", "grey.jpg", "restart_420.jpg", "cmyk.jpg"}) {
    CAPTURE(name);
    const Bytes whole = golden::read(name);
    const std::size_t scan = picture::find(whole, {0xFF, 0xDA});
    for (std::size_t end = scan + 20; end + 3 < whole.size(); end += 5) {
      if (whole[end - 1] == std::byte{0xFF}) continue;
      CAPTURE(end);
      Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(end));
      cut.insert(cut.end(), {std::byte{0xFF}, std::byte{0xD9}});
      CHECK_FALSE(refusal(check, cut).empty());
      CHECK_FALSE(refusal(with_stb, cut).empty());
    }
  }
}

TEST_CASE("jpeg coded data: the last scans of a progressive file may be absent, a part of a scan may not") {
  const Bytes whole = golden::read("progressive_444.jpg");
  std::size_t last = 0;
  for (std::size_t at = 0; at + 1 < whole.size(); ++at) {
    if (whole[at] == std::byte{0xFF} && whole[at + 1] == std::byte{0xDA}) last = at;
  }
  Bytes half(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>((last + whole.size()) / 2));
  half.insert(half.end(), {std::byte{0xFF}, std::byte{0xD9}});
  CHECK(has(refusal(check, half), "too little picture data"));
  CHECK(has(refusal(with_stb, half), "too little picture data"));
}

TEST_CASE("jpeg coded data: what is left over behind damaged data is not taken for stray bytes") {
  Bytes file = golden::read("baseline_420.jpg");
  const std::size_t scan = picture::find(file, {0xFF, 0xDA});
  for (std::size_t at = scan + 14; at + 2 < file.size(); ++at) file[at] = std::byte{0xFE};
  CHECK_FALSE(refusal(check, file).empty());
  CHECK_FALSE(refusal(with_stb, file).empty());
#if defined(CTP_HAVE_LIBJPEG)
  const auto with_libjpeg = [](const Bytes& bytes, const std::string& name, const data::DecodeLimits& limits) {
    return data::detail::decode_with_libjpeg(bytes, name, limits);
  };
  CHECK_FALSE(refusal(with_libjpeg, file).empty());
#endif
}
