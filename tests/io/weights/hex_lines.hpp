// Small files as lines of text: verdict, name and bytes in hexadecimal, separated by tabs.
#pragma once

#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

struct HexLine {
  std::string verdict, name, bytes;
};

inline std::vector<HexLine> hex_lines(const std::string& path) {
  std::vector<HexLine> lines;
  std::ifstream file(path);
  HexLine line;
  std::string hex;
  while (std::getline(file, line.verdict, '\t') && std::getline(file, line.name, '\t') && std::getline(file, hex)) {
    line.bytes.clear();
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      line.bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    lines.push_back(line);
  }
  if (lines.empty()) throw std::runtime_error(path + " has no lines");
  return lines;
}
