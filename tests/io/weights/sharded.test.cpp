#include <ctp/io/weights/sharded.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/io/weights/safetensors.hpp>

#include <io/scratch.hpp>
#include <io/weights/counting_reads.hpp>

namespace io = ctp::io;

namespace {

const std::string folder = std::string(CTP_GOLDEN_DIR) + "/torch/two_parts/";

/// Two files, a.safetensors with x and y and b.safetensors with z.
struct TwoParts {
  Scratch scratch;
  TwoParts() {
    write("a.safetensors", {"x", "y"}, {{"format", "pt"}, {"part", "1"}, {"only", "here"}});
    write("b.safetensors", {"z"}, {{"format", "pt"}, {"part", "2"}});
  }
  void write(const std::string& name, const std::vector<std::string>& names,
             const std::map<std::string, std::string>& metadata) const {
    ctp::TensorFile file;
    float value = 0;
    for (const std::string& tensor : names) file.tensors.push_back(ctp::make_named(tensor, {1}, std::vector{++value}));
    file.metadata = metadata;
    io::write_safetensors(scratch / name, file);
  }
  [[nodiscard]] io::WeightSource open(const std::string& index) const {
    put(scratch / "index.json", index);
    return io::open_sharded(scratch / "index.json", io::open_safetensors);
  }
  [[nodiscard]] std::string problem(const std::string& index) const {
    return message_of([&] { (void)open(index); });
  }
};

const std::string good =
    R"({"metadata": {"total_size": 12}, "weight_map": {"z": "b.safetensors", "x": "a.safetensors", "y": "a.safetensors"}})";

}  // namespace

TEST_CASE("sharded: two files of the reference library and their index are one file") {
  const ctp::TensorFile expected = io::read_safetensors(std::string(CTP_GOLDEN_DIR) + "/torch/expected.safetensors");
  const ctp::TensorFile file =
      io::open_sharded(folder + "model.safetensors.index.json", io::open_safetensors).read_all();
  REQUIRE(file.tensors.size() == expected.tensors.size());
  for (const ctp::NamedTensor& tensor : expected.tensors) {
    CAPTURE(tensor.name);
    CHECK(file.at(tensor.name).dtype == tensor.dtype);
    CHECK(file.at(tensor.name).shape == tensor.shape);
    CHECK(file.at(tensor.name).bytes == tensor.bytes);
  }
  CHECK(file.metadata == std::map<std::string, std::string>{{"format", "pt"}});
  CHECK(file.origin == folder + "model.safetensors.index.json");
}

TEST_CASE("sharded: files come in the order of their names, with the metadata that all have") {
  const TwoParts parts;
  const io::WeightSource source = parts.open(good);
  REQUIRE(source.tensors().size() == 3);
  CHECK(source.tensors()[2].name == "z");
  CHECK(source.metadata() == std::map<std::string, std::string>{{"format", "pt"}});
  CHECK(source.format() == "weights in 2 files");
  CHECK(source.read(1).as_floats() == std::vector<float>{2});
  CHECK(source.read(2).as_floats() == std::vector<float>{1});
}

TEST_CASE("sharded: an index that is none, or that leads out of its folder, is refused by name") {
  const TwoParts parts;
  const auto refused = [&](const std::string& index, const std::string& part) {
    CAPTURE(index);
    CountingReads files;
    const io::UseFileSystem use(files);
    const std::string message = parts.problem(index);
    CAPTURE(message);
    CHECK(message.starts_with("3: " + parts.scratch / "index.json"));
    CHECK(message.find(part) != std::string::npos);
    for (const std::string& path : files.opened) CHECK(io::directory_of(path) == parts.scratch.path);
  };
  const auto one = [](const std::string& file) { return R"({"weight_map": {"x": )" + file + "}}"; };
  refused("", "expected");
  refused("{", "expected");
  refused("[]", "expected an object");
  refused("{}", "expected the key \"weight_map\"");
  refused(R"({"weight_map": []})", "expected an object");
  refused(R"({"weight_map": {}})", "expected at least one tensor, found none");
  refused(R"({"weight_map": {"x": "a.safetensors", "x": "b.safetensors"}})", "x");
  refused(R"({"weight_map": {"x": "a.safetensors"}, "weight_map": {"z": "b.safetensors"}})", "weight_map");
  refused(one("5"), "expected a string");
  refused(one("null"), "expected a string");
  refused(one(R"(["a.safetensors"])"), "expected a string");
  for (const char* name : {"", ".", "..", "../a.safetensors", "/etc/passwd", "sub/a.safetensors", "a\\\\b", ".hidden",
                           "a\\u0000b", "a\\nb"}) {
    CAPTURE(name);
    refused(one('"' + std::string(name) + '"'), "weight_map.x: expected the name of a file beside the index");
  }
  std::string many = R"({"weight_map": {)";
  for (int i = 0; i <= 256; ++i) {
    const std::string number = std::to_string(i);
    many += (i == 0 ? "\"t" : ", \"t") + number + "\": \"f" + number + '"';
  }
  refused(many + "}}", "expected at most 256 files");
}

TEST_CASE("sharded: an index and files of two versions are refused") {
  const TwoParts parts;
  const std::string index = "3: " + parts.scratch / "index.json" + ": weight_map: tensor ";
  const std::string remedy = "; fetch the index and all its files again, of one version";
  CHECK(parts.problem(R"({"weight_map": {"x": "a.safetensors"}})") == index + "\"y\": expected every tensor of " +
                                                                          parts.scratch / "a.safetensors" +
                                                                          ", found no such entry" + remedy);
  CHECK(parts.problem(R"({"weight_map": {"w": "b.safetensors", "z": "b.safetensors"}})") ==
        index + "\"w\": expected a tensor of " + parts.scratch / "b.safetensors" + ", found none with this name" +
            remedy);
  CHECK(parts.problem(R"({"weight_map": {"z": "c.safetensors"}})")
            .starts_with("3: " + parts.scratch / "c.safetensors: open"));
  put(parts.scratch / "b.safetensors", "cut");
  CHECK(parts.problem(good).starts_with("3: " + parts.scratch / "b.safetensors"));
}

TEST_CASE("sharded: an index that ends at any other byte is refused") {
  const TwoParts parts;
  for (std::size_t n = 0; n < good.size(); ++n) {
    CAPTURE(n);
    CHECK_THROWS_AS((void)parts.open(good.substr(0, n)), ctp::DataError);
  }
}

TEST_CASE("sharded: a file that changes after it was opened is refused") {
  const TwoParts parts;
  const io::WeightSource source = parts.open(good);
  put(parts.scratch / "b.safetensors", get(parts.scratch / "b.safetensors") + "x");
  CHECK_THROWS_AS((void)source.read_all(), ctp::DataError);
}
