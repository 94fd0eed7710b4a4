#include <ctp/io/weights/open_weights.hpp>

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include <ctp/io/weights/safetensors.hpp>

#include <io/scratch.hpp>
#include <io/weights/counting_reads.hpp>
#include <io/weights/hex_lines.hpp>

namespace io = ctp::io;

namespace {

const std::string golden = std::string(CTP_GOLDEN_DIR) + "/torch/";

}  // namespace

TEST_CASE("open_weights: every format gives the same tensors, whatever the name of the file says") {
  const Scratch scratch;
  const ctp::TensorFile expected = io::read_safetensors(golden + "expected.safetensors");
  const auto check = [&](const std::string& path, const std::string& format) {
    CAPTURE(path);
    CHECK(io::open_weights(path).format() == format);
    const ctp::TensorFile file = io::read_weight_file(path);
    REQUIRE(file.tensors.size() == expected.tensors.size());
    for (const ctp::NamedTensor& tensor : expected.tensors) {
      const ctp::NamedTensor& found = file.at(tensor.name);
      CHECK((found.dtype == tensor.dtype && found.shape == tensor.shape && found.bytes == tensor.bytes));
    }
  };
  const auto renamed = [&](const std::string& from, const char* to) {
    std::filesystem::copy_file(golden + from, scratch / to);
    return scratch / to;
  };
  check(golden + "expected.safetensors", "safetensors");
  check(golden + "two_parts/model.safetensors.index.json", "weights in 2 files");
  check(golden + "v2.15_zip.pth", "PyTorch archive");
  check(golden + "v1.13_legacy.pth", "PyTorch file of the old format");
  check(golden + "v1.13_legacy_protocol4.pth", "PyTorch file of the old format");
  check(renamed("expected.safetensors", "w.pth"), "safetensors");
  check(renamed("v2.15_zip.pth", "w.safetensors"), "PyTorch archive");
  check(renamed("v2.15_legacy.pth", "model.bin"), "PyTorch file of the old format");
  std::filesystem::copy(golden + "two_parts", scratch / "parts");
  std::filesystem::rename(scratch / "parts/model.safetensors.index.json", scratch / "parts/index");
  check(scratch / "parts/index", "weights in 2 files");
}

TEST_CASE("open_weights: only the tensors that are wanted are read") {
  for (const char* name :
       {"expected.safetensors", "v2.15_zip.pth", "v2.15_legacy.pth", "two_parts/model.safetensors.index.json"}) {
    CAPTURE(name);
    CountingReads files;
    const io::UseFileSystem use(files);
    const io::WeightSource source = io::open_weights(golden + name);
    const std::uint64_t opened = files.bytes;
    CHECK(source.read_all([](std::string_view tensor) { return tensor == "bf16"; }).tensors.size() == 1);
    CHECK(files.bytes - opened == 24);
  }
}

TEST_CASE("open_weights: the files of an index may be of any format, but no index") {
  const Scratch scratch;
  std::string map;
  const io::WeightSource archive = io::open_weights(golden + "v2.15_zip.pth");
  for (const io::StoredTensor& tensor : archive.tensors())
    map += (map.empty() ? "\"" : ", \"") + tensor.name + "\": \"w.bin\"";
  std::filesystem::copy_file(golden + "v2.15_zip.pth", scratch / "w.bin");
  put(scratch / "index.json", "{\"weight_map\": {" + map + "}}");
  CHECK(io::read_weight_file(scratch / "index.json").tensors.size() == 31);
  put(scratch / "outer.json", R"({"weight_map": {"a": "index.json"}})");
  CHECK(message_of([&] {
          (void)io::open_weights(scratch / "outer.json");
        }).find("found the index of weights in several files") != std::string::npos);
}

TEST_CASE("open_weights: an index is recognised though its metadata stand in front and are long") {
  const Scratch scratch;
  put(scratch / "index.json",
      "{\"metadata\": {\"note\": \"" + std::string(60'000, 'n') + "\"}, \"weight_map\": {\"a\": \"w\"}}");
  CHECK(message_of([&] {
          (void)io::open_weights(scratch / "index.json");
        }).starts_with("3: " + scratch / "w" + ": open"));
}

TEST_CASE("open_weights: no malicious or damaged file is read, and files of other formats are named") {
  const Scratch scratch;
  std::size_t refused = 0;
  for (const char* list : {"bad_archives.txt", "bad_legacy.txt", "bad_pickles.txt"})
    for (const auto& [rule, name, bytes] : hex_lines(golden + list)) {
      CAPTURE(name);
      put(scratch / "f", bytes);
      if (rule == "none" && list != std::string("bad_pickles.txt")) continue;
      ++refused;
      CHECK_THROWS_AS((void)io::open_weights(scratch / "f"), ctp::DataError);  // a bare pickle is no weight file
    }
  CHECK(refused == 256);
  put(scratch / "f", "GGUF\x03");
  CHECK(message_of([&] { (void)io::open_weights(scratch / "f"); }).find("found a GGUF or GGML file") !=
        std::string::npos);
  put(scratch / "f", "PK\x03\x04" + std::string(22, '\0') + std::string("\x0B\0\0\0", 4) + "weights.npy");
  CHECK(message_of([&] { (void)io::open_weights(scratch / "f"); }).find("found an archive of NumPy") !=
        std::string::npos);
  // PyTorch names the folder in its archives after the file: here model.npy.pth.
  std::string archive = hex_lines(golden + "bad_archives.txt").front().bytes;
  for (std::size_t at = 0; (at = archive.find("a/data", at)) != archive.npos; ++at) archive.replace(at, 6, "a/.npy");
  put(scratch / "f", archive);
  CHECK(message_of([&] { (void)io::open_weights(scratch / "f"); }).find("rule 'data.pkl'") != std::string::npos);
  // The length of its header begins as a zip archive does.
  put(scratch / "f", "PK\x03\x04" + std::string(4, '\0') + "{}");
  CHECK(message_of([&] { (void)io::open_weights(scratch / "f"); }).find("header length") != std::string::npos);
  CHECK(message_of([&] { (void)io::open_weights(scratch / "missing"); }) ==
        "3: " + scratch / "missing" +
            ": open: expected a readable file, found No such file or directory; check the path");
}
