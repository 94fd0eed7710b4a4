// Expected results of tests/golden/images, and small helpers for pictures.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <ctp/data/image/image.hpp>

namespace golden {

inline std::vector<std::byte> read(const std::string& name) {
  std::ifstream in(CTP_GOLDEN_DIR "/images/" + name, std::ios::binary);
  if (!in) throw std::runtime_error("no golden file " + name);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

/// The lines of index.txt that begin with `kind`, each positioned behind that word.
inline std::vector<std::istringstream> lines(const std::string& kind) {
  std::ifstream in(CTP_GOLDEN_DIR "/images/index.txt");
  std::vector<std::istringstream> result;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == kind) result.push_back(std::move(words));
  }
  if (result.empty()) throw std::runtime_error("index.txt has no line '" + kind + "'");
  return result;
}

/// `count` bytes of expected.bin from `at` on.
inline std::vector<std::uint8_t> expected(std::size_t at, std::size_t count) {
  static const std::vector<std::byte> all = read("expected.bin");
  if (at + count > all.size()) throw std::runtime_error("expected.bin is too short");
  std::vector<std::uint8_t> part(count);
  std::memcpy(part.data(), all.data() + at, count);
  return part;
}

inline ctp::data::Image expected_image(std::size_t at, int width, int height) {
  ctp::data::Image image(width, height);
  image.rgb = expected(at, image.rgb.size());
  return image;
}

/// Largest difference of two bytes at the same place; 256 if the sizes differ.
inline int distance(const ctp::data::Image& a, const ctp::data::Image& b) {
  if (a.width != b.width || a.height != b.height) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) largest = std::max(largest, std::abs(int{a.rgb[i]} - int{b.rgb[i]}));
  return largest;
}

}  // namespace golden
