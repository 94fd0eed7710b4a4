// From files to features: the features that evaluate writes equal the executable specification's on Pillow's pixels and
// BertTokenizer's ids (tests/golden/features, made by make.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <ctp/io/weights/safetensors.hpp>

#include "programs/program.hpp"

namespace {

const std::string golden = std::string(CTP_GOLDEN_DIR) + "/features";

/// stb_image rounds differently from libjpeg, so without it pixels are equal within a bound only.
#if defined(CTP_HAVE_LIBJPEG) && defined(CTP_HAVE_LIBPNG)
constexpr double limit = 1e-4;
#else
constexpr double limit = 1e-1;
#endif

ctp::TensorFile features(const std::string& data, const std::vector<std::string>& more) {
  const test::TemporaryFolder folder;
  const std::string file = folder.path("features.safetensors");
  std::vector<std::string> words{"--data", data, "--weights", golden + "/weights.safetensors", "--features", file};
  words.insert(words.end(), {"--max-words", "12"});
  words.insert(words.end(), more.begin(), more.end());
  const auto run = test::run_program("evaluate", words);
  REQUIRE_MESSAGE(run.code == 0, run.err);
  return ctp::io::read_safetensors(file);
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

}  // namespace

TEST_CASE("programs: evaluate writes the features of the specification, in file order") {
  const ctp::TensorFile expected = ctp::io::read_safetensors(golden + "/expected.safetensors");
  // Seven pairs: one batch, and three batches of which the last is not full.
  for (const std::string& batch : std::vector<std::string>{"64", "3"}) {
    CAPTURE(batch);
    const ctp::TensorFile found = features(golden + "/stream", {"--batch-size", batch});
    REQUIRE(found.tensors.size() == 3);
    for (const std::string& name : std::vector<std::string>{"image", "text", "fusion"}) {
      CAPTURE(name);
      CHECK(found.at(name).dtype == ctp::DType::F32);
      CHECK(found.at(name).shape == expected.at(name).shape);
      CHECK(distance(found.at(name).as_doubles(), expected.at(name).as_doubles()) < limit);
    }
  }
}

TEST_CASE("programs: weights that an index names give the same features, with the metadata of the file") {
  const test::TemporaryFolder folder;
  const std::string part = "model-00001-of-00001.safetensors";
  folder.write(part, test::read_whole(golden + "/weights.safetensors"));
  folder.write("vocab.txt", test::read_whole(golden + "/vocab.txt"));
  std::string map;
  for (const ctp::NamedTensor& tensor : ctp::io::read_safetensors(folder.path(part)).tensors)
    map += (map.empty() ? "\"" : ", \"") + tensor.name + "\": \"" + part + '"';
  const std::string index = folder.write("model.safetensors.index.json", "{\"weight_map\": {" + map + "}}");
  const auto run = test::run_program("evaluate", {"--data", golden + "/stream", "--weights", index, "--features",
                                                  folder.path("features.safetensors"), "--max-words", "12"});
  REQUIRE_MESSAGE(run.code == 0, run.err);
  const ctp::TensorFile expected = features(golden + "/stream", {});
  for (const ctp::NamedTensor& tensor : ctp::io::read_safetensors(folder.path("features.safetensors")).tensors)
    CHECK(tensor.bytes == expected.at(tensor.name).bytes);
}

TEST_CASE("programs: features have unit length") {
  const ctp::TensorFile found = features(golden + "/stream", {});
  for (const ctp::NamedTensor& tensor : found.tensors) {
    CAPTURE(tensor.name);
    const std::vector<double> values = tensor.as_doubles();
    const auto width = static_cast<std::size_t>(tensor.shape.at(1));
    for (std::size_t row = 0; row < values.size(); row += width) {
      double squares = 0;
      for (std::size_t j = 0; j < width; ++j) squares += values[row + j] * values[row + j];
      CHECK(squares == doctest::Approx(1).epsilon(1e-5));
    }
  }
}

TEST_CASE("programs: another picture or another title changes the features of its pair and of no other") {
  const test::TemporaryFolder folder;
  std::filesystem::copy(golden + "/stream", folder.path("stream"), std::filesystem::copy_options::recursive);
  folder.write("stream/gallery_images/105.jpg", test::read_whole(golden + "/stream/gallery_images/100.jpg"));
  std::string titles = test::read_whole(golden + "/stream/json/test.json");
  const std::string cup = "\"title\": \"cup\"";
  REQUIRE(test::has(titles, cup));
  folder.write("stream/json/test.json", titles.replace(titles.find(cup), cup.size(), "\"title\": \"tea\""));

  const ctp::TensorFile before = features(golden + "/stream", {}), after = features(folder.path("stream"), {});
  const auto changed = [&](const char* name) {
    const std::vector<double> a = before.at(name).as_doubles(), b = after.at(name).as_doubles();
    const std::size_t width = a.size() / 7;
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < 7; ++row)
      for (std::size_t j = row * width; j < (row + 1) * width; ++j)
        if (std::abs(a[j] - b[j]) > 1e-3 && (rows.empty() || rows.back() != row)) rows.push_back(row);
    return rows;
  };
  CHECK(changed("image") == std::vector<std::size_t>{1});  // 105 is the second record, 106 (the cup) the last
  CHECK(changed("text") == std::vector<std::size_t>{6});
  CHECK(changed("fusion") == std::vector<std::size_t>{1, 6});
}
