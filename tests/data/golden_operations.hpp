// The augmentation operations of tests/golden/images, run through any function of (name, picture, value).
#pragma once

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/codec/decode.hpp>

#include <data/golden_images.hpp>

namespace golden {

/// Checks every recorded operation whose name is in `names`, and that there is one for each name.
template <class Run>
void check_operations(const std::vector<std::string>& names, Run run) {
  std::vector<int> seen(names.size(), 0);
  for (auto& line : lines("op")) {
    std::string name, file;
    double value = 0;
    std::size_t at = 0;
    line >> name >> file >> value >> at;
    const auto which = std::find(names.begin(), names.end(), name);
    if (which == names.end()) continue;
    ++seen[static_cast<std::size_t>(which - names.begin())];
#if !defined(CTP_HAVE_LIBJPEG)
    if (file.ends_with(".jpg")) continue;  // only libjpeg decodes the source as Pillow did
#endif
    CAPTURE(name);
    CAPTURE(file);
    CAPTURE(value);
    const ctp::data::Image image = ctp::data::decode_image(read(file), file);

    CHECK(run(name, image, value) == expected_image(at, image.width, image.height));
  }
  for (const int count : seen) CHECK(count > 0);
}

}  // namespace golden
