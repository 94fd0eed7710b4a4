// Expected results of tests/golden/images/alpha: pictures with transparency, and formats beside JPEG and PNG.
#pragma once

#include <cstddef>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <ctp/data/image/image.hpp>

#include <data/golden_images.hpp>

namespace golden {

/// A picture file with what Pillow makes of it.
struct AlphaCase {
  std::string name;
  std::vector<std::byte> file;
  bool transparent = false;
  ctp::data::Image rgb, on_white, on_black, on_77;
};

/// The cases whose names end with `ending`, for example ".png".
inline std::vector<AlphaCase> alpha_cases(const std::string& ending) {
  const std::vector<std::byte> all = read("alpha/expected.bin");
  std::ifstream in(CTP_GOLDEN_DIR "/images/alpha/index.txt");
  std::vector<AlphaCase> cases;
  std::string name;
  int width = 0, height = 0, transparent = 0;
  std::size_t at = 0;
  while (in >> name >> width >> height >> transparent >> at) {
    if (!name.ends_with(ending)) continue;
    AlphaCase& added = cases.emplace_back();
    added.name = name;
    added.file = read("alpha/" + name);
    added.transparent = transparent != 0;
    for (auto* image : {&added.rgb, &added.on_white, &added.on_black, &added.on_77}) {
      *image = ctp::data::Image(width, height);
      std::memcpy(image->rgb.data(), all.data() + at, image->rgb.size());
      at += image->rgb.size();
    }
  }
  if (cases.empty()) throw std::runtime_error("no case " + ending);
  return cases;
}

}  // namespace golden
