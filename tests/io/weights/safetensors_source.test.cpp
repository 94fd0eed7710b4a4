#include <ctp/io/weights/safetensors_source.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/io/weights/safetensors.hpp>

#include <io/scratch.hpp>
#include <io/weights/counting_reads.hpp>

namespace io = ctp::io;

namespace {

std::string two_tensors(const Scratch& scratch) {
  ctp::TensorFile file;
  file.tensors.push_back(ctp::make_named("large", {1000}, std::vector<double>(1000, 2.5)));
  file.tensors.push_back(ctp::make_named("small", {2}, std::vector<float>{1, -1}));
  file.metadata["config"] = "{}";
  io::write_safetensors(scratch / "w", file);
  return scratch / "w";
}

}  // namespace

TEST_CASE("safetensors_source: names, types and shapes are there before a tensor is read") {
  const Scratch scratch;
  const std::string path = two_tensors(scratch);
  CountingReads files;
  const io::UseFileSystem use(files);
  const io::WeightSource source = io::open_safetensors(path);
  CHECK(files.bytes < 300);  // the header
  REQUIRE(source.tensors().size() == 2);
  CHECK(source.tensors()[0].name == "large");
  CHECK(source.tensors()[0].dtype == ctp::DType::F64);
  CHECK(source.tensors()[0].shape == std::vector<std::int64_t>{1000});
  CHECK(source.metadata().at("config") == "{}");
  CHECK(source.origin() == path);
  CHECK(source.format() == "safetensors");
  CHECK(source.read(1).as_floats() == std::vector<float>{1, -1});
  CHECK(files.bytes < 300);
  CHECK(source.read(0).as_doubles()[999] == 2.5);
  CHECK(files.bytes > 8000);
}

TEST_CASE("safetensors_source: a file that shrinks between opening and reading is refused") {
  const Scratch scratch;
  const std::string path = two_tensors(scratch);
  const io::WeightSource source = io::open_safetensors(path);
  put(path, "short");
  CHECK_THROWS_AS((void)source.read(0), ctp::DataError);
  CHECK_THROWS_AS((void)source.read_all(), ctp::DataError);
  CHECK_THROWS_AS((void)source.read_all([](std::string_view) { return false; }), ctp::DataError);
}
