#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/interop/features.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "data/temporary_folder.hpp"

namespace {

ctp::TensorFile file_of(const char* name, std::vector<std::int64_t> shape, const std::vector<float>& values) {
  ctp::TensorFile file;
  file.tensors.push_back(ctp::make_named(name, std::move(shape), std::span<const float>(values)));
  return file;
}

}  // namespace

TEST_CASE("features: a safetensors file gives back the features, kind by kind") {
  ctp::ExtractedFeatures features;
  features.pairs = 2;
  features.embed = 3;
  features.width = 1;
  features.image = {1, 0, 0, 0, 1, 0};
  features.text = {0, 0, 1, 0.6F, 0.8F, 0};
  features.fusion = {1, -1};
  const test::TemporaryFolder folder;
  ctp::io::write_safetensors(folder.path("f.safetensors"), ctp::interop::features_file(features));
  const ctp::TensorFile file = ctp::io::read_safetensors(folder.path("f.safetensors"));
  CHECK(file.at("text").shape == std::vector<std::int64_t>{2, 3});
  CHECK(file.at("fusion").shape == std::vector<std::int64_t>{2, 1});
  const ctp::ExtractedFeatures back = ctp::interop::features_of(file);
  CHECK(back.pairs == 2);
  CHECK(back.embed == 3);
  CHECK(back.width == 1);
  CHECK(back.image == features.image);
  CHECK(back.text == features.text);
  CHECK(back.fusion == features.fusion);
  features.fusion.clear();
  CHECK(ctp::interop::features_file(features).find("fusion") == nullptr);
}

TEST_CASE("features: tensors that contradict each other are refused by name") {
  ctp::TensorFile file = file_of("image", {2, 2}, {1, 0, 0, 1});
  file.tensors.push_back(file_of("text", {1, 2}, {1, 0}).tensors.front());
  CHECK_THROWS_WITH_AS(ctp::interop::features_of(file),
                       doctest::Contains("tensor text: expected 2 rows as in the other tensors, found [1,2]"),
                       ctp::DataError);
  file.tensors.back() = file_of("text", {2, 1}, {1, 0}).tensors.front();
  CHECK_THROWS_WITH_AS(ctp::interop::features_of(file), doctest::Contains("tensor text: expected 2 columns"),
                       ctp::DataError);
  CHECK_THROWS_WITH_AS(ctp::interop::features_of(file_of("image", {4}, {1, 0, 0, 1})),
                       doctest::Contains("tensor image: expected a matrix"), ctp::DataError);
  CHECK_THROWS_WITH_AS(ctp::interop::features_of(file_of("temp", {1}, {1})),
                       doctest::Contains("expected at least one of them, found 1 others"), ctp::DataError);
}
