#include <ctp/io/weights/joined.hpp>

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/io/weights/open_weights.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include <io/scratch.hpp>

namespace io = ctp::io;

namespace {

std::string write(const Scratch& scratch, const std::string& file, const std::vector<std::string>& names) {
  ctp::TensorFile weights;
  float value = 0;
  for (const std::string& name : names) weights.tensors.push_back(ctp::make_named(name, {1}, std::vector{++value}));
  weights.metadata["config"] = "{}";
  io::write_safetensors(scratch / file, weights);
  return scratch / file;
}
io::WeightSource joined(const std::vector<std::string>& files) {
  std::vector<io::WeightSource> sources;
  for (const std::string& file : files) sources.push_back(io::open_weights(file));
  return io::join_sources(std::move(sources));
}

}  // namespace

TEST_CASE("joined: the tensors of several files are those of one source, file by file") {
  const Scratch scratch;
  const std::string a = write(scratch, "a", {"x", "y"}), b = write(scratch, "b", {"z"});
  const io::WeightSource source = joined({b, a});
  CHECK(source.origin() == b + "," + a);
  CHECK(source.format() == "weights in 2 files");
  CHECK(source.metadata().empty());
  const ctp::TensorFile file = source.read_all();
  REQUIRE(file.tensors.size() == 3);
  CHECK(file.tensors[0].name == "z");
  CHECK(file.at("y").as_floats() == std::vector<float>{2});
  CHECK(joined({a}).metadata().contains("config"));
}

TEST_CASE("joined: one name in two files is an error that names both") {
  const Scratch scratch;
  const std::string a = write(scratch, "a", {"x", "y"}), b = write(scratch, "b", {"z", "y"});
  CHECK(message_of([&] { (void)joined({a, b}); }) ==
        "3: " + b + ": tensor \"y\": expected a tensor that no other file has, found one in " + a +
            ", too; give one of the two files, or remove the tensor from one");
}
