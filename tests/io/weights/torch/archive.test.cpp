#include <ctp/io/weights/torch/archive.hpp>

#include <string>

#include <doctest/doctest.h>

#include <io/scratch.hpp>
#include <io/weights/counting_reads.hpp>
#include <io/weights/hex_lines.hpp>
#include <io/weights/torch/bad_files.hpp>
#include <io/weights/torch/golden_tensors.hpp>

namespace io = ctp::io;

TEST_CASE("archive: archives of two versions of PyTorch have its tensors, bit by bit") {
  for (const char* name : {"v1.13_zip.pth", "v1.13_protocol4.pth", "v1.13_training.pth", "v2.15_zip.pth",
                           "v2.15_protocol4.pth", "v2.15_training.pth"}) {
    CAPTURE(name);
    check_as_golden(io::torch::open_torch_archive(torch_golden + name).read_all());
  }
}

TEST_CASE("archive: opening reads no tensor, and reading one reads its storage alone") {
  CountingReads files;
  const io::UseFileSystem use(files);
  const std::string path = torch_golden + "v2.15_zip.pth";
  const io::WeightSource source = io::torch::open_torch_archive(path);
  const std::uint64_t opened = files.bytes;
  std::size_t index = 0;
  while (source.tensors()[index].name != "base.transposed") ++index;
  CHECK(source.read(index).as_floats()[1] == -4.0F / 7);  // element 6 of the base: (6 - 10) / 7
  CHECK(files.bytes - opened == 120);
  CHECK(files.opened == std::vector<std::string>{path});
  CHECK(source.format() == "PyTorch archive");
}

TEST_CASE("archive: each malicious or damaged file is refused by its rule, and nothing else is opened") {
  CHECK(check_bad_files("bad_archives.txt", [](const auto& path) { (void)io::torch::open_torch_archive(path); }) == 67);
}

TEST_CASE("archive: a good small archive is read value by value") {
  const Scratch scratch;
  put(scratch / "f", hex_lines(torch_golden + "bad_archives.txt").front().bytes);
  const ctp::TensorFile file = io::torch::open_torch_archive(scratch / "f").read_all();
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.at("a").as_floats() == std::vector<float>{1, -2, 3.5F, 0});
}

TEST_CASE("archive: a message names file, place, rule, expected, found and remedy") {
  const Scratch scratch;
  for (const auto& [rule, name, bytes] : hex_lines(torch_golden + "bad_archives.txt")) {
    if (name != "too short") continue;
    put(scratch / "f", bytes);
    CHECK(message_of([&] { (void)io::torch::open_torch_archive(scratch / "f"); }) ==
          "3: " + scratch / "f" +
              ": storage \"0\": rule 'storages': expected 4 elements of F32, found 12 bytes; the "
              "file is damaged or was not written by torch.save(): write it again");
  }
}

TEST_CASE("archive: a file of PyTorch that ends at any other byte, or has another bit in its pickle, does no harm") {
  const Scratch scratch;
  const std::string bytes = get(torch_golden + "v2.15_zip.pth");
  for (std::size_t n = 0; n < bytes.size(); n += n < 200 || n + 200 > bytes.size() ? 1 : 37) {
    CAPTURE(n);
    put(scratch / "f", bytes.substr(0, n));
    CHECK_THROWS_AS((void)io::torch::open_torch_archive(scratch / "f"), ctp::DataError);
  }
  for (std::size_t n = 64; n < 2500; ++n) {
    std::string changed = bytes;
    changed[n] = static_cast<char>(changed[n] ^ (1 << (n % 8)));
    put(scratch / "f", changed);
    try {  // most are refused; where only a name or a value changed the file is another good one
      (void)io::torch::open_torch_archive(scratch / "f").read_all();
    } catch (const ctp::DataError&) {
    }
  }
}
