#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>
#include <io/weights/counting_reads.hpp>
#include <io/weights/hex_lines.hpp>
#include <io/weights/torch/golden_tensors.hpp>

/// Opens each file of the golden list `list` by open(path): each is refused by its rule (or by none), with a remedy,
/// and without another file being opened or more being read than a few times the file. Returns how many are refused.
template <class Open>
std::size_t check_bad_files(const std::string& list, const Open& open) {
  const Scratch scratch;
  const std::string path = scratch / "f";
  std::size_t refused = 0;
  for (const auto& [rule, name, bytes] : hex_lines(torch_golden + list)) {
    CAPTURE(name);
    put(path, bytes);
    CountingReads files;
    const ctp::io::UseFileSystem use(files);
    const std::string message = message_of([&] { open(path); });
    CHECK(files.opened == std::vector<std::string>{path});
    CHECK(files.bytes <= 4 * bytes.size() + 4096);
    CAPTURE(message);
    if (rule == "none") {
      CHECK(message == "none");
      continue;
    }
    ++refused;
    CHECK(message.starts_with("3: " + path + ": "));
    CHECK(message.find("rule '" + rule + "': expected ") != std::string::npos);
    CHECK(message.find("; ") != std::string::npos);
  }
  return refused;
}
