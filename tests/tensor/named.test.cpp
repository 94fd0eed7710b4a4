#include <ctp/tensor/named.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using ctp::DType;
using ctp::make_named;
using ctp::NamedTensor;

namespace {
template <class Value>
NamedTensor stored(DType dtype, const std::vector<Value>& values) {
  NamedTensor tensor{"t", dtype, {static_cast<std::int64_t>(values.size())}, {}};
  tensor.bytes.resize(values.size() * sizeof(Value));
  std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}
}  // namespace

static_assert(ctp::dtype_size(DType::BF16) == 2 && ctp::dtype_name(DType::Bool) == "BOOL");
static_assert(ctp::dtype_from_name("I64") == DType::I64 && !ctp::dtype_from_name("i64"));
static_assert(ctp::dtype_is_floating(DType::F16) && !ctp::dtype_is_floating(DType::U8));

TEST_CASE("named: half and bfloat numbers have the values of IEEE 754 and of the upper half of a float") {
  CHECK(ctp::float_from_half(0x0000) == 0.0F);
  CHECK(std::signbit(ctp::float_from_half(0x8000)));
  CHECK(ctp::float_from_half(0x0001) == 0x1p-24F);          // least subnormal
  CHECK(ctp::float_from_half(0x83FF) == -1023 * 0x1p-24F);  // greatest subnormal
  CHECK(ctp::float_from_half(0x0400) == 0x1p-14F);          // least normal
  CHECK(ctp::float_from_half(0x3C00) == 1.0F);
  CHECK(ctp::float_from_half(0x3555) == 0.333251953125F);
  CHECK(ctp::float_from_half(0x7BFF) == 65504.0F);
  CHECK(ctp::float_from_half(0xFC00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(ctp::float_from_half(0x7E00)));
  CHECK(ctp::float_from_bfloat(0x3F80) == 1.0F);
  CHECK(ctp::float_from_bfloat(0xC049) == -3.140625F);
}

TEST_CASE("named: values are converted from every floating-point or integer type") {
  CHECK(stored<double>(DType::F64, {1.5, -2}).as_floats() == std::vector<float>{1.5F, -2});
  CHECK(stored<float>(DType::F32, {0.1F}).as_doubles() == std::vector<double>{double{0.1F}});
  CHECK(stored<std::uint16_t>(DType::F16, {0xC100}).as_floats() == std::vector<float>{-2.5F});
  CHECK(stored<std::uint16_t>(DType::BF16, {0x3FC0}).as_doubles() == std::vector<double>{1.5});
  CHECK(stored<std::int64_t>(DType::I64, {INT64_MIN}).as_int64s() == std::vector<std::int64_t>{INT64_MIN});
  CHECK(stored<std::int32_t>(DType::I32, {-7}).as_int64s() == std::vector<std::int64_t>{-7});
  CHECK(stored<std::int16_t>(DType::I16, {-8}).as_int64s() == std::vector<std::int64_t>{-8});
  CHECK(stored<std::int8_t>(DType::I8, {-9}).as_int64s() == std::vector<std::int64_t>{-9});
  CHECK(stored<std::uint8_t>(DType::U8, {255}).as_int64s() == std::vector<std::int64_t>{255});
  CHECK(stored<std::uint8_t>(DType::Bool, {0, 1, 7}).as_int64s() == std::vector<std::int64_t>{0, 1, 1});
}

TEST_CASE("named: a conversion that would change values is refused with the name") {
  CHECK_THROWS_WITH_AS((void)stored<std::int64_t>(DType::I64, {1}).as_floats(),
                       R"(tensor "t": dtype: expected one of F64 F32 F16 BF16, found I64)", ctp::DataError);
  CHECK_THROWS_WITH_AS((void)stored<float>(DType::F32, {1}).as_int64s(),
                       R"(tensor "t": dtype: expected one of I64 I32 I16 I8 U8 BOOL, found F32)", ctp::DataError);
  CHECK_THROWS_AS((void)stored<double>(DType::F64, {1e300}).as_floats(), ctp::DataError);
  CHECK(std::isinf(stored<double>(DType::F64, {INFINITY}).as_floats().at(0)));
  CHECK(std::isnan(stored<float>(DType::F32, {NAN}).as_floats().at(0)));
}

TEST_CASE("named: shape and bytes must agree before values are read") {
  NamedTensor tensor = stored<float>(DType::F32, {1, 2, 3});
  tensor.shape = {2, 2};
  CHECK_THROWS_WITH_AS((void)tensor.as_floats(),
                       R"(tensor "t": bytes: expected 4 elements of F32 for shape [2,2], found 12 bytes)",
                       ctp::DataError);
  tensor.shape = {-3};
  CHECK_THROWS_AS((void)tensor.as_floats(), ctp::DataError);
  tensor.shape = {3};
  tensor.bytes.pop_back();
  CHECK_THROWS_AS((void)tensor.as_floats(), ctp::DataError);
  const std::vector<std::int64_t> overflow{4194305, 4194305, 211106198978564};  // 4, modulo 2^64
  CHECK(!ctp::checked_element_count(overflow));
  CHECK(ctp::checked_element_count({}) == 1);
}

TEST_CASE("named: copy_to fills a part of a larger vector and checks its length") {
  std::vector<float> theta(5, 9.0F);
  const NamedTensor tensor = make_named("t", {2}, std::vector<float>{1, 2});
  tensor.copy_to(std::span(theta).subspan(2, 2));
  CHECK(theta == std::vector<float>{9, 9, 1, 2, 9});
  CHECK_THROWS_AS(tensor.copy_to(std::span(theta)), ctp::ShapeError);
}

TEST_CASE("named: require_shape names both shapes") {
  const NamedTensor tensor = make_named("w", {2, 1}, std::vector<double>{1, 2});
  const std::vector<std::int64_t> same{2, 1}, other{1, 2};
  tensor.require_shape(same);
  CHECK_THROWS_WITH_AS(tensor.require_shape(other), R"(tensor "w": shape: expected [1,2], found [2,1])",
                       ctp::DataError);
}

TEST_CASE("named: make_named() stores the given values") {
  CHECK(make_named("a", {}, std::vector<double>{0.07}).as_doubles() == std::vector<double>{0.07});
  CHECK(make_named("a", {1, 2}, std::vector<std::int64_t>{-1, 1}).as_int64s() == std::vector<std::int64_t>{-1, 1});
  CHECK(make_named("a", {0, 3}, std::vector<float>{}).as_floats().empty());
  CHECK_THROWS_AS((void)make_named("a", {3}, std::vector<float>{1}), ctp::ShapeError);
}

TEST_CASE("named: a missing tensor is reported with the file") {
  ctp::TensorFile file;
  file.tensors.push_back(make_named("there", {1}, std::vector<float>{1}));
  file.origin = "w.safetensors";
  CHECK(file.find("there") == &file.tensors[0]);
  CHECK(file.find("missing") == nullptr);
  CHECK(file.at("there").as_floats().size() == 1);
  CHECK_THROWS_WITH_AS(
      (void)file.at("missing"),
      R"(w.safetensors: tensor "missing": expected a tensor with this name, found 1 tensors, none with this name)",
      ctp::DataError);
}

TEST_CASE("named: the bytes of a tensor count elements of less than 8 bits without gaps, and nothing wraps around") {
  using Shape = std::vector<std::int64_t>;
  CHECK(ctp::checked_byte_count(DType::U32, Shape{3, 2}) == 24);
  CHECK(ctp::checked_byte_count(DType::F8_E4M3, Shape{5}) == 5);
  CHECK(ctp::checked_byte_count(DType::C64, Shape{}) == 8);
  CHECK(ctp::checked_byte_count(DType::F4, Shape{2, 3}) == 3);
  CHECK(ctp::checked_byte_count(DType::F6_E2M3, Shape{4}) == 3);
  CHECK_FALSE(ctp::checked_byte_count(DType::F4, Shape{3}));
  CHECK_FALSE(ctp::checked_byte_count(DType::F64, Shape{std::int64_t{1} << 61}));
  CHECK_FALSE(ctp::checked_byte_count(DType::F32, Shape{-1}));
  CHECK(ctp::checked_byte_count(DType::F64, Shape{std::int64_t{1} << 60}) == std::uint64_t{1} << 63);
}

TEST_CASE("named: an index finds what a search of the list finds") {
  ctp::TensorFile file;
  for (const char* name : {"b", "a", "c.d", "c", "b"}) file.tensors.push_back({name, DType::U8, {0}, {}});
  const ctp::TensorIndex index(file.tensors);
  for (const char* name : {"a", "b", "c", "c.d", "d", ""}) CHECK(index.find(name) == file.find(name));
  CHECK(index.sorted().front()->name == "a");
  CHECK(ctp::TensorIndex({}).find("a") == nullptr);
}
