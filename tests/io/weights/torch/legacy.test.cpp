#include <ctp/io/weights/torch/legacy.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>
#include <io/weights/counting_reads.hpp>
#include <io/weights/hex_lines.hpp>
#include <io/weights/torch/bad_files.hpp>
#include <io/weights/torch/golden_tensors.hpp>

namespace io = ctp::io;

TEST_CASE("legacy: files of two versions of PyTorch in the old format have its tensors, bit by bit") {
  for (const char* name : {"v1.13_legacy.pth", "v1.13_legacy_protocol4.pth", "v1.13_nested_legacy.pth",
                           "v2.15_legacy.pth", "v2.15_legacy_protocol4.pth", "v2.15_nested_legacy.pth"}) {
    CAPTURE(name);
    CHECK(io::torch::begins_as_legacy(get(torch_golden + name)));
    check_as_golden(io::torch::open_torch_legacy(torch_golden + name).read_all());
  }
}

TEST_CASE("legacy: archives and other pickles do not begin as such a file") {
  CHECK_FALSE(io::torch::begins_as_legacy(get(torch_golden + "v2.15_zip.pth")));
  CHECK_FALSE(io::torch::begins_as_legacy("\x80\x02}."));
  CHECK_FALSE(io::torch::begins_as_legacy(""));
}

TEST_CASE("legacy: each malicious or damaged file is refused by its rule, and nothing else is opened") {
  CHECK(check_bad_files("bad_legacy.txt", [](const auto& path) { (void)io::torch::open_torch_legacy(path); }) == 28);
}

TEST_CASE("legacy: a refusal says what was found") {
  const Scratch scratch;
  const auto message = [&](const std::string& name) {
    for (const auto& line : hex_lines(torch_golden + "bad_legacy.txt"))
      if (line.name == name) put(scratch / "f", line.bytes);
    const std::string text = message_of([&] { (void)io::torch::open_torch_legacy(scratch / "f"); });
    return text.substr(text.find("rule"));
  };
  CHECK(message("1002").starts_with("rule 'version': expected 1001, found 1002; "));
  CHECK(message("a text as version").starts_with("rule 'version': expected 1001, found \"1001\"; "));
  CHECK(message("another magic number").find("found the bytes 6c fc 9c 46 f9 20 6a a8 50 1a, the lowest first; ") !=
        std::string::npos);
  CHECK(message("big") ==
        "rule 'byte order': expected a dict with little_endian True, found little_endian False; write it on a "
        "little-endian machine");
  CHECK(message("a key twice").starts_with("rule 'storages': expected every key once, found it twice; "));
  CHECK(message("another key").find("found one that no tensor names; ") != std::string::npos);
  CHECK(message("a version of more than 64 KiB").starts_with("rule 'size': expected a pickle of at most 65536 bytes"));
}

TEST_CASE("legacy: a file that ends at any other byte is refused") {
  const Scratch scratch;
  const std::string bytes = get(torch_golden + "v1.13_legacy.pth");
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    CAPTURE(n);
    put(scratch / "f", bytes.substr(0, n));
    CHECK_THROWS_AS((void)io::torch::open_torch_legacy(scratch / "f"), ctp::DataError);
  }
}
