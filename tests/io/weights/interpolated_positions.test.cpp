#include <ctp/io/weights/interpolated_positions.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/io/weights/safetensors.hpp>

#include <io/scratch.hpp>

namespace {

using ctp::io::interpolated_positions;
using Shape = std::vector<std::int64_t>;

/// A table with these numbers of positions and of features, all numbers `value`.
ctp::NamedTensor table(std::int64_t positions, std::int64_t width, float value = 0.5F) {
  const std::vector<float> values(static_cast<std::size_t>(positions * width), value);
  return ctp::make_named("pos_embed", {1, positions, width}, std::span<const float>(values));
}
std::string refusal(const ctp::NamedTensor& tensor, int side = 3) {
  return message_of([&] { (void)interpolated_positions(tensor, side, "w.pth"); });
}

}  // namespace

TEST_CASE("interpolated_positions: timm's resample_abs_pos_embed, for larger, smaller and odd grids") {
  const ctp::TensorFile golden =
      ctp::io::read_safetensors(std::string(CTP_GOLDEN_DIR) + "/published/positions.safetensors");
  int compared = 0;
  for (const ctp::NamedTensor& expected : golden.tensors) {
    const std::size_t to = expected.name.find("_to_");
    if (to == std::string::npos) continue;
    CAPTURE(expected.name);
    const ctp::NamedTensor& from = golden.at(expected.name.substr(0, to));
    const ctp::NamedTensor found = interpolated_positions(from, std::stoi(expected.name.substr(to + 4)));
    CHECK(found.name == from.name);
    CHECK(found.dtype == ctp::DType::F32);
    REQUIRE(found.shape == expected.shape);
    const std::vector<float> ours = found.as_floats(), theirs = expected.as_floats();
    double most = 0;
    for (std::size_t i = 0; i < ours.size(); ++i)
      most = std::max(most, std::abs(static_cast<double>(ours[i]) - static_cast<double>(theirs[i])));
    CHECK(most < 1e-5);
    const auto width = static_cast<std::ptrdiff_t>(from.shape[2]);
    const std::vector<float> stored = from.as_floats();
    CHECK(std::equal(stored.begin(), stored.begin() + width, ours.begin()));  // the class token
    ++compared;
  }
  CHECK(compared == 11);
}

TEST_CASE("interpolated_positions: the table's own grid is returned to the bit, in its type") {
  ctp::NamedTensor odd{"pos_embed", ctp::DType::BF16, {1, 5, 2}, {}};
  for (std::size_t i = 0; i < 20; ++i) odd.bytes.push_back(static_cast<std::byte>(7 * i));
  const ctp::NamedTensor same = interpolated_positions(odd, 2);
  CHECK(same.dtype == ctp::DType::BF16);
  CHECK(same.shape == odd.shape);
  CHECK(same.bytes == odd.bytes);
}

TEST_CASE("interpolated_positions: a constant table stays constant, whatever its type") {
  for (const int side : {1, 2, 3, 7, 13, 40}) {
    const ctp::NamedTensor found = interpolated_positions(table(1 + 6 * 6, 3), side);
    CHECK(found.shape == Shape{1, 1 + side * side, 3});
    for (const float value : found.as_floats()) CHECK(std::abs(value - 0.5F) < 1e-7F);
  }
  const std::vector<double> doubles(15, 0.25);
  const ctp::NamedTensor wide = ctp::make_named("p", {1, 5, 3}, std::span<const double>(doubles));
  const ctp::NamedTensor found = interpolated_positions(wide, 4);
  CHECK(found.dtype == ctp::DType::F32);
  for (const float value : found.as_floats()) CHECK(std::abs(value - 0.25F) < 1e-7F);
  for (const auto& [type, high] : {std::pair{ctp::DType::F16, 0x38}, {ctp::DType::BF16, 0x3F}}) {  // 0.5 in each
    ctp::NamedTensor half{"p", type, {1, 5, 3}, {}};
    for (int i = 0; i < 15; ++i) {
      half.bytes.push_back(std::byte{0});
      half.bytes.push_back(static_cast<std::byte>(high));
    }
    const ctp::NamedTensor single = interpolated_positions(half, 4);
    CHECK(single.dtype == ctp::DType::F32);
    for (const float value : single.as_floats()) CHECK(std::abs(value - 0.5F) < 1e-7F);
  }
}

TEST_CASE("interpolated_positions: rows of the grid stay rows") {
  ctp::NamedTensor rows = table(5, 1);
  rows = ctp::make_named("p", {1, 5, 1}, std::vector{9.0F, 1.0F, 1.0F, 2.0F, 2.0F});  // class token, then 2 x 2
  const std::vector<float> found = interpolated_positions(rows, 4).as_floats();
  CHECK(found[0] == 9.0F);
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 1; x < 4; ++x) CHECK(std::abs(found[1 + 4 * y + x] - found[1 + 4 * y]) < 1e-6F);
  CHECK(found[1] < found[5]);
  CHECK(found[5] < found[9]);
}

TEST_CASE("interpolated_positions: tables of no square grid, without numbers, and sides of no model are refused") {
  const std::string expected =
      "3: w.pth: tensor \"pos_embed\": expected shape [1, 1 + g * g, width]: a class token and "
      "the patches of a square picture, found [1,";
  CHECK(refusal(table(6, 2)).starts_with(expected + "6,2]; positions of other grids are not interpolated"));
  CHECK(refusal(table(6, 2), 2).starts_with(expected));
  CHECK(refusal(table(1, 2)).starts_with(expected));
  CHECK(refusal(table(5, 0)).starts_with(expected));
  for (const Shape& shape : {Shape{5, 2}, Shape{2, 5, 1}, Shape{1, 5, 2, 1}, Shape{}}) {
    ctp::NamedTensor other = table(5, 2);
    other.shape = shape;
    CHECK(refusal(other).find("expected shape [1, 1 + g * g, width]") != std::string::npos);
  }
  ctp::NamedTensor whole = ctp::make_named("pos_embed", {1, 5, 1}, std::vector<std::int64_t>(5));
  CHECK(refusal(whole) ==
        "3: w.pth: tensor \"pos_embed\": expected one of the types F64 F32 F16 BF16, found I64; store these weights in "
        "one of those types");
  CHECK(refusal(whole, 2) == refusal(whole));
  const std::vector<double> large(5, 1e300);
  CHECK(refusal(ctp::make_named("pos_embed", {1, 5, 1}, std::span<const double>(large)))
            .find("expected values that a float can hold, found 1000000") != std::string::npos);
  ctp::NamedTensor cut = table(5, 2);
  cut.bytes.pop_back();
  CHECK(refusal(cut).find("expected 10 elements of F32") != std::string::npos);
  for (const int side : {0, -1, 65537})
    CHECK(refusal(table(5, 2), side).find("side: expected from 1 to 65536 patches, found ") != std::string::npos);
}

TEST_CASE("interpolated_positions: numbers of positions with a square grid") {
  CHECK(ctp::io::side_of_grid(2) == 1);
  CHECK(ctp::io::side_of_grid(197) == 14);
  CHECK(ctp::io::side_of_grid(577) == 24);
  CHECK(ctp::io::side_of_grid(1 + std::int64_t{46340} * 46340) == 46340);
  for (const std::int64_t none :
       {std::int64_t{0}, std::int64_t{-3}, std::int64_t{1}, std::int64_t{196}, std::int64_t{198},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
    CHECK_FALSE(ctp::io::side_of_grid(none).has_value());
}
