// Checks of a decoder against the golden pictures of one type: pixels, truncation, damage.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

#include <ctp/core/philox.hpp>

#include <data/golden_alpha.hpp>
#include <data/picture_files.hpp>

namespace picture {

/// The pixels equal Pillow's convert("RGB"), and the limit on pixels holds. `type`: suffix of the golden files.
template <class Decode>
void check_pixels(const Decode& decode, const char* type) {
  for (const auto& one : golden::alpha_cases(type)) {
    CAPTURE(one.name);
    CHECK(decode(one.file, one.name, {}) == one.rgb);
    CHECK(has(refusal(decode, one.file, {.max_pixels = one.rgb.width * one.rgb.height - 1}), "x.jpg: image size: "));
  }
}

/// Every beginning of a file is refused, or gives all pixels.
template <class Decode>
void check_truncated(const Decode& decode, const char* type) {
  for (const auto& one : golden::alpha_cases(type)) {
    CAPTURE(one.name);
    for (std::size_t length = 12; length < one.file.size(); length += one.file.size() > 1500 ? 13 : 1) {
      CAPTURE(length);
      const Bytes cut(one.file.begin(), one.file.begin() + static_cast<std::ptrdiff_t>(length));
      const std::string why = refusal(decode, cut);
      if (!why.empty()) {
        CHECK(has(why, "x.jpg: "));
      } else {
        CHECK(decode(cut, one.name, {}) == one.rgb);
      }
    }
    if (one.name.starts_with("animated") || one.name == "comment.gif") continue;  // the first frame may be there
    CHECK_FALSE(refusal(decode, Bytes(one.file.begin(),
                                      one.file.begin() + static_cast<std::ptrdiff_t>(one.file.size() * 2 / 3)))
                    .empty());
  }
}

/// Random damage gives a picture or a DataError; both occur.
template <class Decode>
void check_damaged(const Decode& decode, const char* type) {
  const auto cases = golden::alpha_cases(type);
  ctp::RandomSubstream random(ctp::RandomStream(5, "damage"), {});
  int refused = 0, accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    Bytes file = cases[random.below(static_cast<std::uint32_t>(cases.size()))].file;
    for (std::uint32_t n = 1 + random.below(4); n > 0; --n) {
      const std::size_t at = random.below(2) == 0
                                 ? random.below(static_cast<std::uint32_t>(std::min<std::size_t>(60, file.size())))
                                 : random.below(static_cast<std::uint32_t>(file.size()));
      file[at] = random.below(2) == 0 ? static_cast<std::byte>(random.below(256))
                                      : file[at] ^ static_cast<std::byte>(1U << random.below(8));
    }
    (refusal(decode, file, {.max_pixels = 1'000'000}).empty() ? accepted : refused) += 1;
  }
  CHECK(refused > 100);
  CHECK(accepted > 100);
}

}  // namespace picture
