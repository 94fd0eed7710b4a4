#include <ctp/io/weights/torch/torch_views.hpp>

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <io/scratch.hpp>

namespace io = ctp::io;
using io::torch::PickleKind;

namespace {

/// The pickle {"a": a view of bytes 0 to 9 of one storage}.
io::torch::PickleData one_tensor(const io::torch::View& view) {
  io::torch::PickleData data;
  data.bytes = "a";
  data.storages.push_back({"0", ctp::DType::U8, 10});
  data.tensors.push_back({0, view});
  data.containers.push_back({{{PickleKind::Text, 1, 0}, {PickleKind::Tensor, 0, 0}}, 1, false});
  data.root = {PickleKind::Dict, 0, 0};
  return data;
}

}  // namespace

TEST_CASE("torch_views: a tensor is a view of a storage that begins at a byte of the file") {
  const Scratch scratch;
  put(scratch / "f", "xx0123456789");
  const io::WeightSource source = io::torch::source_of(std::make_unique<const io::InputFile>(scratch / "f"),
                                                       one_tensor({1, {2, 2}, {1, 3}}), "data", {2}, "format");
  const ctp::TensorFile file = source.read_all();
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.at("a").shape == std::vector<std::int64_t>{2, 2});
  CHECK(file.at("a").as_int64s() == std::vector<std::int64_t>{'1', '4', '2', '5'});
  CHECK(file.origin == scratch / "f");
}

TEST_CASE("torch_views: all tensors together have at most four times the bytes of the file") {
  const Scratch scratch;
  put(scratch / "f", "0123456789");
  const auto problem = [&](std::int64_t copies) {
    return message_of([&] {
      (void)io::torch::source_of(std::make_unique<const io::InputFile>(scratch / "f"),
                                 one_tensor({0, {copies, 10}, {0, 1}}), "data", {0}, "format");
    });
  };
  CHECK(problem(4) == "none");
  CHECK(problem(5).find("rule 'copies': expected tensors of at most 4 times the 10 bytes of the file, found more with "
                        "tensor \"a\"; save contiguous tensors") != std::string::npos);
}

TEST_CASE("torch_views: a file that has another size than at its opening is refused") {
  const Scratch scratch;
  put(scratch / "f", "0123456789");
  const io::WeightSource source = io::torch::source_of(std::make_unique<const io::InputFile>(scratch / "f"),
                                                       one_tensor({0, {2}, {1}}), "data", {0}, "format");
  put(scratch / "f", "0123456789 and more");
  CHECK_THROWS_AS((void)source.read_all(), ctp::DataError);
}
