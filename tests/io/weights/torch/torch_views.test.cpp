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
  data.containers.push_back({{{PickleKind::Text, 1, 0}, {PickleKind::Tensor, 0, 0}}, 1, false, true});
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
                        "tensor \"a\"; in Python, save {name: tensor.contiguous() ") != std::string::npos);
}

TEST_CASE("torch_views: what is read between the elements of tensors has a bound of its own") {
  const Scratch scratch;
  put(scratch / "f", "0123456789");
  const auto problem = [&](std::size_t names, const io::torch::View& view) {
    io::torch::PickleData data = one_tensor(view);
    data.bytes = std::string(names, 'a');
    data.containers[0].items.clear();
    for (std::size_t i = 0; i < names; ++i) {  // the names a, aa, aaa ...
      data.containers[0].items.push_back({PickleKind::Text, static_cast<std::uint32_t>(i + 1), 0});
      data.containers[0].items.push_back({PickleKind::Tensor, 0, 0});
    }
    return message_of([&] {
      (void)io::torch::source_of(std::make_unique<const io::InputFile>(scratch / "f"), data, "data", {0}, "format");
    });
  };
  const io::torch::View ends{0, {2}, {9}}, beginning{0, {2}, {1}};
  CHECK(problem(20, beginning) == "none");
  CHECK(problem(20, ends) == "none");
  put(scratch / "f", "0123456789" + std::string(10, 'x'));
  CHECK(problem(40, ends) == "none");
  put(scratch / "f", "0");
  CHECK(problem(7, {0, {0}, {1}}) == "none");
  CHECK(problem(1, {0, {2}, {63}}) == "none");
  CHECK(
      problem(1, {0, {2}, {64}})
          .find("rule 'copies': expected tensors with gaps, read with the gaps, of at most 64 times the 1 bytes of the "
                "file, found more with tensor \"a\"; in Python, save {name: tensor.contiguous() ") !=
      std::string::npos);
  CHECK(problem(2, {0, {2}, {32}}).find("with tensor \"aa\"; in Python, save ") != std::string::npos);
}

TEST_CASE("torch_views: a file that has another size than at its opening is refused") {
  const Scratch scratch;
  put(scratch / "f", "0123456789");
  const io::WeightSource source = io::torch::source_of(std::make_unique<const io::InputFile>(scratch / "f"),
                                                       one_tensor({0, {2}, {1}}), "data", {0}, "format");
  put(scratch / "f", "0123456789 and more");
  CHECK_THROWS_AS((void)source.read_all(), ctp::DataError);
}
